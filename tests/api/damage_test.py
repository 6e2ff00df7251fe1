"""One bit of the store's file flips while nothing runs: that row's fault, or the file's."""
import os
import random
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

    def test_damage_that_nobody_meets_is_found(self):
        task = self.tenant.submit(payload=MARK, delayMs=3_600_000)
        self.flip()
        self.check_failed(task)

    def change(self, sql):
        """Stops the scheduler, changes its file from outside, starts it."""
        self.assertEqual(self.scheduler.stop(), 0)
        base = sqlite3.connect(self.file())
        base.execute("PRAGMA ignore_check_constraints = ON")
        base.execute(sql)
        base.commit()
        base.close()
        self.scheduler.start()
        self.tenant.close()

    def wait_reported(self):
        deadline = time.monotonic() + PATIENCE
        while self.damaged_rows() == 0:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def test_a_waiting_task_with_a_wrong_time_or_number_fails_and_is_not_run(self):
        for column in ("next_at", "rank", "run", "attempt", "failures", "expires_at", "started_at"):
            with self.subTest(column):
                task = self.tenant.submit(delayMs=3_600_000, target=self.receiver.target())
                self.change(f"UPDATE live SET {column} = coalesce({column}, 0) - 3599000 "
                            "WHERE seq = (SELECT max(seq) FROM live)")
                ended = self.wait_listed(task, "FAILED")
                self.assertTrue(ended["errorMessage"].startswith("stored_data_damaged"), ended)
                self.assert_not_served(task)
        self.assertEqual(self.receiver.of("/run"), [])
        self.assert_goes_on()

    def test_a_finished_task_with_a_wrong_time_or_number_is_not_served(self):
        for table, column in (("outcomes", "finished_at"), ("outcomes", "attempt"),
                              ("outcomes", "error"), ("bodies", "priority"), ("bodies", "name")):
            with self.subTest(table + "." + column):
                task = self.tenant.submit(target={"type": "echo"})
                self.tenant.wait(task["taskId"])
                self.change(f"UPDATE {table} SET {column} = coalesce({column}, 0) || '4' "
                            f"WHERE seq = (SELECT max(seq) FROM {table})")
                for view in ("", "&view=summary"):
                    self.assertIn("stored_data_damaged", self.listed(task, view)["errorMessage"])
                self.assert_not_served(task)
                again = self.tenant.post(f"/api/v1/tasks/{task['taskId']}/retry")
                self.assertEqual(again.status, 503, again.raw)
        self.assert_goes_on()

    def seen(self):
        """What the lists say of each task that they show undamaged, by list."""
        tasks = {}
        for status in ("", "SCHEDULED", "PENDING", "RUNNING", "COMPLETED", "CANCELLED"):
            found = self.tenant.get("/api/v1/tasks?limit=100" + (status and "&status=" + status))
            if found.status == 503:
                raise ConnectionError(found.raw)  # the store failed
            self.assertEqual(found.status, 200, found.raw)
            for row in found.json:
                if not (row["errorMessage"] or "").startswith("stored_data_damaged"):
                    tasks[status + " " + row["taskId"]] = row
        return tasks

    def check_told(self, before):
        """Starts on a changed file: each task is told as before or not at all, and then the damage
        is reported. Returns whether there was any."""
        try:
            self.scheduler.start()
        except RuntimeError:
            return True  # refused
        self.tenant.close()
        try:
            seen = self.seen()
            self.assertEqual({key: row for key, row in seen.items() if before.get(key) != row}, {})
            if seen.keys() == before.keys():
                return False
            self.wait_reported()
        except OSError:
            self.assertEqual(self.scheduler.process.wait(PATIENCE), 1)
        finally:
            self.scheduler.stop()
        return True

    def test_mutated_pages_are_told_right_or_reported(self):
        self.tenant.call("PUT", "/api/v1/queues/held", {})
        self.tenant.post("/api/v1/queues/held/pause")
        for n in range(6):
            self.tenant.submit(queue="held", payload=f"waits {n}")
            self.tenant.submit(delayMs=3_600_000 + n, payload=f"later {n}")
            done = self.tenant.submit(target={"type": "echo"}, payload=f"done {n}")
            self.tenant.wait(done["taskId"])
            gone = self.tenant.submit(queue="held", payload=f"gone {n}")
            self.tenant.post(f"/api/v1/tasks/{gone['taskId']}/cancel")
        before = self.seen()
        self.assertGreater(len(before), 40)
        self.assertEqual(self.scheduler.stop(), 0)
        with open(self.file(), "rb") as file:
            sound = file.read()
        base = sqlite3.connect(self.file())
        pages = [row[0] for row in base.execute(
            "SELECT rootpage FROM sqlite_schema WHERE tbl_name IN ('bodies', 'live', 'outcomes') "
            "AND rootpage > 0")]
        base.close()
        chance = random.Random(5)
        told = 0
        for trial in range(24):
            data = bytearray(sound)
            # In what is written of a page, which grows from its end.
            at = chance.choice(pages) * 4096 - 1 - chance.randrange(600)
            data[at] ^= 1 << chance.randrange(8)
            with open(self.file(), "wb") as file:
                file.write(data)
            with self.subTest(trial=trial, at=at):
                told += self.check_told(before)
        self.assertGreater(told, 3)
        with open(self.file(), "wb") as file:
            file.write(sound)
        self.scheduler.start()

    def test_an_index_that_lacks_a_row_is_reported(self):
        task = self.tenant.submit(delayMs=3_600_000)
        self.assertEqual(self.scheduler.stop(), 0)
        base = sqlite3.connect(self.file())
        base.execute("PRAGMA writable_schema = ON")
        base.execute("UPDATE sqlite_schema SET sql = 'CREATE INDEX live_due ON live (rank) "
                     "WHERE status = 1' WHERE name = 'live_due'")
        base.commit()
        base.close()
        base = sqlite3.connect(self.file())
        base.execute("REINDEX live_due")
        base.execute("PRAGMA writable_schema = ON")
        base.execute("UPDATE sqlite_schema SET sql = 'CREATE INDEX live_due ON live (next_at) "
                     "WHERE status = 1' WHERE name = 'live_due'")
        base.commit()
        base.close()
        self.scheduler.start()
        self.tenant.close()
        self.wait_reported()
        self.assertIn("an index lacks the task's row", self.log())
        self.assertEqual(self.tenant.task(task["taskId"])["status"], "SCHEDULED")

    def test_a_sound_store_reports_nothing(self):
        self.tenant.submit(payload=MARK)
        self.assertEqual(self.scheduler.stop(), 0)
        self.scheduler.start()
        self.tenant.close()
        self.assertEqual(self.tenant.lease()[0]["payload"], MARK)
        deadline = time.monotonic() + PATIENCE
        while "belfry_store_scrubs_total 0" in self.scheduler.operators("/metrics")[1]:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
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
