"""The data folder: what a start finds in it, what it refuses in one sentence, and that doing what
the sentence says works. A refused start changes nothing."""
import fcntl
import os
import resource
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import tempfile
import unittest

from belfry import BINARY, PATIENCE, Client, Scheduler, operator


def contents(folder):
    """Each file's bytes by name. The index of the log is left out: it is only a cache."""
    found = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if not name.endswith("-shm") and os.path.isfile(path):
            with open(path, "rb") as file:
                found[name] = file.read()
    return found


class DataFolder(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="belfry-data-")
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        self.folder = os.path.join(self.root, "data")
        self.errors = open(os.path.join(self.root, "errors"), "w+")
        self.addCleanup(self.errors.close)

    def path(self, name):
        return os.path.join(self.folder, name)

    def started(self, folder=None):
        scheduler = Scheduler(folder=folder or self.folder, errors=self.errors).start()
        self.addCleanup(scheduler.stop)
        return scheduler

    def killed_with_a_log(self, count=30):
        """A store that was killed with acknowledged tasks in its write-ahead log."""
        scheduler = self.started()
        tenant = scheduler.tenant()
        tasks = [tenant.submit(delayMs=3_600_000)["taskId"] for _ in range(count)]
        tenant.close()
        scheduler.kill()
        self.assertGreater(os.path.getsize(self.path("belfry.db-wal")), 0)
        return tenant, tasks

    def refusal(self, folder=None, **how):
        """What a start says that must refuse."""
        ended = subprocess.run(
            [BINARY, "--listen", "127.0.0.1:0", "--operators-listen", "off", "--log-level", "warn",
             "--data", folder or self.folder],
            capture_output=True, text=True, timeout=PATIENCE, **how)
        self.assertEqual((ended.returncode, ended.stdout), (1, ""), ended.stderr)
        self.assertEqual(len(ended.stderr.splitlines()), 1, ended.stderr)
        return ended.stderr

    def assert_refused(self, *words):
        before = contents(self.folder)
        said = self.refusal()
        for word in words:
            self.assertIn(word, said)
        self.assertEqual(contents(self.folder), before, "a refusal touches nothing")
        return said

    def assert_all_there(self, tenant, tasks):
        tenant.close()
        tenant.scheduler = self.started()
        tenant.sign_in()
        for task in tasks:
            self.assertEqual(tenant.task(task)["status"], "SCHEDULED")
        self.assertEqual(tenant.scheduler.stop(), 0)

    def test_a_new_folder_is_its_owners_alone(self):
        scheduler = self.started(os.path.join(self.folder, "deep"))
        self.assertEqual(stat.S_IMODE(os.stat(scheduler.folder).st_mode), 0o700)
        for name in os.listdir(scheduler.folder):
            mode = stat.S_IMODE(os.stat(os.path.join(scheduler.folder, name)).st_mode)
            self.assertEqual(mode & 0o077, 0, name)
        self.assertEqual(sorted(os.listdir(scheduler.folder)), [
            "belfry.db", "belfry.db-shm", "belfry.db-wal", "belfry.db.lock", "belfry.db.reserve",
            "master.key", "operator.key"])

    def test_a_removed_or_emptied_database_is_refused_and_comes_back(self):
        tenant, tasks = self.killed_with_a_log()
        aside = os.path.join(self.root, "aside")
        for how in ("moved", "emptied"):
            for log in (True, False):
                if not log:  # a clean stop leaves no log, but the key shows that a store was here
                    self.assert_all_there(tenant, tasks)
                    self.assertFalse(os.path.exists(self.path("belfry.db-wal")))
                os.rename(self.path("belfry.db"), aside)
                if how == "emptied":
                    open(self.path("belfry.db"), "w").close()
                self.assert_refused("is missing" if how == "moved" else "is empty",
                                    "write-ahead log" if log else "master.key", "put it back",
                                    "belfry-scheduler restore")
                os.replace(aside, self.path("belfry.db"))
            scheduler = self.started()
            tenant.close()
            tenant.scheduler = scheduler
            tenant.sign_in()
            tasks.append(tenant.submit(delayMs=3_600_000)["taskId"])
            tenant.close()
            scheduler.kill()
        self.assert_all_there(tenant, tasks)

    def test_only_a_log_is_left(self):
        tenant, tasks = self.killed_with_a_log()
        kept = os.path.join(self.root, "kept")
        os.mkdir(kept)
        for name in ("belfry.db", "master.key", "operator.key"):
            os.rename(self.path(name), os.path.join(kept, name))
        self.assert_refused("write-ahead log", "put it back")
        for name in os.listdir(kept):
            os.rename(os.path.join(kept, name), self.path(name))
        self.assert_all_there(tenant, tasks)

    def test_an_index_of_a_log_alone_is_no_store(self):
        self.killed_with_a_log()
        for name in os.listdir(self.folder):
            if name != "belfry.db-shm":
                os.remove(self.path(name))
        self.assertEqual(self.started().stop(), 0)

    def test_a_missing_master_key_is_refused_and_comes_back(self):
        tenant, tasks = self.killed_with_a_log()
        aside = os.path.join(self.root, "aside")
        os.rename(self.path("master.key"), aside)
        self.assert_refused("master.key: is missing beside belfry.db", "put it back")
        os.rename(aside, self.path("master.key"))
        os.chmod(self.path("master.key"), 0o644)
        self.assert_refused("chmod 600 " + self.path("master.key"))
        os.chmod(self.path("master.key"), 0o600)
        self.assert_all_there(tenant, tasks)

    def test_a_missing_operator_key_is_made_anew_and_said(self):
        tenant, tasks = self.killed_with_a_log()
        with open(self.path("operator.key")) as file:
            old = file.read()
        os.remove(self.path("operator.key"))
        scheduler = self.started()
        self.errors.seek(0)
        self.assertIn("operator.key is missing beside the store", self.errors.read())
        operator(scheduler)
        self.assertNotEqual(scheduler.operator_key(), old.strip())
        scheduler.stop()
        with open(self.path("operator.key"), "w") as file:  # the old one back, as it says
            file.write(old)
        scheduler = self.started()
        operator(scheduler)
        scheduler.stop()
        self.assert_all_there(tenant, tasks)

    def test_an_unfinished_first_start_is_no_lost_store(self):
        os.mkdir(self.folder, 0o700)
        scheduler = self.started()
        key = self.path("master.key")
        scheduler.kill()
        for name in os.listdir(self.folder):
            if name != "master.key":
                os.remove(self.path(name))
        self.assert_refused("beside master.key")
        open(self.path("belfry.first-start"), "w").close()  # as a kill in a first start leaves it
        self.assertEqual(self.started().stop(), 0)
        self.assertTrue(os.path.exists(key))
        self.assertFalse(os.path.exists(self.path("belfry.first-start")))

    def test_another_programs_file(self):
        os.mkdir(self.folder)
        with open(self.path("belfry.db"), "w") as file:
            file.write("somebody's notes\n")
        self.assert_refused("is not a database", "name another folder")
        os.remove(self.path("belfry.db"))
        base = sqlite3.connect(self.path("belfry.db"))
        base.execute("CREATE TABLE notes (text)")
        base.close()
        open(self.path("master.key"), "w").write("no key\n")
        self.refusal()
        os.mkdir(os.path.join(self.root, "other"))
        self.assertEqual(self.started(os.path.join(self.root, "other")).stop(), 0)

    def test_folders_and_files_in_each_others_place(self):
        open(self.folder, "w").close()
        self.assertIn("is not a folder", self.refusal())
        self.assertIn("cannot be", self.refusal(self.folder + "/below"))
        os.remove(self.folder)
        os.makedirs(self.path("belfry.db"))
        self.assertIn("is not a file; move it away", self.refusal())
        os.rmdir(self.path("belfry.db"))
        self.assertEqual(self.started().stop(), 0)
        os.remove(self.path("operator.key"))
        os.mkfifo(self.path("operator.key"))
        self.assertIn("remove it and start again", self.refusal())
        os.remove(self.path("operator.key"))
        self.assertEqual(self.started().stop(), 0)

    def test_a_folder_of_somebody_else(self):
        if os.geteuid() == 0:
            how = {"user": 65534, "group": 65534, "extra_groups": []}
            os.chmod(self.root, 0o755)
            os.mkdir(self.folder, 0o700)
        else:
            how = {}
            os.mkdir(self.folder, 0o500)
        probe = subprocess.run([BINARY, "--version"], capture_output=True, **how, check=False)
        if probe.returncode != 0:
            self.skipTest("the other user cannot run the binary")
        said = self.refusal(**how)
        self.assertIn("may not read and write it", said)
        if os.geteuid() == 0:
            self.assertIn("chown -R 65534 " + self.folder, said)
            os.chown(self.folder, 65534, 65534)
            server = subprocess.Popen(
                [BINARY, "--listen", "127.0.0.1:0", "--operators-listen", "off", "--data",
                 self.folder], stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL, **how)
            self.assertIn("listening on", server.stdout.readline())
            server.terminate()
            self.assertEqual(server.wait(PATIENCE), 0)
            server.stdout.close()

    def test_too_few_descriptors(self):
        def limit(files):
            return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

        said = self.refusal(preexec_fn=limit(64))
        self.assertIn("RLIMIT_NOFILE", said)
        self.assertIn("at least 128", said)
        self.assertFalse(os.path.exists(self.folder))
        server = subprocess.Popen(
            [BINARY, "--listen", "127.0.0.1:0", "--operators-listen", "127.0.0.1:0", "--data",
             self.folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            preexec_fn=limit(128))
        self.addCleanup(server.stdout.close)
        port = int(server.stdout.readline().rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            self.assertTrue(connection.recv(100).startswith(b"HTTP/1.1 200"))
        server.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(PATIENCE), 0)

    def test_a_file_that_leaves_a_running_server_ends_it(self):
        aside = os.path.join(self.root, "aside")
        for name in ("belfry.db", "belfry.db-wal", "belfry.db-shm"):
            with self.subTest(name):
                scheduler = self.started()
                tenant = scheduler.tenant()
                task = tenant.submit(delayMs=3_600_000)["taskId"]
                os.rename(self.path(name), aside)
                self.assertEqual(scheduler.process.wait(PATIENCE), 1)
                self.errors.seek(0)
                self.assertIn(f"{name} was moved or removed while the server ran",
                              self.errors.read())
                scheduler.stop()
                os.rename(aside, self.path(name))
                tenant.close()
                self.assert_all_there(tenant, [task])

    def test_a_replaced_or_cut_database_ends_the_server(self):
        for how, said in (("replaced", "was replaced"), ("cut", "was cut short")):
            with self.subTest(how):
                folder = os.path.join(self.root, how)
                scheduler = self.started(folder)
                base = os.path.join(folder, "belfry.db")
                shutil.copy(base, base + ".copy")
                if how == "replaced":
                    os.replace(base + ".copy", base)
                else:
                    os.truncate(base, 0)
                self.assertEqual(scheduler.process.wait(PATIENCE), 1)
                self.errors.seek(0)
                self.assertIn(f"{base} {said} ", self.errors.read())

    def test_a_second_server_is_refused_without_the_lock_file(self):
        scheduler = self.started()
        os.remove(self.path("belfry.db.lock"))
        self.assertIn("another server uses this store", self.refusal())
        self.assertEqual(Client(scheduler).get("/readyz").status, 200)
        self.assertEqual(scheduler.stop(), 0)
        self.assertEqual(self.started().stop(), 0)

    def test_a_server_of_an_older_version_keeps_this_one_away(self):
        self.assertEqual(self.started().stop(), 0)
        with open(self.path("belfry.db.lock")) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # all that the older version locks
            self.assertIn("another server uses this store", self.refusal())
        self.assertEqual(self.started().stop(), 0)


if __name__ == "__main__":
    unittest.main()
