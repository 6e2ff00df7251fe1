import contextlib
import io
import pathlib
import subprocess
import tempfile
import unittest

import cpp_text
import tidy

UNFINISHED_WORD = "TO" + "DO"
HOME = "/ho" + "me/ada/x"
HPP = "#pragma once\n"


def rules(path, text):
    return [finding.rule for finding in tidy.check_tree({path: text})]


def include(target):
    return f'#include "{target}"\n'


class Table(unittest.TestCase):
    """A rule's findings in texts that break it, and none in texts that do not."""

    def breaks(self, rule, *cases):
        for path, text in cases:
            with self.subTest(path=path, text=text[:80]):
                self.assertEqual(rules(path, text), [rule])

    def keeps(self, *cases):
        for path, text in cases:
            with self.subTest(path=path, text=text[:80]):
                self.assertEqual(rules(path, text), [])


class Includes(Table):
    def test_modules_include_only_earlier_ones(self):
        self.breaks("include-order",
                    ("src/base/a.cpp", include("domain/task.hpp")),
                    ("src/domain/a.cpp", include("async/wake_up.hpp")),
                    ("src/http/a.cpp", include("store/rows.hpp")),
                    ("src/auth/a.cpp", include("http/message.hpp")),
                    ("src/signing/a_test.cpp", include("json/value.hpp")),
                    ("src/novel/a.cpp", include("base/id.hpp")),
                    ("src/client/a.cpp", include("store/rows.hpp")))
        self.keeps(("src/domain/a.cpp", include("base/id.hpp") + include("domain/task.hpp")),
                   ("src/http/a.cpp", include("async/wake_up.hpp") + "#include <vector>\n"),
                   ("src/client/a.cpp", include("belfry/client.hpp")),
                   ("src/server/a.cpp", include("api/app.hpp") + include("webhook/courier.hpp")),
                   ("apps/scheduler/main.cpp", include("server/service.hpp")))

    def test_dispatch_webhook_and_api_never_meet(self):
        for one in ("dispatch", "webhook", "api"):
            for other in ({"dispatch", "webhook", "api"} - {one}):
                self.breaks("include-order", (f"src/{one}/a.cpp", include(f"{other}/b.hpp")))

    def test_store_drivers_are_named_by_server_tests_and_benchmarks_alone(self):
        driver = include("store/sqlite/sqlite_store.hpp")
        self.breaks("include-order", ("src/api/a.cpp", driver), ("src/store/gateway.cpp", driver),
                    ("apps/scheduler/main.cpp", driver), ("src/store/postgres/a.cpp", driver))
        self.keeps(("src/server/a.cpp", driver), ("bench/store/main.cpp", driver),
                   ("tests/simulation/a.cpp", driver), ("src/store/sqlite/a.cpp", driver))

    def test_drivers_include_store_domain_and_base_alone(self):
        self.breaks("include-order", ("src/store/sqlite/a.cpp", include("async/wake_up.hpp")),
                    ("src/store/sqlite/a.cpp", include("http/url.hpp")))
        self.keeps(("src/store/sqlite/a.cpp", include("store/rows.hpp") + include("sql.hpp")
                    + include("domain/task.hpp") + include("base/id.hpp")))

    def test_examples_and_public_headers_include_belfry_alone(self):
        self.breaks("include-order",
                    ("examples/payment/src/a.cpp", include("base/id.hpp")),
                    ("include/belfry/a.hpp", HPP + include("http/client.hpp")))
        self.keeps(("examples/payment/src/a.cpp", include("belfry/client.hpp")
                    + include("reconcile.hpp") + "#include <curl/curl.h>\n"),
                   ("include/belfry/a.hpp", HPP + include("belfry/json.hpp")))

    def test_beast_and_tls_stay_in_http(self):
        for header in ("boost/beast/core.hpp", "boost/asio/ssl.hpp", "boost/asio/ssl/context.hpp",
                       "openssl/ssl.h"):
            text = f"#include <{header}>\n"
            self.breaks("network-header", ("src/api/a.cpp", text))
            self.keeps(("src/http/a.cpp", text), ("bench/x/a.cpp", text))
        self.keeps(("src/auth/a.cpp", "#include <openssl/evp.h>\n#include <boost/asio.hpp>\n"))

    def test_headers_include_few_others(self):
        many = [include(f"base/x{n}.hpp") for n in range(9)]
        self.breaks("header-includes", ("src/api/a.hpp", HPP + "".join(many)))
        self.keeps(("src/api/a.hpp", HPP + "".join(many[:8]) + "#include <string>\n"),
                   ("src/api/a.cpp", "".join(many)))

    def test_an_include_in_a_comment_is_none(self):
        self.keeps(("src/base/a.cpp", "// " + include("api/app.hpp")))


