"""Destinations that do not respond: what waits for them says so, and nobody else is harmed."""
import http.client
import socket
import threading
import time
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


class Handler(belfry.Listener):
    """Keeps its connections open. It answers 200 to what `serves` gives a true value for, and ends the
    connection without an answer otherwise. `calls` are the heads of all requests in their order, `times`
    when they came, and `served` the heads of those that got an answer."""

    def __init__(self, serves):
        self.serves = serves
        self.calls, self.times, self.served = [], [], []
        self.lock = threading.Lock()
        super().__init__()

    def target(self):
        return {"type": "http", "url": f"http://127.0.0.1:{self.port}/run"}

    def serve(self, peer):
        with peer, peer.makefile("rb") as stream:
            while stream.readline():
                head = http.client.parse_headers(stream)
                stream.read(int(head["Content-Length"] or 0))
                with self.lock:
                    self.calls.append(head)
                    self.times.append(time.monotonic())
                    number = len(self.calls)
                if not self.serves(number):
                    return
                with self.lock:
                    self.served.append(head)
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


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

    def test_a_handler_that_breaks_its_connections_is_called_once_per_attempt_number(self):
        handler = Handler(lambda number: number == 1)
        self.addCleanup(handler.close)
        fields = {"target": handler.target(), "maxRetries": 2, "retry": {"initialMs": 1}}
        self.tenant.wait(self.tenant.submit(**fields)["taskId"], "COMPLETED")
        # The next task goes out on the connection that is kept since then.
        task = self.tenant.submit(**fields)["taskId"]
        self.tenant.wait(task, "FAILED")
        calls = [head for head in handler.calls if head["Belfry-Task-Id"] == task]
        self.assertIn(len(calls), (2, 3), "maxAttempts, and one more for a stale connection")
        self.assertEqual([int(head["Belfry-Attempt"]) for head in calls],
                         list(range(1, len(calls) + 1)))
        self.assertEqual(len({head["Belfry-Lease"] for head in calls}), len(calls))

    def test_a_handler_that_starts_slowly_sees_first_attempts_only(self):
        slow = threading.Event()  # never set
        handler = Handler(lambda number: not slow.wait(0.02 if number > 60 else 0.5))
        self.addCleanup(handler.close)
        for _ in range(2):
            tasks = [{"taskName": "t", "target": handler.target()}] * 500
            self.assertEqual(self.tenant.post("/api/v1/tasks/bulk", tasks).status, 200)
        belfry.until(lambda: self.tenant.get("/api/v1/metrics").json["completed"] == 1000)
        self.assertEqual({head["Belfry-Attempt"] for head in handler.calls}, {"1"})

    def test_what_waits_for_an_endpoint_is_delivered_when_it_is_well(self):
        well = threading.Event()
        endpoint = Handler(lambda _: well.is_set())
        self.addCleanup(endpoint.close)
        made = self.tenant.post("/api/v1/webhooks", {"url": endpoint.target()["url"],
                                                     "events": ["task.completed"]})
        self.assertEqual(made.status, 201, made.raw)
        tasks = [{"taskName": "t"}] * 300
        self.assertEqual(self.tenant.post("/api/v1/tasks/bulk", tasks).status, 200)
        # It breaks every call until one came that is no first attempt of a burst.
        belfry.until(lambda: endpoint.times and endpoint.times[-1] - endpoint.times[0] > 5)
        well.set()
        belfry.until(lambda: len({head["webhook-id"] for head in endpoint.served}) == 300)


if __name__ == "__main__":
    unittest.main()
