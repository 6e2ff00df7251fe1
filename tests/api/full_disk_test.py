"""A full disk: creations are refused with 503 storage_unavailable, reads and completions go on, and
when space returns the same process takes creations again, with nothing lost and nothing to repair.

The disk is a small tmpfs in a mount namespace of this process alone. Skipped where the kernel lets
nobody but root make one and the test is not root (no user namespaces)."""
import ctypes
import os
import sqlite3
import subprocess
import tempfile
import time
import unittest

from belfry import PATIENCE, Client, Scheduler

NEW_MOUNTS, NEW_USERS = 0x00020000, 0x10000000
DISK_MIB = 64


def private_mounts():
    """Why this process cannot have mounts of its own, or None."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(NEW_MOUNTS if uid == 0 else NEW_MOUNTS | NEW_USERS) != 0:
        return "unshare: " + os.strerror(ctypes.get_errno())
    if uid != 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"),
                           ("gid_map", f"0 {gid} 1")):
            with open("/proc/self/" + name, "w") as file:
                file.write(text)
    made = subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, text=True)
    return made.stderr or None


class FullDisk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        reason = private_mounts()
        if reason:
            raise unittest.SkipTest("no mounts of its own: " + reason)

    def setUp(self):
        self.disk = tempfile.mkdtemp(prefix="belfry-disk-")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", self.disk],
                       check=True)
        self.addCleanup(os.rmdir, self.disk)
        self.addCleanup(subprocess.run, ["umount", self.disk], check=True)
        self.scheduler = Scheduler(folder=self.disk + "/data").start()
        self.addCleanup(self.scheduler.remove)
        self.tenant = self.scheduler.tenant()

    def fill(self):
        """Takes all space but what the service has put by."""
        with open(self.disk + "/ballast", "ab", buffering=0) as ballast:
            for size in (1 << 20, 1 << 12):
                try:
                    while ballast.write(b"\0" * size) == size:
                        pass
                except OSError:
                    pass

    def fill_until_refused(self):
        """Fills the disk and submits until the answer is no: what was acknowledged, and the no."""
        acknowledged = []
        while True:
            self.fill()
            answer = self.tenant.post("/api/v1/tasks", {
                "taskName": "big", "payload": "x" * 200_000, "delayMs": 3_600_000})
            if answer.status != 201:
                return acknowledged, answer
            acknowledged.append(answer.json["taskId"])
            self.assertLess(len(acknowledged), DISK_MIB * 10, "the disk does not get full")

    def assert_refused(self, answer):
        self.assertEqual((answer.status, answer.problem), (503, "storage_unavailable"), answer.raw)
        self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)

    def wait_for_gauge(self, value):
        deadline = time.monotonic() + 30  # P24
        line = f"belfry_store_full {value}"
        while line not in self.scheduler.operators("/metrics")[1].splitlines():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_a_full_disk_refuses_and_recovers(self):
        work = [self.tenant.submit(queue="pull", target={"type": "worker"})["taskId"]
                for _ in range(20)]
        leased = self.tenant.lease("pull", max=20, leaseMs=600_000)
        self.assertEqual({t["taskId"] for t in leased}, set(work))
        spare = self.tenant.post("/api/v1/api-keys", {"name": "spare"}).json
        hook = self.tenant.post("/api/v1/webhooks", {"url": "http://127.0.0.1:9999/"}).json
        stolen = self.tenant.post("/api/v1/auth/token", {"apiKey": self.tenant.api_key}).json["token"]
        self.wait_for_gauge(0)
        acknowledged, refused = self.fill_until_refused()
        self.assert_refused(refused)
        self.wait_for_gauge(1)
        process = self.scheduler.process.pid

        # Every creation is refused, large or small, of a task or of anything else.
        for path, body in (("tasks", {"taskName": "t"}), ("api-keys", {"name": "k"}),
                           ("webhooks", {"url": "http://127.0.0.1:9999/"})):
            self.assert_refused(self.tenant.post("/api/v1/" + path, body))
        stranger = Client(self.scheduler)
        self.assert_refused(stranger.post("/api/v1/auth/register", {"tenantName": "x"}))
        bulk = self.tenant.post("/api/v1/tasks/bulk", [{"taskName": "t"}] * 3)
        self.assertEqual(bulk.status, 200, bulk.raw)
        self.assertEqual([(r["status"], r["problem"]["type"]) for r in bulk.json["results"]],
                         [(503, "urn:belfry:problem:storage_unavailable")] * 3)

        # Reads, heartbeats and completions go on.
        self.tenant.sign_in()
        for task_id in acknowledged:
            self.assertEqual(self.tenant.task(task_id)["status"], "SCHEDULED")
        for task in leased:
            path = f"/api/v1/tasks/{task['taskId']}"
            token = {"leaseToken": task["leaseToken"]}
            beat = self.tenant.post(path + "/heartbeat", {**token, "extendMs": 600_000})
            self.assertEqual(beat.status, 200, beat.raw)
            done = self.tenant.post(path + "/complete", {**token, "result": "x" * 1000})
            self.assertEqual(done.status, 200, done.raw)
        self.assert_refused(self.tenant.post("/api/v1/tasks", {"taskName": "t"}))
        # No attempt begins whose end might not be written.
        self.assert_refused(self.tenant.post("/api/v1/leases", {"queues": ["pull"], "max": 1}))
        # And what takes a right away: nobody waits for a disk to lock a thief out.
        self.assertEqual(self.tenant.call("DELETE", "/api/v1/api-keys/" + spare["id"]).status, 204)
        self.assertEqual(self.tenant.call("DELETE", "/api/v1/webhooks/" + hook["id"]).status, 204)
        thief = Client(self.scheduler)
        self.assertEqual(thief.post("/api/v1/auth/token", {"apiKey": spare["apiKey"]}).status, 401)
        self.assertEqual(thief.post("/api/v1/auth/revoke", {"token": stolen}).status, 200)
        thief.token = stolen
        self.assertEqual(thief.get("/api/v1/tasks").status, 401)

        # Space returns: the same process goes on by itself.
        os.unlink(self.disk + "/ballast")
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self.tenant.post("/api/v1/tasks", {"taskName": "after"})
            if answer.status == 201:
                break
            self.assert_refused(answer)
            self.assertLess(time.monotonic(), deadline, "it did not recover")
            time.sleep(0.05)
        self.wait_for_gauge(0)
        self.assertEqual(self.scheduler.process.pid, process)
        self.assertEqual(self.tenant.wait(answer.json["taskId"])["status"], "COMPLETED")
        self.assert_all_there(acknowledged, work, answer.json["taskId"])
        self.assertEqual(self.scheduler.stop(), 0)
        self.scheduler.start()
        self.tenant.close()
        self.assert_all_there(acknowledged, work, answer.json["taskId"])

    def test_a_kill_on_a_full_disk_loses_nothing(self):
        acknowledged, refused = self.fill_until_refused()
        self.assert_refused(refused)
        self.scheduler.kill()
        os.unlink(self.disk + "/ballast")
        self.scheduler.start()
        self.tenant.close()
        self.assert_all_there(acknowledged, [], self.tenant.submit(delayMs=3_600_000)["taskId"])

    def recovers(self):
        """Waits until a task is taken again; its id."""
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self.tenant.post("/api/v1/tasks", {"taskName": "after", "delayMs": 3_600_000})
            if answer.status == 201:
                return answer.json["taskId"]
            self.assert_refused(answer)
            self.assertLess(time.monotonic(), deadline, "it did not recover")
            time.sleep(0.05)

    def restart_on_a_full_disk(self, acknowledged):
        self.scheduler.start()
        self.tenant.close()
        self.wait_for_gauge(1)
        self.tenant.sign_in()
        self.assert_refused(self.tenant.post("/api/v1/tasks", {"taskName": "t"}))
        for task_id in acknowledged:
            self.assertEqual(self.tenant.task(task_id)["status"], "SCHEDULED")
        process = self.scheduler.process.pid
        os.unlink(self.disk + "/ballast")
        last = self.recovers()
        self.wait_for_gauge(0)
        self.assertEqual(self.scheduler.process.pid, process)
        self.assert_all_there(acknowledged, [], last)

    def test_a_server_that_met_the_full_disk_starts_on_it_again(self):
        acknowledged, refused = self.fill_until_refused()
        self.assert_refused(refused)
        self.assertEqual(self.scheduler.stop(), 0)
        self.restart_on_a_full_disk(acknowledged)

    def test_a_server_starts_on_a_disk_filled_to_the_last_byte_while_it_was_down(self):
        waiting = [self.tenant.submit(delayMs=3_600_000)["taskId"]]
        self.assertEqual(self.scheduler.stop(), 0)
        self.fill()
        self.restart_on_a_full_disk(waiting)

    def assert_all_there(self, waiting, done, last):
        listed, path = {}, "/api/v1/tasks?limit=500&view=summary"
        while path:
            answer = self.tenant.get(path)
            listed.update({t["taskId"]: t["status"] for t in answer.json})
            link = answer.headers.get("Link")
            path = link.split(">")[0][1:] if link else None
        self.assertEqual(set(listed), {*waiting, *done, last})
        self.assertEqual({listed[i] for i in waiting} | {"SCHEDULED"}, {"SCHEDULED"})
        self.assertEqual({listed[i] for i in done} | {"COMPLETED"}, {"COMPLETED"})
        base = sqlite3.connect(f"file:{self.scheduler.folder}/belfry.db?mode=ro", uri=True)
        self.assertEqual(base.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        base.close()


if __name__ == "__main__":
    unittest.main()
