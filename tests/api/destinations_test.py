"""Destinations that do not respond: what waits for them says so, and nobody else is harmed."""
import socket
import threading
import unittest

import belfry


def closed_port():
    """A port that refuses connections as long as the socket is kept."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    return holder, holder.getsockname()[1]


class ClosesSoon(belfry.Listener):
    """Answers each request, and ends the connection 50 ms afterwards without saying so before."""

    def serve(self, peer):
        with peer:
            data = b""
            while b"\r\n\r\n" not in data:
                more = peer.recv(65536)
                if not more:
                    return
                data += more
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            threading.Event().wait(0.05)


class DestinationsTest(unittest.TestCase):
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

    def test_tasks_for_a_closed_port_say_why_they_wait(self):
        holder, port = closed_port()
        self.addCleanup(holder.close)
        target = {"type": "http", "url": f"http://127.0.0.1:{port}/run"}
        tasks = [self.tenant.submit(target=target)["taskId"] for _ in range(40)]

        def parked():
            listed = self.tenant.get("/api/v1/tasks?status=PENDING&limit=100").json
            found = [t for t in listed if (t["waiting"] or {}).get("reason") == "destination_open"]
            return found if len(found) >= 20 else None

        found = belfry.until(parked)
        waiting = found[0]["waiting"]
        self.assertEqual(waiting["destination"], f"http://127.0.0.1:{port}")
        self.assertEqual(waiting["lastError"], "connect_failed")
        self.assertIn("nextProbeAt", waiting)
        self.assertEqual(found[0]["attempt"], 0)
        self.assertEqual(found[0]["startedAt"], None)
        metrics = self.tenant.get("/api/v1/metrics").json
        told = metrics["destinations"][0]
        self.assertEqual((told["destination"], told["state"]), (waiting["destination"], "open"))
        self.assertGreaterEqual(told["waiting"], 20)
        self.assertGreaterEqual(metrics["pending"], 20)
        # When somebody listens there again, all of them run, the waiting ones with their first number.
        holder.close()
        peer = belfry.Receiver(("127.0.0.1", port))
        self.addCleanup(peer.close)
        for task in tasks:
            self.tenant.wait(task, "COMPLETED")
        attempts = [int(r.headers["Belfry-Attempt"]) for r in peer.of("/run")]
        self.assertGreaterEqual(attempts.count(1), 20)

    def test_a_path_that_answers_500_stops_no_other(self):
        self.receiver.script["/bad"] = [(500, {}, b"")]
        bad = [self.tenant.submit(target=self.receiver.target("/bad"), maxRetries=2)["taskId"]
               for _ in range(30)]
        good = [self.tenant.submit(target=self.receiver.target("/good"), maxRetries=1)["taskId"]
                for _ in range(10)]
        for task in good:
            self.tenant.wait(task, "COMPLETED")
        for task in bad:  # its own answers end each of them
            self.assertIn("500", self.tenant.wait(task, "FAILED")["errorMessage"])

    def test_a_task_with_one_attempt_does_not_meet_a_stale_connection(self):
        peer = ClosesSoon()
        self.addCleanup(peer.close)
        target = {"type": "http", "url": f"http://127.0.0.1:{peer.port}/run"}
        for _ in range(10):
            task = self.tenant.submit(target=target, maxRetries=1)["taskId"]
            self.assertEqual(self.tenant.wait(task, "COMPLETED", "FAILED")["status"], "COMPLETED")


if __name__ == "__main__":
    unittest.main()
