#!/usr/bin/env python3
"""Plants bugs one at a time and says which of them the tests notice: tools/mutate.py [--help]

The bugs are data: tools/mutants/*.json hold lists of

  {"name": "equal_shares", "file": "src/dispatch/fair_picker.cpp",
   "original": "served < other", "mutated": "true", "tests": ["dispatch_test:FairPicker*"]}

`original` stands exactly once in the file. It is an expression, or with "kind": "statement" one or more
whole statements that declare nothing. In a .sql file it is a piece of a statement.

All of them are compiled into one copy of the tree (build/mutants): each place becomes a switch that
the environment variable BELFRY_MUTANT sets when a program starts. So a mutant costs the run of the
tests that should notice it, and no build. `tests` names them, the quickest first:

  NAME_test[:FILTER]      a unit test binary, and a filter of GoogleTest
  api/NAME[.CLASS.TEST]   tests/api/NAME.py, over real services
  client/NAME[...]        tests/client/NAME.py
  vitest/FILE             a test file of the page, in web/

A mutant is noticed if one of its tests fails or hangs. The end status is 1 if fewer than 95 % are
noticed, if the data does not fit the tree any more, or if a test fails without a mutant.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[1]
NOTICED_MIN = 0.95
TEST_SECONDS_MAX = 150
NO_TEST = "[==========] 0 tests from"  # GoogleTest, when a filter fits nothing
SERVICES = ("scheduler", "dashboard", "payment", "notification")
HEADER = "mutant.hpp"
QUERIES = "src/store/sqlite/queries/"
# Where every statement of the store passes, and what is put in front of it.
SQL_GATE = "src/store/sqlite/database.cpp"
SQL_ANCHOR = "  sqlite3_stmt* stmt = nullptr;\n  const int code = sqlite3_prepare_v3(db, sql.data(),"
SQL_HOOK = "  const std::string changed = belfry_mutated_sql(sql);\n  sql = changed;\n"


class Stale(Exception):
    """The data does not fit the tree."""


@dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    original: str
    mutated: str
    tests: tuple
    kind: str = "expression"


def read_mutants(folder):
    """All mutants of the folder, in a fixed order: a mutant's number is its place, from 1."""
    mutants, mistakes = [], []
    for path in sorted(folder.glob("*.json")):
        for entry in json.loads(path.read_text()):
            try:
                mutant = Mutant(**{**entry, "tests": tuple(entry["tests"])})
            except (TypeError, KeyError) as wrong:
                mistakes.append(f"{path.name}: {entry.get('name', entry)}: {wrong}")
                continue
            if mutant.kind not in ("expression", "statement") or not mutant.tests:
                mistakes.append(f"{path.name}: {mutant.name}: an unknown kind, or no tests")
            mutants.append(mutant)
    names = collections.Counter(mutant.name for mutant in mutants)
    mistakes += [f"{name} is the name of {count} mutants" for name, count in names.items() if count > 1]
    if mistakes:
        raise Stale("\n".join(mistakes))
    return mutants


def place_of(mutant, text):
    """Where the original stands in the file's text: (begin, end)."""
    count = text.count(mutant.original)
    if count != 1:
        raise Stale(f"{mutant.name}: the original text occurs {count} times in {mutant.file}")
    begin = text.index(mutant.original)
    return begin, begin + len(mutant.original)


def switch(suffix, kind, original, numbered):
    """The code that behaves as the original unless one of the numbered mutants is chosen."""
    code = original
    for number, mutated in numbered:
        if suffix == ".ts":
            code = f'(process.env.BELFRY_MUTANT === "{number}" ? ({mutated}) : ({code}))'
        elif kind == "statement":
            code = f"if (belfry_mutant() == {number}) {{ {mutated} }} else {{ {code} }}"
        else:
            code = f"(belfry_mutant() == {number} ? ({mutated}) : ({code}))"
    return code


def rewrite(text, suffix, mutants):
    """The file's text with the switches of its mutants, [(number, mutant)]. Several mutants may
    share a place, but places may not overlap otherwise."""
    places = collections.defaultdict(list)
    for number, mutant in mutants:
        places[place_of(mutant, text)].append((number, mutant))
    pieces, at = [], 0
    for (begin, end), here in sorted(places.items()):
        if begin < at:
            raise Stale(f"{here[0][1].name}: its place overlaps that of another mutant")
        kinds = {mutant.kind for _, mutant in here}
        if len(kinds) > 1:
            raise Stale(f"{here[0][1].name}: the mutants of one place must be of one kind")
        numbered = [(number, mutant.mutated) for number, mutant in here]
        pieces += [text[at:begin], switch(suffix, here[0][1].kind, text[begin:end], numbered)]
        at = end
    pieces.append(text[at:])
    head = f'#include "{HEADER}"\n' if suffix in (".cpp", ".hpp") else ""
    return head + "".join(pieces)


