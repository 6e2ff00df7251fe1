"""scripts/phases.sh: what a check with several phases prints, counts and exits with."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[1] / "scripts"


class PhasesTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        (self.root / "scripts").mkdir()
        for name in ("lib.sh", "phases.sh"):
            shutil.copy(SCRIPTS / name, self.root / "scripts")

    def check(self, phases, at_a_time=2):
        """Runs the phases; the exit status and the printed lines."""
        script = self.root / "scripts/check.sh"
        script.write_text('source "$(dirname "$0")/lib.sh"\nsource "$ROOT/scripts/phases.sh"\n' +
                          phases + '\nstatus=0\nrun_phases || status=1\n'
                          'say "$passed passed, $failed failed"\nexit $status\n')
        ran = subprocess.run(["bash", str(script)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, timeout=60, check=False,
                             env={**os.environ, "BELFRY_CHECK_PHASES": str(at_a_time)})
        return ran.returncode, ran.stdout.splitlines()

    def test_each_phase_is_a_check_and_its_output_stays_in_its_file(self):
        status, lines = self.check("add_phase a '' 'first' echo 'all is well'\n"
                                   "add_phase b a 'second' true")
        self.assertEqual(status, 0)
        self.assertEqual(lines[-1], "2 passed, 0 failed")
        self.assertNotIn("all is well", lines)
        self.assertEqual((self.root / "build/check/a.log").read_text(), "all is well\n")

    def test_a_phase_may_count_for_itself(self):
        status, lines = self.check("three() { counts 2 0; counts 1 0; }\nadd_phase a '' 'three' three")
        self.assertEqual((status, lines[-1]), (0, "3 passed, 0 failed"))

    def test_a_failed_phase_shows_its_whole_output_and_what_failed_at_the_end(self):
        status, lines = self.check("bad() { seq 1 200; echo 'error: it broke'; counts 5 2; return 1; }\n"
                                   "add_phase a '' 'bad one' bad\nadd_phase b '' 'good one' true")
        self.assertEqual((status, lines[-1]), (1, "6 passed, 2 failed"))
        self.assertIn("1", lines)
        end = lines[lines.index("=== what failed in: bad one"):]
        self.assertIn("201:error: it broke", end)
        self.assertIn("200", end)

    def test_a_phase_that_fails_although_its_checks_passed_is_a_failed_check(self):
        status, lines = self.check("odd() { counts 5 0; return 1; }\nadd_phase a '' 'odd' odd")
        self.assertEqual((status, lines[-1]), (1, "5 passed, 1 failed"))

    def test_what_needs_a_failed_phase_does_not_run_and_fails(self):
        status, lines = self.check("add_phase a '' 'build' false\nadd_phase b a 'tests' touch ran\n"
                                   "add_phase c b 'more tests' touch ran")
        self.assertEqual((status, lines[-1]), (1, "0 passed, 3 failed"))
        self.assertFalse((self.root / "ran").exists())
        self.assertIn("=== tests: not run, because a phase before it failed", lines)

    def test_a_skipped_phase_says_why_and_counts_as_nothing(self):
        status, lines = self.check("skip() { echo 'nothing changed'; counts 0 0; }\n"
                                   "add_phase a '' 'skippable' skip\nadd_phase b a 'after it' true")
        self.assertEqual((status, lines[-1]), (0, "1 passed, 0 failed"))
        self.assertIn("nothing changed", lines)

    def test_phases_run_side_by_side(self):
        # Each opens one end of a pipe, which only succeeds beside the other.
        os.mkfifo(self.root / "pipe")
        phases = ("reads() { read -r line <pipe; }\nwrites() { echo x >pipe; }\n"
                  "add_phase a '' 'reads' reads\nadd_phase b '' 'writes' writes")
        self.assertEqual(self.check(phases)[0], 0)

    def test_no_more_phases_run_at_a_time_than_allowed(self):
        alone = "alone() { mkdir busy && sleep 0.05 && rmdir busy; }\n"
        phases = "\n".join(f"add_phase p{i} '' 'phase {i}' alone" for i in range(4))
        self.assertEqual(self.check(alone + phases, at_a_time=1)[1][-1], "4 passed, 0 failed")

    def test_the_cost_counts_the_time_of_children(self):
        _, lines = self.check("add_phase a '' 'busy' python3 -c "
                              "'import time\nwhile time.process_time() < 0.3: pass'")
        table = lines[lines.index("=== what each phase cost"):]
        row = next(line for line in table if line.endswith("busy"))
        self.assertGreaterEqual(float(row.split()[1]), 0.3)
        self.assertRegex(table[-2], r"all of it$")

    def test_an_interrupted_check_leaves_no_phase_running(self):
        script = ("hang() { echo $BASHPID >pid; sleep 1000; }\nadd_phase a '' 'hangs' hang\n"
                  "interrupt() { until [[ -s pid ]]; do sleep 0.01; done; kill -TERM $$; }\n"
                  "add_phase b '' 'interrupts' interrupt")
        status, _ = self.check(script)
        self.assertEqual(status, 143)
        self.assertFalse(pathlib.Path("/proc", (self.root / "pid").read_text().strip()).exists())

    def test_words_of_a_command_stay_whole(self):
        self.check("add_phase a '' 'words' printf '%s|' 'one two' '$HOME' '*'")
        self.assertEqual((self.root / "build/check/a.log").read_text(), "one two|$HOME|*|")


if __name__ == "__main__":
    unittest.main()
