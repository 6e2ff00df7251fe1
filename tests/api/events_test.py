"""The live events of a tenant: resumed where they were left, or told to read the list again."""
import http.client
import json
import unittest

from belfry import Client, PATIENCE, Scheduler

RING = 2048  # events kept for each tenant


class Stream:
    """One open stream; `next()` is its next event as (id, name, data).

    An event that waits for the next keep-alive (15 s) is a fault: none is expected here."""

    def __init__(self, tenant, last=None, topics=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", tenant.scheduler.port,
                                                     timeout=PATIENCE)
        headers = {"Authorization": "Bearer " + tenant.token}
        if last is not None:
            headers["Last-Event-ID"] = last
        query = "?topics=" + topics if topics else ""
        self.connection.request("GET", "/api/v1/events" + query, headers=headers)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        assert self.answer.getheader("Content-Type") == "text/event-stream"
        assert self.answer.readline().startswith(b"retry: "), "the stream begins at once"

    def next(self):
        fields = {}
        while True:
            line = self.answer.readline().decode()
            if line == "":
                return None
            line = line.rstrip("\n")
            if line == "" and "event" in fields:
                return fields.get("id"), fields["event"], json.loads(fields["data"])
            assert not line.startswith(":"), "a keep-alive came before the event"
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value

    def until(self, name):
        events = [self.next()]
        while events[-1][1] != name:
            events.append(self.next())
        return events

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answer.close()  # it holds the socket too
        self.connection.close()


