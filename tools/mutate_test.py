"""tools/mutate.py: the switches that it writes, the data that it refuses, and how it counts."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import mutate
from mutate import Mutant, Stale


def a_mutant(name="one", original="a < b", mutated="a <= b", **more):
    return Mutant(**{"file": "x.cpp", "tests": ("x_test",), "name": name, "original": original,
                     "mutated": mutated, **more})


class RewriteTest(unittest.TestCase):
    def rewritten(self, text, *mutants, suffix=".cpp"):
        return mutate.rewrite(text, suffix, list(enumerate(mutants, 1)))

    def test_an_expression_becomes_a_choice(self):
        self.assertEqual(self.rewritten("if (a < b) f();", a_mutant()),
                         '#include "mutant.hpp"\n'
                         "if ((belfry_mutant() == 1 ? (a <= b) : (a < b))) f();")

    def test_a_statement_becomes_a_branch(self):
        gone = a_mutant(original="f();", mutated="", kind="statement")
        self.assertIn("{ if (belfry_mutant() == 1) {  } else { f(); } }", self.rewritten("{ f(); }", gone))

    def test_a_typescript_expression_asks_the_environment(self):
        text = self.rewritten("return a < b;", a_mutant(), suffix=".ts")
        self.assertEqual(text, 'return (process.env.BELFRY_MUTANT === "1" ? (a <= b) : (a < b));')

    def test_several_mutants_share_a_place(self):
        text = self.rewritten("x = a < b;", a_mutant(), a_mutant("two", mutated="true"))
        self.assertIn("(belfry_mutant() == 2 ? (true) : ((belfry_mutant() == 1 ? (a <= b) : (a < b))))",
                      text)

    def test_places_keep_their_order(self):
        text = self.rewritten("a < b; c;", a_mutant("late", original="c", mutated="d"), a_mutant())
        self.assertLess(text.index("== 2"), text.index("== 1"))

    def test_overlapping_places_are_refused(self):
        with self.assertRaisesRegex(Stale, "overlaps"):
            self.rewritten("a < b + c", a_mutant(), a_mutant("two", original="b + c"))

    @unittest.skipUnless(shutil.which("clang++-19"), "clang++-19 is not installed")
    def test_the_environment_chooses_when_a_program_starts(self):
        source = ("#include <cstdio>\nstatic int f(int a, int b) { int x = 0; x = 7; return a < b ? x : 0; }\n"
                  "int main() { std::printf(\"%d %d\", f(1, 2), f(2, 2)); }\n")
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        (folder / "mutant.hpp").write_text(mutate.header_text([]))
        (folder / "x.cpp").write_text(self.rewritten(
            source, a_mutant(), a_mutant("two", original="x = 7;", mutated="", kind="statement")))
        subprocess.run(["clang++-19", "-std=c++23", "x.cpp", "-o", "x"], cwd=folder, check=True)
        said = [subprocess.run(["./x"], cwd=folder, check=True, capture_output=True, text=True,
                               env={**os.environ, "BELFRY_MUTANT": number}).stdout
                for number in ("0", "1", "2", "3")]
        self.assertEqual(said, ["7 0", "7 7", "0 0", "7 0"])


class DataTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def read(self, *entries):
        whole = {"file": "x.cpp", "original": "a", "mutated": "b", "tests": ["x_test"]}
        (self.folder / "x.json").write_text(json.dumps([{**whole, **entry} for entry in entries]))
        return mutate.read_mutants(self.folder)

    def planted(self, text, *entries):
        return mutate.planted(self.read(*entries), {"x.cpp": text}.__getitem__)

    def test_the_data_of_the_tree_is_well_formed(self):
        mutants = mutate.read_mutants(mutate.ROOT / "tools/mutants")
        self.assertGreaterEqual(len(mutants), 60)
        for mutant in mutants:
            with self.subTest(mutant.name):
                self.assertNotEqual(mutant.original, mutant.mutated)
                self.assertRegex(mutant.name, "^[a-z0-9_]+$")

    def test_mistakes_in_the_data_are_refused(self):
        for entry, words in (({"name": "n", "kind": "guess"}, "unknown kind"),
                             ({"name": "n", "tests": []}, "no tests"),
                             ({"name": "n", "colour": "red"}, "colour")):
            with self.assertRaisesRegex(Stale, words):
                self.read(entry)
        with self.assertRaisesRegex(Stale, "n is the name of 2 mutants"):
            self.read({"name": "n"}, {"name": "n"})

    def test_a_text_that_is_gone_or_ambiguous_is_told_of_each_mutant(self):
        with self.assertRaises(Stale) as caught:
            self.planted("b b c", {"name": "gone"}, {"name": "twice", "original": "b"},
                         {"name": "good", "original": "c"})
        self.assertEqual(str(caught.exception).splitlines(),
                         ["gone: the original text occurs 0 times in x.cpp",
                          "twice: the original text occurs 2 times in x.cpp"])

    def test_a_file_that_is_gone_is_told(self):
        def nothing(name):
            raise FileNotFoundError(name)
        with self.assertRaisesRegex(Stale, "n: there is no x.cpp"):
            mutate.planted(self.read({"name": "n"}), nothing)

    def test_sql_changes_where_statements_are_prepared(self):
        statement = "SELECT a FROM t WHERE tenant = ?1"
        query = {"file": "q.sql", "original": "tenant = ?1", "mutated": "1"}
        files = {"q.sql": statement, mutate.SQL_GATE: f"int f() {{\n{mutate.SQL_ANCHOR}\n}}"}
        planted = mutate.planted(self.read({"name": "n", **query}), files.__getitem__)
        self.assertNotIn("q.sql", planted)
        self.assertIn('case 1: from = "tenant = ?1"; to = "1"', planted["src/mutant.hpp"])
        self.assertLess(planted[mutate.SQL_GATE].index("belfry_mutated_sql"),
                        planted[mutate.SQL_GATE].index("sqlite3_prepare_v3"))
        files[mutate.SQL_GATE] = "int f();"
        with self.assertRaisesRegex(Stale, "does not prepare"):
            mutate.planted(self.read({"name": "n", **query}), files.__getitem__)


class JudgeTest(unittest.TestCase):
    def judge(self, mutants, noticed, broken=(), empty=()):
        """`noticed`: {(test, number)}; the verdict and what was said."""
        said, ran = [], []

        def run(test, number):
            ran.append((test, number))
            if number == 0:
                return test not in broken, mutate.NO_TEST if test in empty else ""
            return (test, number) not in noticed, ""
        chosen = dict(enumerate(mutants, 1))
        good = mutate.judge(mutants, chosen, run, 2, said.append)
        return good, "\n".join(said), ran

    def many(self, count):
        return [a_mutant(f"m{i}") for i in range(1, count + 1)]

    def test_enough_noticed(self):
        good, said, _ = self.judge(self.many(20), {("x_test", n) for n in range(1, 20)})
        self.assertTrue(good)
        self.assertIn("19 of 20 mutants noticed (95 %)", said)
        self.assertIn("survived: m20 in x.cpp", said)

    def test_too_few_noticed(self):
        self.assertFalse(self.judge(self.many(20), {("x_test", n) for n in range(1, 19)})[0])

    def test_the_first_test_that_notices_is_the_last_to_run(self):
        mutant = a_mutant(tests=("a", "b", "c"))
        good, said, ran = self.judge([mutant], {("b", 1), ("c", 1)})
        self.assertTrue(good)
        self.assertTrue(re.search(r"noticed .* one by b", said), said)
        self.assertEqual([test for test, number in ran if number == 1], ["a", "b"])

    def test_a_test_that_fails_by_itself_proves_nothing(self):
        good, said, ran = self.judge(self.many(1), {("x_test", 1)}, broken=("x_test",))
        self.assertFalse(good)
        self.assertIn("error: x_test fails without a mutant", said)
        self.assertEqual(ran, [("x_test", 0)])

    def test_a_filter_that_selects_nothing_is_an_error(self):
        good, said, _ = self.judge(self.many(1), {("x_test", 1)}, empty=("x_test",))
        self.assertFalse(good)
        self.assertIn("error: x_test selects no test", said)


if __name__ == "__main__":
    unittest.main()