class Sizes(Table):
    def test_files(self):
        self.breaks("file-length", ("src/base/a.cpp", "\n" * 501),
                    ("src/base/a_test.cpp", "\n" * 701))
        self.keeps(("src/base/a.cpp", "\n" * 500), ("src/base/a_test.cpp", "\n" * 700),
                   ("api/openapi.yaml", "\n" * 900))

    def test_lines(self):
        self.breaks("line-length", ("src/base/a.cpp", "/" * 101 + "\n"))
        self.keeps(("src/base/a.cpp", "/" * 100 + "\n"), ("src/base/b.cpp", "//" + "é" * 98))

    def test_functions(self):
        def of(lines, head="int f(int a = g(), T b = {}) noexcept"):
            return "namespace n {\n" + head + " {\n" + "  h();\n" * (lines - 2) + "}\n}\n"
        heads = ("void A::f() const", "A::A(int a) : a_{a}, b_(a)", "A::~A() noexcept",
                 "A::A() : a_{}", "TEST(Suite, Case)", "auto f() -> std::vector<int>",
                 "template <class T>\nvoid f(T t)", "struct S* f(int a)")
        for head in heads:
            taller = head.count("\n")
            self.breaks("function-length", ("src/base/a.cpp", of(71 - taller, head)))
            self.keeps(("src/base/a.cpp", of(70 - taller, head)))
        body = "class A {\n  void f() {\n" + "    h();\n" * 70 + "  }\n};\n"
        self.breaks("function-length", ("src/base/a.cpp", body))
        self.keeps(("src/base/a.cpp", "struct A {\n" + "  int b();\n" * 90 + "};\n"),
                   ("src/base/a.cpp", "const int kTable[] = {\n" + "  1,\n" * 90 + "};\n"))


class Words(Table):
    def test_unfinished_work(self):
        self.breaks("unfinished", ("src/base/a.cpp", f"// {UNFINISHED_WORD}: later\n"),
                    ("tools/a.py", "# FIX" + "ME\n"), ("scripts/a.sh", "# X" + "XX\n"),
                    ("CMakeLists.txt", "# HA" + "CK\n"))
        self.keeps(("src/base/a.cpp", 'auto s = "XXXX....";\n// a hack\n'))

    def test_machine_paths(self):
        self.breaks("machine-path", ("src/base/a.cpp", f'auto s = "{HOME}";\n'),
                    ("README.md", f"see {HOME}\n"), ("scripts/run.sh", f"cd {HOME}\n"))
        self.keeps(("README.md", "https://x.org" + HOME + " and ~" + HOME + "\n"),
                   ("scripts/a.sh", "cd $ROOT" + HOME + "\n"))

    def test_empty_names(self):
        self.breaks("empty-name", ("src/base/a.cpp", "class TaskManager;\n"),
                    ("src/base/a.cpp", "struct StringUtils {};\n"),
                    ("src/base/a.cpp", "enum class Helper {};\n"),
                    ("src/base/string_util.cpp", ""), ("src/base/manager.cpp", ""))
        self.keeps(("src/base/a.cpp", "class Managers_ {};\n// a Manager\nclass Utility;\n"),
                   ("src/base/utility.cpp", ""))


class Code(Table):
    def test_time_comes_from_the_clock(self):
        text = "auto t = std::chrono::system_clock :: now();\n"
        self.breaks("wall-clock", ("src/api/a.cpp", text), ("examples/payment/src/a.cpp", text))
        self.keeps(("src/base/clock.cpp", text), ("src/api/a.cpp", "// system_clock::now\n"),
                   ("src/api/a.cpp", "auto t = std::chrono::steady_clock::now();\n"))

    def test_nothing_is_detached(self):
        text = "co_spawn(io, f(), asio::detached);\n"
        self.breaks("detached", ("src/http/a.cpp", text))
        self.keeps(("src/async/task_group.cpp", text),
                   ("src/http/a.cpp", "#include <boost/asio/detached.hpp>\n// detached\n"))

    def test_tests_do_not_sleep(self):
        for text in ("std::this_thread::sleep_for(1ms);\n", "this_thread::sleep_until(t);\n",
                     "usleep(5);\n", "::sleep(1);\n", "nanosleep(&t, nullptr);\n"):
            self.breaks("sleeping-test", ("src/async/a_test.cpp", text))
            self.keeps(("src/async/a.cpp", text))
        self.keeps(("src/async/a_test.cpp", "co_await async::sleep_for(1h, stop);\n"))

    def test_sql_stays_in_sql_files(self):
        for text in ('auto s = "SELECT 1";\n', 'auto s = "INSERT INTO t";\n',
                     'auto s = "a; DELETE FROM t";\n', 'auto s = R"(\nPRAGMA user_version)";\n',
                     'auto s = "CREATE TABLE t";\n', 'auto s = "UPDATE " + t;\n',
                     'auto s = "SELECT" + t;\n'):
            self.breaks("sql", ("src/api/a.cpp", text))
            self.keeps(("src/store/sqlite/a.cpp", text))
        self.keeps(("src/api/a.cpp", '// SELECT 1\nauto s = "select one, or DELETE it";\n'),
                   ("src/api/a.cpp", 'auto m = "DELETE";\nauto n = "UPDATED x";\n'))

    def test_headers_begin_with_pragma_once(self):
        self.breaks("pragma-once", ("src/base/a.hpp", "int a;\n"),
                    ("src/base/a.hpp", "// #pragma once\n"))
        self.keeps(("src/base/a.hpp", HPP), ("src/base/a.cpp", ""))


