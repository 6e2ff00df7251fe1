"""The benchmarks as programs: they run, they touch nothing of the user's, and they leave no process."""
import os
import select
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

SCHEDULER = os.environ["BELFRY_SCHEDULER"]
LEFT_SECONDS_MAX = 10

# Says that it listens, answers every request with 500, and leaves its pid where the test finds it.
REFUSING_SCHEDULER = """
    #!{python}
    import http.server, os, pathlib
    class Refuse(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def do_POST(self):
            {act}
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(500)
            self.send_header("Content-Length", "0")
            self.end_headers()
        def log_message(self, *_):
            pass
    server = http.server.HTTPServer(("127.0.0.1", 0), Refuse)
    pathlib.Path({pid_file!r}).write_text(str(os.getpid()))
    print("listening on http://127.0.0.1:%d" % server.server_port, flush=True)
    server.serve_forever()
"""


class BenchTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.users = self.folder / "given"
        self.users.mkdir()
        for name in ("thesis.txt", "scheduler", "prototype", "ours.db"):
            (self.users / name).write_text("three years of work")

    def run_bench(self, name, *arguments):
        # Into files: a pipe would be waited for as long as a process that was left behind holds it.
        out, err = self.folder / "out", self.folder / "err"
        with out.open("w") as stdout, err.open("w") as stderr:
            ran = subprocess.run([os.environ[f"BELFRY_BENCH_{name}"], *map(str, arguments)],
                                 stdout=stdout, stderr=stderr, check=False)
        return subprocess.CompletedProcess(ran.args, ran.returncode, out.read_text(), err.read_text())

    def assert_untouched(self):
        self.assertEqual(sorted(p.name for p in self.users.iterdir()),
                         ["ours.db", "prototype", "scheduler", "thesis.txt"])
        for path in self.users.iterdir():
            self.assertEqual(path.read_text(), "three years of work")

    def refusing_scheduler(self, act="pass"):
        binary, pid_file = self.folder / "scheduler.py", self.folder / "pid"
        binary.write_text(textwrap.dedent(REFUSING_SCHEDULER).lstrip().format(
            python=sys.executable, act=act, pid_file=str(pid_file)))
        binary.chmod(0o755)
        return binary, pid_file

    def assert_gone(self, pid):
        try:
            process = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        self.addCleanup(os.close, process)
        ended, _, _ = select.select([process], [], [], LEFT_SECONDS_MAX)
        if not ended:
            os.kill(pid, signal.SIGKILL)
        self.assertTrue(ended, "the benchmark left its scheduler running")

    def test_the_store_runs_beside_the_files_of_the_user(self):
        ran = self.run_bench("STORE", self.users, "--quick")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertRegex(ran.stdout, r"lives, 100 a commit .*bare SQLite loop \d+/s, ratio")
        self.assert_untouched()

    def test_every_benchmark_of_the_scheduler_prints_a_limit_beside_its_figure(self):
        for name, limit in (("push", "HTTP client alone"), ("pull", "bare SQLite loop"),
                            ("latency", "called straight"), ("lateness", "bare timer"),
                            ("burst", "HTTP client alone"), ("million", "bare rows")):
            with self.subTest(name):
                ran = self.run_bench("SCHEDULER", SCHEDULER, self.users, "--quick", name)
                self.assertEqual(ran.returncode, 0, ran.stderr)
                self.assertRegex(ran.stdout, limit + r" [\d.]+.*, ratio [\d.]+ +bar ")
        self.assert_untouched()

    def test_the_api_runs_beside_the_files_of_the_user(self):
        ran = self.run_bench("HTTP", SCHEDULER, self.users, "--quick")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertRegex(ran.stdout, r"POST /tasks, 16 connections .*prototype \d+/s, ratio")
        self.assert_untouched()

    def test_overload_is_measured_beside_a_polite_tenant(self):
        ran = self.run_bench("OVERLOAD", SCHEDULER, self.users, "--quick")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertRegex(ran.stdout, r"another tenant's submit beside it, p99 .*alone [\d.]+ ms, ratio")
        self.assert_untouched()

    def test_every_memory_bound_is_printed_beside_its_limit(self):
        for name in ("unread_answers", "silent_tls", "event_streams"):
            with self.subTest(name):
                ran = self.run_bench("BOUNDS", SCHEDULER, name, "--quick", "--strict")
                self.assertEqual(ran.returncode, 0, ran.stderr)
                self.assertRegex(ran.stdout, rf"{name}, \d+ at once: peak \d+ MiB, limit 512 MiB; ")
        ran = self.run_bench("BOUNDS", SCHEDULER, "unred")
        self.assertEqual((ran.returncode, ran.stderr), (1, "error: there is no benchmark unred\n"))

    def test_a_failure_ends_the_scheduler_and_removes_what_was_made(self):
        scheduler, pid_file = self.refusing_scheduler()
        ran = self.run_bench("SCHEDULER", scheduler, self.users, "pull")
        self.assertEqual(ran.returncode, 1)
        self.assertIn("error: POST /api/v1/auth/register: 500", ran.stderr)
        self.assert_gone(int(pid_file.read_text()))
        self.assert_untouched()

    def test_a_killed_benchmark_takes_its_scheduler_along(self):
        scheduler, pid_file = self.refusing_scheduler("os.kill(os.getppid(), 9)")
        ran = self.run_bench("SCHEDULER", scheduler, self.users, "pull")
        self.assertEqual(ran.returncode, -signal.SIGKILL)
        self.assert_gone(int(pid_file.read_text()))

    def test_arguments_that_make_no_sense_are_refused(self):
        for arguments in ([], [SCHEDULER], [SCHEDULER, self.users, "--rounds", "0"],
                          [SCHEDULER, self.users, "--round", "3"]):
            ran = self.run_bench("SCHEDULER", *arguments)
            self.assertEqual(ran.returncode, 2, ran.stderr)
        ran = self.run_bench("SCHEDULER", SCHEDULER, self.users, "pusch")
        self.assertEqual((ran.returncode, ran.stderr), (1, "error: there is no benchmark pusch\n"))


if __name__ == "__main__":
    unittest.main()
