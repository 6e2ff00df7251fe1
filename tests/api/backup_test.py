"""Backup beside a server under load and of a stopped one, restore, and the paused start after it."""
import fcntl
import json
import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import tempfile
import threading
import time
import unittest

from belfry import BINARY, PATIENCE, Client, Receiver, Scheduler, operator

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def tasks_in(folder):
    base = sqlite3.connect(f"file:{folder}/belfry.db?immutable=1", uri=True)
    try:
        return {"seqs": [seq for seq, in base.execute("SELECT seq FROM bodies ORDER BY seq")],
                "sound": base.execute("PRAGMA integrity_check").fetchone()[0]}
    finally:
        base.close()


class Backup(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="belfry-backup-")
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        self.data = os.path.join(self.root, "data")
        self.copy = os.path.join(self.root, "copy")
        self.again = os.path.join(self.root, "again")
        self.scheduler = Scheduler(folder=self.data).start()
        self.addCleanup(self.scheduler.stop)
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)

    def run_command(self, *words, **how):
        return subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=10 * PATIENCE,
                              **how)

    def back_up(self, to=None):
        done = self.run_command("backup", to or self.copy, "--data", self.data)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        return done.stderr

    def restore(self, to=None):
        done = self.run_command("restore", self.copy, "--data", to or self.again)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        return done.stderr

    def refused(self, *words, **how):
        done = self.run_command(*words, **how)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        return done.stderr

    def started_again(self, *flags):
        scheduler = Scheduler(*flags, folder=self.again).start()
        self.addCleanup(scheduler.stop)
        return scheduler

    def test_beside_a_server_under_load(self):
        tenant = self.scheduler.tenant()
        for _ in range(20):
            made = tenant.post("/api/v1/tasks/bulk", [
                {"taskName": "t", "payload": "x" * 20_000, "delayMs": 3_600_000}] * 200)
            self.assertEqual(made.status, 200)
        before = set(tasks_in_running(self.data))
        done, acknowledged, log = threading.Event(), [], []

        def load(client):
            while not done.is_set():
                client.submit(payload="y" * 50_000, delayMs=3_600_000)
                acknowledged.append(time.monotonic())
                log.append(os.path.getsize(os.path.join(self.data, "belfry.db-wal")))

        clients = []
        for _ in range(4):
            client = Client(self.scheduler, tenant.token)
            client.submit = lambda client=client, **fields: self.assertEqual(
                client.post("/api/v1/tasks", {"taskName": "t", **fields}).status, 201)
            clients.append(client)
        loaders = [threading.Thread(target=load, args=(client,)) for client in clients]
        for loader in loaders:
            loader.start()
        try:
            said = self.back_up()
        finally:
            done.set()
            for loader in loaders:
                loader.join()
        self.assertIn("copying: 100 %", said)
        copied = tasks_in(self.copy)
        self.assertEqual(copied["sound"], "ok")
        self.assertLessEqual(before, set(copied["seqs"]), "all that was there when it began")
        self.assertGreater(len(acknowledged), 0)
        self.assertLess(max(log), 100 << 20)
        self.assertIn(f"{len(copied['seqs'])} tasks", said)
        for name in ("belfry.db", "master.key", "operator.key", "backup.txt"):
            mode = os.stat(os.path.join(self.copy, name)).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o600, name)
        self.assertEqual(len(os.listdir(self.copy)), 4)
        self.assertEqual(stat.S_IMODE(os.stat(self.copy).st_mode), 0o700)
        self.assertEqual(self.scheduler.stop(), 0)

    def test_a_killed_servers_store_is_copied_with_its_log(self):
        tenant = self.scheduler.tenant()
        tasks = [tenant.submit(delayMs=3_600_000)["taskId"] for _ in range(30)]
        self.scheduler.kill()
        self.assertGreater(os.path.getsize(os.path.join(self.data, "belfry.db-wal")), 0)
        self.assertIn("30 tasks", self.back_up())
        self.restore()
        tenant.close()
        tenant.scheduler = self.started_again()
        tenant.sign_in()
        for task in tasks:
            self.assertEqual(tenant.task(task)["status"], "SCHEDULED")
        self.scheduler.start()  # and the store itself is as it was

    def test_a_restored_service_waits_for_an_operator(self):
        tenant = self.scheduler.tenant()
        hook = tenant.post("/api/v1/webhooks", {"url": self.receiver.url("/hook")})
        self.assertEqual(hook.status, 201, hook.raw)
        self.receiver.script["/hook"] = [(500, {}, b"")]
        tenant.submit(queue="pull", target={"type": "worker"})
        leased, = tenant.lease("pull", leaseMs=600_000)
        waiting = tenant.submit(queue="pull", target={"type": "worker"})["taskId"]
        due = tenant.submit(delayMs=3_000, target=self.receiver.target())["taskId"]
        short = tenant.submit(delayMs=600_000, expiresAt="2099-01-01T00:00:00Z")["taskId"]
        self.receiver.wait_for("/hook")
        self.back_up()
        after = tenant.submit(delayMs=3_600_000)["taskId"]
        self.scheduler.stop()
        self.restore()
        old_token = tenant.token
        came = len(self.receiver.of("/run")), len(self.receiver.of("/hook"))

        scheduler = self.started_again()
        for round_ in range(2):  # the pause outlives a restart
            client = Client(scheduler, old_token)
            self.assertEqual(client.get("/api/v1/tasks/" + due).status, 401, "old tokens are void")
            tenant.close()
            tenant.scheduler = scheduler
            tenant.sign_in()
            self.assertEqual(tenant.task(due)["waiting"]["reason"], "service_paused")
            ready = client.get("/readyz")
            self.assertEqual(ready.status, 200)
            self.assertIn("POST /api/v1/admin/resume", ready.json["detail"])
            self.assertIn("belfry_paused 1", scheduler.operators("/metrics")[1])
            self.assertEqual(tenant.lease("pull", waitMs=500), [], "nothing is claimed")
            for call in ("heartbeat", "complete", "fail"):
                answer = tenant.post(f"/api/v1/tasks/{leased['taskId']}/{call}",
                                     {"leaseToken": leased["leaseToken"]})
                self.assertEqual((answer.status, answer.problem), (409, "stale_lease"), call)
            deadline = time.monotonic() + 4  # past the due time of the one that was to be pushed
            while time.monotonic() < deadline:
                self.assertEqual(tenant.task(due)["status"], "SCHEDULED")
                time.sleep(0.2)
            self.assertEqual(tenant.get("/api/v1/tasks/" + after).status, 404)
            self.assertEqual((len(self.receiver.of("/run")), len(self.receiver.of("/hook"))), came)
            tenant.submit(delayMs=3_600_000)  # what is new is accepted
            if round_ == 0:
                scheduler.restart()

        self.assertEqual(tenant.post("/api/v1/admin/resume").status, 403)
        boss = operator(scheduler)
        for _ in range(2):
            resumed = boss.post("/api/v1/admin/resume")
            self.assertEqual((resumed.status, resumed.json), (200, {"paused": False}))
        self.assertNotIn("detail", boss.get("/readyz").json)
        self.receiver.wait_for("/run", came[0] + 1)
        self.assertEqual(tenant.wait(due)["status"], "COMPLETED")
        self.assertEqual(tenant.task(short)["status"], "SCHEDULED")
        seen = set()
        while seen != {leased["taskId"], waiting}:
            for task in tenant.lease("pull", waitMs=20_000, leaseMs=600_000):
                seen.add(task["taskId"])
                self.assertNotEqual(task["leaseToken"], leased["leaseToken"])
        scheduler.restart()
        tenant.close()
        self.assertNotIn("detail", Client(scheduler).get("/readyz").json)

    def test_the_flag_pauses_a_folder_that_was_copied_by_hand(self):
        tenant = self.scheduler.tenant()
        task = tenant.submit(delayMs=1, queue="pull", target={"type": "worker"})["taskId"]
        self.scheduler.stop()
        shutil.copytree(self.data, self.again)
        scheduler = self.started_again("--restored")
        old = Client(scheduler, tenant.token)
        self.assertEqual(old.get("/api/v1/tasks/" + task).status, 401)
        self.assertIn("paused", old.get("/readyz").json["detail"])

    def test_what_a_backup_refuses(self):
        os.mkdir(self.copy)
        with open(os.path.join(self.copy, "mine"), "w") as file:
            file.write("mine")
        self.assertIn("is not empty", self.refused("backup", self.copy, "--data", self.data))
        self.assertEqual(os.listdir(self.copy), ["mine"])
        self.assertIn("is that the right folder?",
                      self.refused("backup", self.again, "--data", self.root))
        self.assertFalse(os.path.exists(self.again))
        limited = self.refused("backup", self.again, "--data", self.data + "/none")
        self.assertIn("is that the right folder?", limited)

    def test_a_command_that_goes_away_is_given_up(self):
        tenant = self.scheduler.tenant()
        tenant.submit(delayMs=3_600_000)
        waiting = subprocess.Popen([BINARY, "backup", self.again, "--data", self.data],
                                   stderr=subprocess.PIPE, text=True)
        waiting.kill()
        waiting.communicate()
        self.back_up()
        self.assertEqual(tenant.submit(delayMs=1_000)["status"], "SCHEDULED")

    def test_what_a_restore_refuses(self):
        tenant = self.scheduler.tenant()
        tenant.submit(payload="z" * 5_000, delayMs=3_600_000)
        self.back_up()
        self.assertIn("is not empty", self.refused("restore", self.copy, "--data", self.data))
        store = os.path.join(self.copy, "belfry.db")
        with open(store, "r+b") as file:  # one bit of one payload
            at = file.read().index(b"zzzzzzzz")
            file.seek(at)
            file.write(b"y")
        self.assertIn("checksum", self.refused("restore", self.copy, "--data", self.again))
        self.assertEqual(os.listdir(self.again), [])
        with open(store, "r+b") as file:
            file.seek(at)
            file.write(b"z")
        os.rename(os.path.join(self.copy, "backup.txt"), os.path.join(self.root, "aside"))
        self.assertIn("no finished backup", self.refused("restore", self.copy, "--data", self.again))
        os.rename(os.path.join(self.root, "aside"), os.path.join(self.copy, "backup.txt"))
        self.restore()

    def test_a_start_in_an_unfinished_restore_is_refused(self):
        self.back_up()
        self.restore()
        os.rename(self.again + "/belfry.db", self.again + "/belfry.db.partial")
        ended = self.run_command("--data", self.again, "--listen", "127.0.0.1:0")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("a restore into this folder did not end", ended.stderr)
        for name in os.listdir(self.again):
            os.remove(os.path.join(self.again, name))
        self.restore()
        self.started_again()

    def test_two_backups_at_once(self):
        with open(os.path.join(self.data, "backup.lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertIn("another backup", self.refused("backup", self.copy, "--data", self.data))
        self.back_up()

    def test_help_names_the_commands(self):
        said = self.run_command("--help").stdout
        self.assertIn("belfry-scheduler backup DIR", said)
        for command in ("backup", "restore"):
            done = self.run_command(command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn("belfry-scheduler " + command, done.stdout)
            self.assertEqual(self.run_command(command).returncode, 2)


def tasks_in_running(folder):
    base = sqlite3.connect(f"file:{folder}/belfry.db?mode=ro", uri=True)
    try:
        return [seq for seq, in base.execute("SELECT seq FROM bodies")]
    finally:
        base.close()


class Page(unittest.TestCase):
    """docs/backup.md: its commands, as they stand there, but for the port."""

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="belfry-page-")
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        self.scheduler = Scheduler(folder=os.path.join(self.root, "data")).start()
        self.addCleanup(self.scheduler.stop)

    def shell(self, text):
        done = subprocess.run(
            ["bash", "-eu", "-c", text], cwd=self.root, capture_output=True, text=True,
            timeout=10 * PATIENCE,
            env={**os.environ, "PATH": os.path.dirname(BINARY) + ":" + os.environ["PATH"]})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout, done.stderr

    def said_by(self, text):
        """What the page shows as output, with what differs each time replaced."""
        return re.sub(r"/[\w./-]+/backups|\d{4}-\d\d-\d\dT[\d:.]+Z|\d+ (bytes|%)", "*",
                      text).strip().splitlines()

    def test_its_commands_do_what_it_says(self):
        with open(os.path.join(ROOT, "docs", "backup.md")) as file:
            page = file.read()
        commands = re.findall(r"```sh\n(.*?)```", page, re.S)
        outputs = re.findall(r"```\n([a-z].*?)```", page, re.S)
        self.assertEqual((len(commands), len(outputs)), (6, 2))
        tenant = self.scheduler.tenant()
        for _ in range(7):
            tenant.submit(delayMs=3_600_000)
        said = self.shell(commands[0])[1]
        self.assertEqual(self.said_by(said)[-1], self.said_by(outputs[0])[-1])
        self.assertEqual(self.scheduler.stop(), 0)
        said = self.shell(commands[1])[1]
        self.assertEqual(self.said_by(said)[-1], self.said_by(outputs[1])[-1])
        self.assertEqual(commands[2], "belfry-scheduler --data restored\n")
        again = Scheduler(folder=os.path.join(self.root, "restored")).start()
        self.addCleanup(again.stop)
        there = [text.replace("127.0.0.1:8080", f"127.0.0.1:{again.port}") for text in commands[3:]]
        self.assertIn("POST /api/v1/admin/resume", json.loads(self.shell(there[0])[0])["detail"])
        asked = self.shell(there[1])[0]
        self.assertEqual(json.loads(asked)[0]["counts"]["scheduled"], 7)
        resumed = self.shell(there[1] + there[2])[0]
        self.assertTrue(resumed.endswith('{"paused":false}'), resumed)
        self.assertNotIn("detail", json.loads(self.shell(there[0])[0]))


if __name__ == "__main__":
    unittest.main()