class Exceptions(unittest.TestCase):
    FILES = {"src/base/a.cpp": "\n" * 501}

    def check(self, exceptions):
        return [(f.rule, f.line) for f in tidy.check_tree(self.FILES, exceptions)]

    def test_take_out_what_they_name_and_nothing_else(self):
        self.assertEqual(self.check("# why\n\nfile-length src/base/a.cpp: a table\n"), [])
        self.assertIn(("file-length", 501), self.check("file-length src/base/b.cpp: a table\n"))
        self.assertIn(("file-length", 501), self.check("line-length src/base/a.cpp: a table\n"))

    def test_are_refused_without_a_reason_or_a_need(self):
        for text in ("file-length src/base/a.cpp\n", "file-length src/base/a.cpp: \n"):
            self.assertEqual(self.check(text), [("file-length", 501), ("exception", 1)])
        self.assertEqual(tidy.check_tree({}, "sql src/base/a.cpp: none\n")[0].rule, "exception")


class Scanner(unittest.TestCase):
    def test_blanks_comments_and_literals_and_keeps_the_lines(self):
        text = ('int a = 1\'000; // "no"\nauto s = "a\\"//b"; /* two\nlines */ char c = \'"\';\n'
                'auto r = R"x(raw ")" text\n)x"; int z;\n')
        source = cpp_text.parse(text)
        self.assertEqual(len(source.code), len(text))
        self.assertEqual(source.code.count("\n"), text.count("\n"))
        self.assertEqual(source.strings, [(2, 'a\\"//b'), (4, 'raw ")" text\n')])
        for gone in ("no", "two", "raw", "//"):
            self.assertNotIn(gone, source.code)
        for kept in ("1'000", "char c", "int z;"):
            self.assertIn(kept, source.code)

    def test_finds_functions_and_their_lengths(self):
        code = ("namespace a {\nstruct B {\n  int c() { return 1; }\n};\n}\nextern \"C\" {\n"
                "int d(int x) {\n  if (x) {\n    auto l = [](int y) { return y; };\n  }\n}\n}\n")
        found = cpp_text.functions(cpp_text.parse(code).code)
        self.assertEqual([(f.head, f.line, f.length) for f in found],
                         [("int c()", 3, 1), ("int d(int x)", 7, 5)])


class Main(unittest.TestCase):
    def run_in(self, files):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            subprocess.run(["git", "init", "-q", folder], check=True)
            for name, text in files.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                return tidy.main(["--root", folder]), out.getvalue()

    def test_says_what_is_wrong_where_and_ends_with_one(self):
        status, text = self.run_in({"src/base/a.hpp": b"int a;\n", "logo.md": b"\xff\xfe"})
        self.assertEqual(status, 1)
        self.assertIn("src/base/a.hpp:1: pragma-once: ", text)

    def test_ends_with_zero_when_all_is_well_and_skips_what_git_ignores(self):
        status, text = self.run_in({".gitignore": b"/build/\n", "build/a.hpp": b"",
                                    "src/base/a.hpp": b"#pragma once\n"})
        self.assertEqual((status, text.count("\n")), (0, 1))
        self.assertIn("1 C++ files", text)

    def test_ends_with_two_where_there_is_no_repository(self):
        with tempfile.TemporaryDirectory() as folder, \
                contextlib.redirect_stderr(io.StringIO()) as err:
            self.assertEqual(tidy.main(["--root", folder]), 2)
            self.assertIn("cannot list", err.getvalue())


if __name__ == "__main__":
    unittest.main()
