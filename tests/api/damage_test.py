"""One bit of the store's file flips while nothing runs: that row's fault, or the file's."""
import os
import re
import sqlite3
import tempfile
import time
import unittest

from belfry import PATIENCE, Client, Receiver, Scheduler

MARK = "the bytes that flip"


class Damage(unittest.TestCase):
    def setUp(self):
        self.errors = tempfile.TemporaryFile("w+")
        self.scheduler = Scheduler("--default-target", "worker", errors=self.errors).start()
        self.receiver = Receiver()
        self.tenant = self.scheduler.tenant()

    def tearDown(self):
        self.scheduler.remove()
        self.receiver.close()
        self.errors.close()

    def file(self):
        return os.path.join(self.scheduler.folder, "belfry.db")

    def flip(self, text=MARK):
        """Stops the scheduler, flips one bit inside each place that holds `text`, starts it."""
        self.assertEqual(self.scheduler.stop(), 0)
        with open(self.file(), "r+b") as file:
            data = bytearray(file.read())
            places = [at.start() + 4 for at in re.finditer(re.escape(text.encode()), data)]
            self.assertTrue(places)
            for at in places:
                data[at] ^= 1
            file.seek(0)
            file.write(data)
        self.scheduler.start()
        self.tenant.close()

    def log(self):
        self.errors.seek(0)
        return self.errors.read()

    def damaged_rows(self):
        text = self.scheduler.operators("/metrics")[1]
        return int(re.search(r"^belfry_store_damaged_rows (\d+)", text, re.M).group(1))

    def listed(self, task, query=""):
        found = self.tenant.get("/api/v1/tasks?limit=100" + query)
        self.assertEqual(found.status, 200, found.raw)
        one, = [row for row in found.json if row["taskId"] == task["taskId"]]
        return one

    def wait_listed(self, task, status):
        deadline = time.monotonic() + PATIENCE
        while self.listed(task, "&view=summary")["status"] != status:
            self.assertLess(time.monotonic(), deadline, self.listed(task, "&view=summary"))
            time.sleep(0.02)
        return self.listed(task)

    def assert_not_served(self, task):
        answer = self.tenant.get("/api/v1/tasks/" + task["taskId"])
        self.assertEqual((answer.status, answer.problem), (503, "storage_unavailable"))
        self.assertIn("stored_data_damaged", answer.json["detail"])
        self.assertIn("Retry-After", answer.headers)

    def assert_goes_on(self):
        self.assertEqual(Client(self.scheduler).get("/readyz").status, 200)
        done = self.tenant.submit(target={"type": "echo"}, payload="sound")
        self.assertEqual(self.tenant.wait(done["taskId"])["result"], "sound")

    def check_failed(self, task):
        ended = self.wait_listed(task, "FAILED")
        self.assertTrue(ended["errorMessage"].startswith("stored_data_damaged"), ended)
        self.assertIsNone(ended["payload"])
        self.assert_not_served(task)
        self.assertEqual(self.damaged_rows(), 1)
        lines = [line for line in self.log().splitlines() if "damaged row" in line]
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("table=bodies", lines[0])
        self.assertIn(task["taskId"], lines[0])
        self.assert_goes_on()

    def test_a_pushed_task_with_a_damaged_payload_fails_alone(self):
        self.tenant.call("PUT", "/api/v1/queues/held", {})
        self.tenant.post("/api/v1/queues/held/pause")
        task = self.tenant.submit(queue="held", payload=MARK, target=self.receiver.target(),
                                  callbackUrl=self.receiver.url("/end"))
        sound = [self.tenant.submit(queue="held", payload=str(n), target=self.receiver.target())
                 for n in range(3)]
        self.flip()
        self.tenant.post("/api/v1/queues/held/resume")
        for one in sound:
            self.assertEqual(self.tenant.wait(one["taskId"])["status"], "COMPLETED")
        end, = self.receiver.wait_for("/end")
        self.assertEqual((end.json["taskId"], end.json["status"]), (task["taskId"], "FAILED"))
        self.assertTrue(end.json["errorMessage"].startswith("stored_data_damaged"))
        self.assertEqual(len(self.receiver.of("/run")), 3)
        self.check_failed(task)

    def test_workers_pass_a_damaged_task_by(self):
        task = self.tenant.submit(payload=MARK, priority=10)
        sound = self.tenant.submit(payload="sound")
        self.flip()
        lease, = self.tenant.lease(max=10)
        self.assertEqual(lease["taskId"], sound["taskId"])
        self.check_failed(task)

    def test_a_damaged_task_that_waits_for_its_time_fails_once_it_is_read(self):
        task = self.tenant.submit(payload=MARK, delayMs=3_600_000)
        self.flip()
        self.assert_not_served(task)
        self.check_failed(task)

    def test_a_running_task_whose_payload_is_damaged_fails_once_it_is_read(self):
        task = self.tenant.submit(payload=MARK)
        lease, = self.tenant.lease(leaseMs=600_000)
        self.flip()
        self.assert_not_served(task)
        self.check_failed(task)
        late = self.tenant.post(f"/api/v1/tasks/{task['taskId']}/complete",
                                {"leaseToken": lease["leaseToken"]})
        self.assertIn(late.status, (409, 503))

    def test_a_damaged_result_is_not_served_and_its_task_stays_as_it_ended(self):
        task = self.tenant.submit()
        lease, = self.tenant.lease()
        answer = self.tenant.post(f"/api/v1/tasks/{task['taskId']}/complete",
                                  {"leaseToken": lease["leaseToken"], "result": MARK})
        self.assertEqual(answer.status, 200)
        self.flip()
        self.assert_not_served(task)
        listed = self.listed(task)
        self.assertEqual((listed["status"], listed["result"]), ("COMPLETED", None))
        self.assertIn("stored_data_damaged", listed["errorMessage"])
        self.assert_goes_on()

    def test_a_sound_store_reports_nothing(self):
        self.tenant.submit(payload=MARK)
        self.assertEqual(self.scheduler.stop(), 0)
        self.scheduler.start()
        self.tenant.close()
        self.assertEqual(self.tenant.lease()[0]["payload"], MARK)
        self.assertEqual(self.damaged_rows(), 0)

    def test_a_damaged_page_ends_the_service_and_the_next_start_says_the_way_out(self):
        task = self.tenant.submit(payload="sound")
        self.assertEqual(self.scheduler.stop(), 0)
        base = sqlite3.connect(self.file())
        page, = base.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'bodies'").fetchone()
        base.close()
        with open(self.file(), "r+b") as file:
            file.seek((page - 1) * 4096)
            file.write(b"\xee" * 4096)
        # The newest id is looked for at the start, so that it may be refused already.
        try:
            self.scheduler.start()
            self.tenant.close()
            try:
                self.tenant.get("/api/v1/tasks/" + task["taskId"])
            except OSError:
                pass
            self.assertEqual(self.scheduler.process.wait(PATIENCE), 1)
            self.scheduler.stop()
        except RuntimeError:
            pass
        with self.assertRaises(RuntimeError):
            self.scheduler.start()
        self.assertIn("restore a backup", self.log().splitlines()[-1])


if __name__ == "__main__":
    unittest.main()