def header_text(sql_mutants):
    """What the switches need; sql_mutants: [(number, mutant)]."""
    def quoted(text):
        return json.dumps(text, ensure_ascii=True)

    cases = "".join(f"    case {number}: from = {quoted(m.original)}; to = {quoted(m.mutated)}; break;\n"
                    for number, m in sql_mutants)
    return f"""#pragma once
#include <cstdlib>
#include <string>
#include <string_view>

inline int belfry_mutant() {{
  static const int chosen = [] {{
    const char* text = std::getenv("BELFRY_MUTANT");
    return text == nullptr ? 0 : std::atoi(text);
  }}();
  return chosen;
}}

inline std::string belfry_mutated_sql(std::string_view sql) {{
  std::string text(sql), from, to;
  switch (belfry_mutant()) {{
{cases}    default: return text;
  }}
  if (const auto at = text.find(from); at != text.npos) text.replace(at, from.size(), to);
  return text;
}}
"""


def planted(mutants, read):
    """The files of the tree that differ, by name; `read` gives the text of one. All that does not
    fit is told at once."""
    by_file, files, stale = collections.defaultdict(list), {}, []
    for number, mutant in enumerate(mutants, 1):
        by_file[mutant.file].append((number, mutant))
    sql = []
    for file, here in by_file.items():
        try:
            text = read(file)
        except FileNotFoundError:
            stale += [f"{mutant.name}: there is no {file}" for _, mutant in here]
            continue
        for _, mutant in here:
            try:
                place_of(mutant, text)
            except Stale as error:
                stale.append(str(error))
        if stale:
            continue
        if file.endswith(".sql"):
            sql += here
            continue
        try:
            files[file] = rewrite(text, pathlib.PurePath(file).suffix, here)
        except Stale as error:
            stale.append(str(error))
    files["src/" + HEADER] = header_text(sql)
    if sql:
        gate = files.get(SQL_GATE) or f'#include "{HEADER}"\n' + read(SQL_GATE)
        if gate.count(SQL_ANCHOR) != 1:
            stale.append(f"{SQL_GATE} does not prepare statements where tools/mutate.py expects it")
        files[SQL_GATE] = gate.replace(SQL_ANCHOR, SQL_HOOK + SQL_ANCHOR)
    if stale:
        raise Stale("\n".join(sorted(stale)))
    return files


