"""SIGTERM with work under way, and a second server on the same data."""
import os
import signal
import socket
import tempfile
import threading
import time
import unittest

from belfry import Client, PATIENCE, Receiver, Scheduler

READY_MAX = 1.0  # seconds until a stopping server must say that it is not ready (P16)


class Stop(unittest.TestCase):
    def setUp(self):
        self.scheduler = Scheduler().start()
        self.addCleanup(self.scheduler.remove)
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.tenant = self.scheduler.tenant()

    def wait_until_not_ready(self):
        """How long the operators' listener still said that all is well."""
        began = time.monotonic()
        while self.scheduler.operators("/healthz")[0] == 200:
            self.assertLess(time.monotonic() - began, PATIENCE)
        return time.monotonic() - began

    def test_a_drain_finishes_what_runs_and_starts_nothing(self):
        release = threading.Event()
        self.receiver.script["/run"] = [release]
        self.tenant.call("PUT", "/api/v1/queues/one", {"concurrencyLimit": 1})
        tasks = [self.tenant.submit(queue="one", target=self.receiver.target(), maxRetries=1,
                                    callbackUrl=self.receiver.url("/callback")) for _ in range(3)]
        self.receiver.wait_for("/run")
        polled = []
        poller = Client(self.scheduler, self.tenant.token)
        poll = threading.Thread(target=lambda: polled.append(
            poller.post("/api/v1/leases", {"queues": ["pulled"], "waitMs": 20_000})))
        poll.start()
        self.assertEqual(self.scheduler.operators("/healthz")[0], 200)
        self.scheduler.process.send_signal(signal.SIGTERM)
        self.assertLess(self.wait_until_not_ready(), READY_MAX)
        poll.join(READY_MAX * 10)
        self.assertFalse(poll.is_alive(), "the long poll outlived the stop")
        self.assertIsNone(self.scheduler.process.poll(), "it did not wait for the push")
        with self.assertRaises(OSError):
            Client(self.scheduler).get("/readyz")
        release.set()
        self.assertEqual(self.scheduler.process.wait(PATIENCE), 0)
        self.scheduler.process.stdout.close()
        self.assertEqual(len(self.receiver.of("/run")), 1, "a push was started while stopping")
        self.receiver.script["/run"] = [(200, {}, b"")]
        self.scheduler.start()
        self.tenant.close()
        for task in tasks:
            done = self.tenant.wait(task["taskId"])
            self.assertEqual((done["status"], done["attempt"], done["retryCount"]),
                             ("COMPLETED", 1, 0))
        self.receiver.wait_for("/callback", 3)
        self.assertEqual(len(self.receiver.of("/run")), 3)

    def test_nothing_is_claimed_while_a_request_holds_up_the_stop(self):
        release = threading.Event()
        self.receiver.script["/run"] = [release, (200, {}, b"")]
        self.tenant.call("PUT", "/api/v1/queues/one", {"concurrencyLimit": 1})
        first, second = (self.tenant.submit(queue="one", target=self.receiver.target(),
                                            callbackUrl=self.receiver.url("/callback"))
                         for _ in range(2))
        self.receiver.wait_for("/run")
        body = b'{"taskName":"t"}'
        with socket.create_connection(("127.0.0.1", self.scheduler.port), PATIENCE) as slow:
            slow.sendall(b"POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\n"
                         b"Content-Type: application/json\r\nExpect: 100-continue\r\n"
                         b"Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n"
                         % (self.tenant.token.encode(), len(body)))
            self.assertTrue(slow.recv(1024).startswith(b"HTTP/1.1 100"))
            self.scheduler.process.send_signal(signal.SIGTERM)
            self.wait_until_not_ready()
            release.set()
            # The first has ended, its place is free, and the stop waits for the request's body.
            self.receiver.wait_for("/callback")
            self.assertIsNone(self.scheduler.process.poll())
            slow.sendall(body)
            self.assertTrue(slow.recv(1024).startswith(b"HTTP/1.1 201"))
        self.assertEqual(self.scheduler.process.wait(PATIENCE), 0)
        self.scheduler.process.stdout.close()
        self.assertEqual(len(self.receiver.of("/run")), 1, "a push was started while stopping")
        self.scheduler.start()
        self.tenant.close()
        for task in (first, second):
            self.assertEqual(self.tenant.wait(task["taskId"])["status"], "COMPLETED")

    def test_what_does_not_end_in_time_is_handed_back_uncounted(self):
        self.scheduler.stop()
        self.scheduler.flags = ("--drain-ms", "300")
        self.scheduler.start()
        self.tenant.close()
        release = threading.Event()
        self.receiver.script["/run"] = [release, (200, {}, b"")]
        task = self.tenant.submit(target=self.receiver.target(), maxRetries=1)
        self.receiver.wait_for("/run")
        self.assertEqual(self.scheduler.stop(), 0)
        self.scheduler.start()
        self.tenant.close()
        done = self.tenant.wait(task["taskId"])
        release.set()
        # One attempt is allowed; the one that the stop cut off was not it.
        self.assertEqual((done["status"], done["attempt"], done["retryCount"]), ("COMPLETED", 2, 0))
        self.assertEqual([a["outcome"] for a in done["attempts"]], ["released", "completed"])

    def test_idempotent_answers_outlive_stops_and_kills(self):
        body = {"taskName": "t", "payload": {"n": 1}, "delayMs": 3_600_000}
        key = {"Idempotency-Key": '"once"'}
        bulk = [{"taskName": "b", "delayMs": 3_600_000}, {"nonsense": 1}]
        first = self.tenant.post("/api/v1/tasks", body, headers=key)
        many = self.tenant.post("/api/v1/tasks/bulk", bulk, headers={"Idempotency-Key": "many"})
        self.assertEqual((first.status, many.status), (201, 200))
        for end in (self.scheduler.stop, self.scheduler.kill):
            end()
            self.scheduler.start()
            self.tenant.close()
            again = self.tenant.post("/api/v1/tasks", body, headers=key)
            self.assertEqual((again.status, again.raw, again.headers["Location"]),
                             (first.status, first.raw, first.headers["Location"]))
            self.assertEqual(again.headers["Idempotency-Replayed"], "true")
            again = self.tenant.post("/api/v1/tasks/bulk", bulk,
                                     headers={"Idempotency-Key": "many"})
            self.assertEqual((again.status, again.raw), (many.status, many.raw))
            other = self.tenant.post("/api/v1/tasks", {**body, "payload": 2}, headers=key)
            self.assertEqual((other.status, other.problem), (422, "idempotency_mismatch"))
        self.assertEqual(len(self.tenant.get("/api/v1/tasks").json), 2)

    def test_a_second_server_on_the_same_data_is_refused(self):
        with tempfile.TemporaryFile("w+") as errors:
            with self.assertRaisesRegex(RuntimeError, "ended with [1-9]"):
                Scheduler(folder=self.scheduler.folder, errors=errors).start()
            errors.seek(0)
            self.assertIn("another server uses this store", errors.read())
        link = self.scheduler.folder + "-link"  # by another name it is the same store
        os.symlink(self.scheduler.folder, link)
        self.addCleanup(os.unlink, link)
        with tempfile.TemporaryFile("w+") as errors, self.assertRaises(RuntimeError):
            Scheduler(folder=link, errors=errors).start()
        task = self.tenant.submit()
        self.assertEqual(self.tenant.wait(task["taskId"])["status"], "COMPLETED")


if __name__ == "__main__":
    unittest.main()
