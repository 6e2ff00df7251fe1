"""The original project's own requests work unchanged (CONVENTIONS section 1, field for field)."""
import json
import re
import unittest

from belfry import Client, Receiver, Scheduler

TASK_FIELDS = {"taskId", "tenantId", "taskName", "payload", "callbackUrl", "status", "submittedAt",
               "scheduledFor", "startedAt", "completedAt", "result", "errorMessage", "priority",
               "retryCount", "maxRetries"}


class Original(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scheduler = Scheduler().start()
        cls.receiver = Receiver()

    @classmethod
    def tearDownClass(cls):
        cls.scheduler.remove()
        cls.receiver.close()

    def test_register_and_token(self):
        client = Client(self.scheduler)
        made = client.post("/api/v1/auth/register", {"tenantName": "seed"}).json
        self.assertRegex(made["tenantId"], r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        got = client.post("/api/v1/auth/token", {"apiKey": made["apiKey"]}).json
        self.assertEqual(got["tenantId"], made["tenantId"])
        self.assertEqual(got["token"], got["access_token"])
        self.assertEqual(got["expires_in"], 3600)

    def test_a_task_from_submission_to_callback(self):
        tenant = self.scheduler.tenant()
        payload = json.dumps({"invoice": 17})
        task = tenant.submit(taskName="reconcile", payload=payload,
                             callbackUrl=self.receiver.url("/callback"), scheduledFor=None,
                             priority=8, maxRetries=3)
        self.assertLessEqual(TASK_FIELDS, set(task))
        self.assertNotIn("id", task)
        self.assertEqual(task["payload"], payload)
        self.assertEqual((task["status"], task["priority"], task["retryCount"], task["maxRetries"]),
                         ("PENDING", 8, 0, 3))
        for field in ("scheduledFor", "startedAt", "completedAt", "result", "errorMessage"):
            self.assertIsNone(task[field])
        done = tenant.wait(task["taskId"])
        self.assertEqual(done["status"], "COMPLETED")
        callback = self.receiver.wait_for("/callback")[0].json
        for field in ("taskId", "status", "result", "errorMessage", "completedAt"):
            self.assertEqual(callback[field], done[field], field)

    def test_a_time_without_zone_and_with_nine_digits(self):
        tenant = self.scheduler.tenant()
        task = tenant.submit(taskName="renew", payload="{}", scheduledFor="2027-01-31T08:00:00.123456789")
        self.assertEqual(task["status"], "SCHEDULED")
        self.assertEqual(task["scheduledFor"], "2027-01-31T08:00:00.123Z")

    def test_the_list_is_a_bare_array_and_status_is_upper_cased(self):
        tenant = self.scheduler.tenant()
        task = tenant.submit(payload="{}")
        tenant.wait(task["taskId"])
        tenant.submit(payload="{}", scheduledFor="2027-01-31T08:00")
        everything = tenant.get("/api/v1/tasks").json
        self.assertIsInstance(everything, list)
        self.assertEqual(len(everything), 2)
        completed = tenant.get("/api/v1/tasks?status=completed").json
        self.assertEqual([t["taskId"] for t in completed], [task["taskId"]])

    def test_cancel_answers_with_an_empty_body(self):
        tenant = self.scheduler.tenant()
        task = tenant.submit(scheduledFor="2027-01-31T08:00")
        answer = tenant.call("DELETE", "/api/v1/tasks/" + task["taskId"])
        self.assertEqual((answer.status, answer.raw), (200, b""))
        self.assertEqual(tenant.task(task["taskId"])["status"], "CANCELLED")

    def test_metrics_have_the_six_counters_on_top(self):
        tenant = self.scheduler.tenant()
        tenant.wait(tenant.submit()["taskId"])
        metrics = tenant.get("/api/v1/metrics").json
        self.assertEqual({k: metrics[k] for k in ("pending", "scheduled", "running", "completed",
                                                  "failed", "total")},
                         {"pending": 0, "scheduled": 0, "running": 0, "completed": 1, "failed": 0,
                          "total": 1})

    def test_health_as_before(self):
        answer = Client(self.scheduler).get("/actuator/health")
        self.assertEqual((answer.status, answer.json["status"]), (200, "UP"))
        self.assertTrue(re.search("flushed", answer.json["durability"]))


if __name__ == "__main__":
    unittest.main()
