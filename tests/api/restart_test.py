"""What a stop and a start leave as it was, and what a drain does with what runs."""
import threading
import unittest

from belfry import Client, Receiver, Scheduler


class Restarts(unittest.TestCase):
    def setUp(self):
        self.scheduler = Scheduler().start()
        self.receiver = Receiver()

    def tearDown(self):
        self.scheduler.remove()
        self.receiver.close()

    def test_everything_survives_a_restart(self):
        tenant = self.scheduler.tenant()
        task = tenant.submit(delayMs=1500, target=self.receiver.target())
        key = {"Idempotency-Key": "once"}
        body = {"taskName": "t", "delayMs": 60000}
        first = tenant.post("/api/v1/tasks", body, headers=key)
        self.assertEqual(self.scheduler.stop(), 0)
        self.scheduler.start()
        tenant.close()
        self.assertEqual(tenant.post("/api/v1/tasks", body, headers=key).raw, first.raw)
        self.receiver.wait_for("/run")
        self.assertEqual(tenant.wait(task["taskId"])["status"], "COMPLETED")

    def test_a_stop_lets_running_pushes_end(self):
        release = threading.Event()
        self.receiver.script["/run"] = [release]
        tenant = self.scheduler.tenant()
        task = tenant.submit(target=self.receiver.target())
        self.receiver.wait_for("/run")
        threading.Timer(0.5, release.set).start()
        self.assertEqual(self.scheduler.stop(), 0)
        self.scheduler.start()
        tenant.close()
        self.assertEqual(tenant.task(task["taskId"])["status"], "COMPLETED")
        self.assertEqual(len(self.receiver.of("/run")), 1)

    def test_a_stop_hands_back_what_does_not_end(self):
        self.scheduler.stop()
        self.scheduler.flags = ("--drain-ms", "500")
        self.scheduler.start()
        release = threading.Event()
        self.receiver.script["/run"] = [release, (200, {}, b"")]
        tenant = self.scheduler.tenant()
        task = tenant.submit(target=self.receiver.target(), maxRetries=1)
        self.receiver.wait_for("/run")
        self.assertEqual(self.scheduler.stop(), 0)
        self.scheduler.start()
        tenant.close()
        done = tenant.wait(task["taskId"])
        release.set()
        self.assertEqual((done["status"], done["attempt"], done["retryCount"]), ("COMPLETED", 2, 0))

    def test_a_second_server_on_the_same_data_is_refused(self):
        with self.assertRaises(RuntimeError):
            Scheduler(folder=self.scheduler.folder).start()
        self.assertEqual(Client(self.scheduler).get("/readyz").status, 200)


if __name__ == "__main__":
    unittest.main()
