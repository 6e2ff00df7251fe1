"""The client library outside its tree: installed and found, or as another project's subdirectory."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from belfry import Scheduler

CMAKE = os.environ["BELFRY_CMAKE"]
BUILD = os.environ["BELFRY_BUILD"]
SOURCE = pathlib.Path(os.environ["BELFRY_SOURCE"])
CONSUMER = pathlib.Path(__file__).parent / "consumer"
LONGEST = 600


class Package(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="belfry-package-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def run_in(self, *command):
        ran = subprocess.run([str(word) for word in command], cwd=self.folder, timeout=LONGEST,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(ran.returncode, 0, ran.stdout)
        return ran.stdout

    def configure(self, *settings):
        self.run_in(CMAKE, "-S", CONSUMER, "-B", "build", "-G", "Ninja",
                    f"-DSNIPPETS={SOURCE / 'examples/snippets'}", "-DCMAKE_BUILD_TYPE=Debug",
                    "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
                    "-DCMAKE_C_COMPILER=" + os.environ["BELFRY_CC"],
                    "-DCMAKE_CXX_COMPILER=" + os.environ["BELFRY_CXX"], *settings)

    def test_installed(self):
        prefix = self.folder / "prefix"
        self.run_in(CMAKE, "--install", BUILD, "--component", "client", "--prefix", prefix)
        headers = {file.name for file in (SOURCE / "include/belfry").glob("*.hpp")}
        self.assertEqual({file.name for file in (prefix / "include/belfry").iterdir()}, headers)
        for file in prefix.rglob("*.cmake"):
            self.assertNotIn(str(SOURCE), file.read_text(), file)
        self.configure(f"-DCMAKE_PREFIX_PATH={prefix}")
        self.run_in(CMAKE, "--build", "build")
        scheduler = Scheduler()
        self.addCleanup(scheduler.remove)
        scheduler.start()
        task_id = self.run_in("build/submit", f"http://127.0.0.1:{scheduler.port}")
        self.assertRegex(task_id, "^[0-9a-f-]{36}\n$")

    def test_subdirectory(self):
        self.configure(f"-DBELFRY_TREE={SOURCE}")
        # Every source is found, and one that includes all kinds of headers compiles; the whole takes
        # minutes.
        plan = self.run_in(CMAKE, "--build", "build", "--", "-n")
        self.assertIn("worker.cpp.o", plan)
        self.run_in(CMAKE, "--build", "build", "--target",
                    "belfry/src/client/CMakeFiles/belfry_client.dir/json.cpp.o")
        commands = json.loads((self.folder / "build/compile_commands.json").read_text())
        own = [entry for entry in commands if entry["file"].startswith(str(SOURCE / "src"))]
        self.assertTrue(own)
        for entry in own:
            self.assertNotIn("-Werror", entry["command"], entry["file"])
            self.assertFalse(entry["file"].endswith("_test.cpp"), entry["file"])


if __name__ == "__main__":
    unittest.main()