class Events(unittest.TestCase):
    def setUp(self):
        self.scheduler = Scheduler().start()
        self.addCleanup(self.scheduler.remove)
        self.tenant = self.scheduler.tenant()

    def one_life(self):
        with Stream(self.tenant) as stream:
            task = self.tenant.submit()
            return task["taskId"], stream.until("task.completed")

    def assert_reset(self, last):
        """The first event is a reset; what happens afterwards is told."""
        with Stream(self.tenant, last) as stream:
            position, name, data = stream.next()
            self.assertEqual(name, "reset")
            self.assertIn("detail", data)
            task = self.tenant.submit()
            events = stream.until("task.completed")
            self.assertEqual({data["taskId"] for _, _, data in events}, {task["taskId"]})
        # The position of a reset is one to resume from.
        with Stream(self.tenant, position) as stream:
            self.assertEqual(stream.next(), events[0])

    def test_a_life_is_told_in_order(self):
        task_id, events = self.one_life()
        self.assertEqual([name for _, name, _ in events],
                         ["task.submitted", "task.started", "task.completed"])
        self.assertEqual([data["status"] for _, _, data in events],
                         ["PENDING", "RUNNING", "COMPLETED"])
        self.assertEqual({data["taskId"] for _, _, data in events}, {task_id})
        numbers = [int(i.split("-")[1]) for i, _, _ in events]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 3)))

    def test_a_stream_resumes_after_each_position(self):
        _, events = self.one_life()
        for at in range(2):
            with Stream(self.tenant, events[at][0]) as stream:
                self.assertEqual([stream.next() for _ in events[at + 1:]], events[at + 1:])
        with Stream(self.tenant, events[-1][0]) as stream:  # nothing was missed
            self.tenant.submit()
            self.assertEqual(stream.next()[1], "task.submitted")

    def test_an_unknown_position_is_reset(self):
        _, events = self.one_life()
        boot, number = events[-1][0].split("-")
        for last in ("", "x", "-", boot, boot + "-", f"{boot}-x", f"{boot}--1", f"{boot}-99999999",
                     f"{boot}-{2**64}", f"{boot}-{number} ,1", "00000000-1"):
            with self.subTest(last=last):
                self.assert_reset(last)

    def test_the_position_of_an_earlier_boot_is_reset(self):
        _, events = self.one_life()
        self.scheduler.restart()
        self.tenant.close()
        self.assert_reset(events[0][0])

    def test_an_overrun_ring_is_reset(self):
        _, events = self.one_life()
        tasks = [{"taskName": "t", "delayMs": 3_600_000}] * 500
        for _ in range(RING // 500 + 1):
            answer = self.tenant.post("/api/v1/tasks/bulk", tasks)
            self.assertEqual([r["status"] for r in answer.json["results"]], [201] * 500)
        self.assert_reset(events[0][0])

    def test_a_tenant_hears_only_of_its_own(self):
        other = self.scheduler.tenant("other")
        with Stream(self.tenant) as mine, Stream(other) as theirs:
            first = other.submit()
            theirs.until("task.completed")
            second = self.tenant.submit()
            self.assertEqual({d["taskId"] for _, _, d in mine.until("task.completed")},
                             {second["taskId"]})
            self.assertNotEqual(first["taskId"], second["taskId"])

    def test_what_a_stream_needs(self):
        key = self.tenant.post("/api/v1/api-keys", {"name": "k", "scopes": ["worker"]}).json
        worker = Client(self.scheduler)
        worker.token = worker.post("/api/v1/auth/token", {"apiKey": key["apiKey"]}).json["token"]
        for client, path, status, problem in (
                (Client(self.scheduler), "/api/v1/events", 401, "unauthenticated"),
                (worker, "/api/v1/events", 403, "forbidden"),
                (self.tenant, "/api/v1/events?types=task.completed", 400, "invalid_query")):
            answer = client.get(path)
            self.assertEqual((answer.status, answer.problem), (status, problem))

    def test_a_stream_ends_with_its_token(self):
        with Stream(self.tenant) as stream:
            ended = self.tenant.post("/api/v1/auth/revoke", {"token": self.tenant.token})
            self.assertEqual(ended.status, 200)
            self.assertIsNone(stream.next())

    def test_a_stream_ends_with_its_key(self):
        key = self.tenant.post("/api/v1/api-keys", {"name": "k", "scopes": ["tasks:read"]}).json
        reader = Client(self.scheduler)
        reader.token = reader.post("/api/v1/auth/token", {"apiKey": key["apiKey"]}).json["token"]
        with Stream(reader) as stream, Stream(self.tenant) as other:
            self.assertEqual(self.tenant.call("DELETE", "/api/v1/api-keys/" + key["id"]).status, 204)
            self.assertIsNone(stream.next())
            self.tenant.submit()
            self.assertEqual(other.next()[1], "task.submitted")

    def test_a_stream_ends_when_its_tenant_is_suspended(self):
        operator = Client(self.scheduler)
        answer = operator.post("/api/v1/auth/token", {"apiKey": self.scheduler.operator_key()})
        operator.token = answer.json["token"]
        with Stream(self.tenant) as stream:
            path = f"/api/v1/admin/tenants/{self.tenant.id}/suspend"
            self.assertEqual(operator.post(path, {}).status, 200)
            self.assertIsNone(stream.next())

    def test_a_stop_ends_streams(self):
        with Stream(self.tenant) as stream:
            self.assertEqual(self.scheduler.stop(), 0)
            self.assertIsNone(stream.next())

    def test_totals_alone_come_when_they_change(self):
        with Stream(self.tenant, topics="totals") as stream:
            _, name, first = stream.next()
            self.assertEqual((name, first["total"]), ("totals", 0))
            for _ in range(20):
                self.tenant.submit(taskName="a", target={"type": "worker"})
            told = [stream.next()]
            while told[-1][2]["pending"] < 20:
                told.append(stream.next())
            self.assertEqual({name for _, name, _ in told}, {"totals"})
            self.assertLess(len(told), 20, "not one for each change")

    def test_tasks_and_totals_come_together(self):
        with Stream(self.tenant, topics="tasks,totals") as stream:
            task = self.tenant.submit(taskName="a", target={"type": "worker"})
            names, counts = set(), None
            while names != {"totals", "task.submitted"} or counts["pending"] != 1:
                _, name, data = stream.next()
                names.add(name)
                counts = data if name == "totals" else counts
                if name == "task.submitted":
                    self.assertEqual(data["taskId"], task["taskId"])

    def test_an_unknown_topic_is_refused(self):
        answer = self.tenant.get("/api/v1/events?topics=weather")
        self.assertEqual((answer.status, answer.problem), (400, "invalid_query"))


if __name__ == "__main__":
    unittest.main()