def write_if_changed(path, data):
    if not path.exists() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def copy_tree(files, tree):
    """The tree with the changed files. What is as it was keeps its time, so that little is built."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    wanted = {name for name in listed if name and (ROOT / name).is_file()} | set(files)
    for name in wanted:
        path = tree / name
        write_if_changed(path, files[name].encode() if name in files else (ROOT / name).read_bytes())
        if name not in files:
            shutil.copymode(ROOT / name, path)
    for path in tree.rglob("*"):
        name = str(path.relative_to(tree))
        if path.is_file() and name not in wanted and not name.startswith(("build/", "web/node_modules")):
            path.unlink()
    # The page is not built again.
    if (ROOT / "web/node_modules").is_dir() and not (tree / "web/node_modules").exists():
        (tree / "web/node_modules").symlink_to(ROOT / "web/node_modules")
    if (ROOT / "build/web").is_dir():
        shutil.copytree(ROOT / "build/web", tree / "build/web", dirs_exist_ok=True)


def build(tree, targets):
    if not targets:
        return
    if not (tree / "build/dev/build.ninja").exists():
        subprocess.run(["cmake", "--preset", "dev"], cwd=tree, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "build/dev", "--parallel", str(os.cpu_count()), "--target",
                    *sorted(targets), "--", "--quiet"], cwd=tree, check=True)


def targets_of(mutants):
    targets = set()
    for test in {test for mutant in mutants for test in mutant.tests}:
        if test.startswith(("api/", "client/")):
            targets |= {f"belfry-{name}" for name in SERVICES}
            targets |= {"belfry-api-routes", "belfry_shifted_clock"}
        if test.startswith("client/"):
            targets |= {"client_live", "belfry-snippet-submit", "belfry-snippet-worker",
                        "belfry-snippet-handler"}
        if "/" not in test:
            targets.add(test.split(":")[0])
    return targets


def command_of(test, tree):
    """(command, folder, more environment) of a test."""
    binaries = tree / "build/dev/bin"
    if test.startswith("vitest/"):
        return (["npx", "--no", "--", "vitest", "run", test.removeprefix("vitest/")], tree / "web", {})
    if "/" in test:
        folder, name = test.split("/")
        environment = {f"BELFRY_{name.upper()}": str(binaries / f"belfry-{name}") for name in SERVICES}
        environment |= {"PYTHONPATH": str(tree / "tests/api"), "PYTHONDONTWRITEBYTECODE": "1",
                        "BELFRY_CLIENT_LIVE": str(binaries / "client_live"),
                        "BELFRY_SNIPPETS": str(tree / "build/dev/examples/snippets")}
        return (["/usr/bin/python3", "-W", "ignore", "-m", "unittest", "-q", "-f", name],
                tree / "tests" / folder, environment)
    binary, _, selected = test.partition(":")
    command = [str(binaries / binary), "--gtest_brief=1", "--gtest_fail_fast"]
    if selected:
        command.append("--gtest_filter=" + selected)
    return command, tree, {"BELFRY_TEST_SECONDS": str(TEST_SECONDS_MAX // 2)}


def passes(test, tree, number):
    """Runs a test with the mutant of that number: (whether it passes, what it printed)."""
    command, folder, environment = command_of(test, tree)
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
        env={**os.environ, **environment, "BELFRY_MUTANT": str(number)})
    try:
        said, _ = process.communicate(timeout=TEST_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        said = f"it did not end within {TEST_SECONDS_MAX} s"
    # Services that a failed test left behind belong to its group.
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    return process.returncode == 0, said


def try_mutant(number, mutant, run):
    """The test that noticed it, or None."""
    return next((test for test in mutant.tests if not run(test, number)[0]), None)


def judge(mutants, chosen, run, jobs, say=print):
    """Runs the chosen mutants, {number: mutant}, and tells about each. True if enough are noticed."""
    tests = sorted({test for mutant in chosen.values() for test in mutant.tests})
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for test, (good, said) in zip(tests, pool.map(lambda test: run(test, 0), tests)):
            if not good or NO_TEST in said:
                why = "selects no test" if good else f"fails without a mutant:\n{said[-3000:]}"
                say(f"error: {test} {why}")
                return False
        say(f"{len(tests)} selections of tests pass without a mutant")

        def one(item):
            began = time.monotonic()
            return item[0], try_mutant(*item, run), time.monotonic() - began

        survived = []
        for number, test, seconds in pool.map(one, chosen.items()):
            name = mutants[number - 1].name
            if test is None:
                survived.append(name)
            say(f"{'SURVIVED' if test is None else 'noticed ':8} {seconds:5.1f} s  {name}"
                + (f" by {test}" if test else ""))
    noticed = len(chosen) - len(survived)
    say(f"{noticed} of {len(chosen)} mutants noticed ({100 * noticed / len(chosen):.0f} %)")
    for name in survived:
        say(f"survived: {name} in {next(m.file for m in mutants if m.name == name)}")
    return noticed >= NOTICED_MIN * len(chosen)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="only these mutants, or those of these files")
    parser.add_argument("--check", action="store_true", help="only whether the data fits the tree")
    parser.add_argument("--build-only", action="store_true")
    parser.add_argument("--no-build", action="store_true", help="use what was built before")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="tests at a time")
    arguments = parser.parse_args()
    tree = ROOT / "build/mutants"
    try:
        mutants = read_mutants(ROOT / "tools/mutants")
        files = planted(mutants, lambda name: (ROOT / name).read_text())
    except Stale as error:
        sys.exit(f"error: {error}")
    chosen = {number: mutant for number, mutant in enumerate(mutants, 1)
              if not arguments.names or {mutant.name, mutant.file} & set(arguments.names)}
    if not chosen:
        sys.exit("error: no such mutant")
    print(f"{len(mutants)} mutants fit the tree")
    if arguments.check:
        return
    if not arguments.no_build:
        copy_tree(files, tree)
        build(tree, targets_of(chosen.values()))
    if not arguments.build_only:
        good = judge(mutants, chosen, lambda test, number: passes(test, tree, number), arguments.jobs)
        sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
