"""What explains: why a task waits, what stands before it, and what fails, in groups."""
import threading
import unittest

import belfry


class InsightTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scheduler = belfry.Scheduler().start()
        cls.receiver = belfry.Receiver()

    @classmethod
    def tearDownClass(cls):
        cls.receiver.close()
        cls.scheduler.remove()

    def setUp(self):
        self.tenant = self.scheduler.tenant(self.id())
        self.path = "/" + self.id()
        self.target = self.receiver.target(self.path)

    def put_queue(self, name, **settings):
        self.assertLess(self.tenant.call("PUT", f"/api/v1/queues/{name}", settings).status, 300)

    def waiting(self, task):
        """The same in the list and in the task itself, but for what only the latter tells."""
        whole = self.tenant.task(task)["waiting"]
        listed = {t["taskId"]: t for t in self.tenant.get("/api/v1/tasks?view=summary").json}[task]["waiting"]
        short = {k: v for k, v in whole.items() if k not in ("ahead", "expectedStartAt")} if whole else None
        self.assertEqual(listed, short)
        return whole

    def errors(self, query=""):
        return self.tenant.get("/api/v1/errors" + query).json

    # --- why ---

    def test_a_task_that_is_not_due(self):
        task = self.tenant.submit(delayMs=600_000)
        waiting = self.waiting(task["taskId"])
        self.assertEqual((waiting["reason"], waiting["since"]), ("not_due", task["submittedAt"]))
        self.assertNotIn("ahead", waiting)

    def test_a_task_before_its_next_attempt(self):
        task = self.tenant.submit(target={"type": "echo", "failTimes": 1}, retry={"initialMs": 600_000, "maxMs": 600_000})["taskId"]
        self.tenant.wait(task, "SCHEDULED")
        waiting = self.waiting(task)
        self.assertEqual((waiting["reason"], waiting["since"]), ("retry_backoff", None))

    def test_a_paused_queue_and_the_place_in_it(self):
        self.put_queue("still")
        self.tenant.post("/api/v1/queues/still/pause")
        tasks = [self.tenant.submit(queue="still", target=self.target, priority=p)["taskId"] for p in (5, 5, 9, 1)]
        said = [self.waiting(t) for t in tasks]
        self.assertEqual({w["reason"] for w in said}, {"queue_paused"})
        self.assertEqual([w["ahead"] for w in said], [1, 2, 0, 3])
        self.assertEqual(said[0]["since"], self.tenant.task(tasks[0])["submittedAt"])
        self.assertNotIn("expectedStartAt", said[0])

    def test_a_queue_at_its_limit_and_when_its_turn_comes(self):
        release = threading.Event()
        self.receiver.script[self.path] = [release]
        self.put_queue("narrow", concurrencyLimit=1)
        for task in [self.tenant.submit(queue="narrow", target={"type": "echo"})["taskId"] for _ in range(12)]:
            self.tenant.wait(task, "COMPLETED")
        self.tenant.wait(self.tenant.submit(queue="narrow", target=self.target)["taskId"], "RUNNING")
        self.tenant.submit(queue="narrow", target=self.target)
        waiting = self.waiting(self.tenant.submit(queue="narrow", target=self.target)["taskId"])
        release.set()
        self.assertEqual((waiting["reason"], waiting["ahead"]), ("queue_limit", 1))
        self.assertGreater(waiting["expectedStartAt"], waiting["since"])

    def test_a_tenant_at_its_limit(self):
        belfry.operator(self.scheduler).call("PATCH", f"/api/v1/admin/tenants/{self.tenant.id}/limits", {"runningMax": 1})
        release = threading.Event()
        self.receiver.script[self.path] = [release]
        self.tenant.wait(self.tenant.submit(target=self.target)["taskId"], "RUNNING")
        waiting = self.waiting(self.tenant.submit(queue="other", target=self.target)["taskId"])
        release.set()
        self.assertEqual(waiting["reason"], "tenant_limit")

    def test_no_worker(self):
        task = self.tenant.submit(target={"type": "worker"})["taskId"]
        self.assertEqual(self.waiting(task)["reason"], "no_worker")
        self.tenant.lease()
        self.assertIsNone(self.waiting(task))

    # --- what is next ---

    def test_what_is_due_next_comes_first(self):
        later, soon = (self.tenant.submit(delayMs=ms)["taskId"] for ms in (900_000, 600_000))
        self.tenant.submit(target={"type": "worker"})
        self.assertEqual([t["taskId"] for t in self.tenant.get("/api/v1/tasks/upcoming").json], [soon, later])
        first = self.tenant.get("/api/v1/tasks/upcoming?limit=1").json
        self.assertEqual([t["waiting"]["reason"] for t in first], ["not_due"])
        self.assertNotIn("payload", first[0])
        self.assertEqual(self.tenant.get("/api/v1/tasks/upcoming?limit=0").status, 400)
        self.assertEqual(self.scheduler.tenant("another").get("/api/v1/tasks/upcoming").json, [])

    # --- what fails ---

    def test_errors_of_one_cause_are_one_group(self):
        self.receiver.script[self.path] = [(410, {}, f"mailbox {n} is gone".encode()) for n in (4711, 12, 99)]
        failed = []
        for name in ("mail", "mail", "mail", "other"):
            failed.append(self.tenant.submit(taskName=name, target=self.target)["taskId"])
            self.tenant.wait(failed[-1], "FAILED")
        other = failed.pop()
        told = self.errors()
        self.assertTrue(told["exact"])
        self.assertEqual([(e["taskName"], e["count"]) for e in told["errors"]], [("mail", 3), ("other", 1)])
        mail = told["errors"][0]
        self.assertEqual(mail["pattern"], "the target answered 410: mailbox # is gone")
        self.assertIn(mail["lastTaskId"], failed)
        self.assertEqual(mail["errorMessage"], self.tenant.task(mail["lastTaskId"])["errorMessage"])
        self.assertEqual(mail["lastAt"], max(self.tenant.task(t)["completedAt"] for t in failed))
        self.assertEqual(mail["firstAt"], min(self.tenant.task(t)["completedAt"] for t in failed))
        self.assertNotEqual(mail["fingerprint"], told["errors"][1]["fingerprint"])

        self.receiver.script[self.path] = [(200, {}, b"")]
        self.tenant.post(f"/api/v1/tasks/{other}/retry")
        self.tenant.wait(other, "COMPLETED")
        self.assertEqual([e["taskName"] for e in self.errors()["errors"]], ["mail"], "what was retried counts no more")

    def test_nobody_sees_anothers_errors(self):
        task = self.tenant.submit(target={"type": "echo", "failTimes": 9}, retry={"maxAttempts": 1})["taskId"]
        self.tenant.wait(task, "FAILED")
        self.assertEqual(self.scheduler.tenant("another").get("/api/v1/errors").json["errors"], [])
        self.assertEqual(len(self.errors("?range=15m")["errors"]), 1)
        self.assertEqual(self.tenant.get("/api/v1/errors?range=1w").status, 400)


if __name__ == "__main__":
    unittest.main()
