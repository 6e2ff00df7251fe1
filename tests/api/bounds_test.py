"""PROMISES P15: whatever legal payloads are stored and whoever asks for them, the memory is bounded.

The bounds are generous: they tell a bound from its absence, not one allocator from another."""
import json
import re
import socket
import unittest

from belfry import Client, PATIENCE, Scheduler

MIB = 1024 * 1024
PAYLOAD = "x" * (255 * 1024)
PAGE_BYTES = 8 * MIB
CLAIM_BYTES = 4 * MIB
ONE_TASK = 300 * 1024  # a task of PAYLOAD with all its fields, and some more


def memory(scheduler):
    """The server's peak and present resident memory in MiB."""
    with open(f"/proc/{scheduler.process.pid}/status") as file:
        text = file.read()
    return tuple(int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M).group(1)) / 1024
                 for name in ("VmHWM", "VmRSS"))


def head_of(tenant, method, path, *fields):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: 127.0.0.1",
                        f"Authorization: Bearer {tenant.token}", *fields, "", ""]).encode()


class LargePayloads(unittest.TestCase):
    TASKS = 300  # 75 MiB

    def setUp(self):
        self.scheduler = Scheduler().start()
        self.addCleanup(self.scheduler.remove)
        self.tenant = self.scheduler.tenant()
        task = {"taskName": "large", "payload": PAYLOAD, "target": {"type": "worker"}}
        self.ids = []
        for _ in range(self.TASKS // 50):
            answer = self.tenant.post("/api/v1/tasks/bulk", [task] * 50)
            self.ids += [r["task"]["taskId"] for r in answer.json["results"]]
        self.ids.reverse()

    def test_a_page_ends_early_and_its_link_goes_on(self):
        seen = []
        path = "/api/v1/tasks?limit=500"
        while path:
            answer = self.tenant.get(path)
            self.assertEqual(answer.status, 200)
            self.assertLess(len(answer.raw), PAGE_BYTES + ONE_TASK)
            seen += [task["taskId"] for task in answer.json]
            link = re.search(r"<([^>]+)>; rel=\"next\"", answer.headers["Link"] or "")
            path = link and link.group(1)
        self.assertEqual(seen, self.ids)
        self.assertEqual(len(self.tenant.get("/api/v1/tasks?limit=500&view=summary").json), self.TASKS)

    def test_a_lease_call_answers_fewer_tasks_than_max(self):
        leased = []
        while len(leased) < self.TASKS:
            answer = self.tenant.post("/api/v1/leases", {"max": 1000})
            self.assertLess(len(answer.raw), CLAIM_BYTES + ONE_TASK)
            tasks = answer.json["tasks"]
            self.assertTrue(tasks, "what is left must be leased")
            leased += [task["taskId"] for task in tasks]
        self.assertEqual(sorted(leased), sorted(self.ids))


class LongPolls(unittest.TestCase):
    def setUp(self):
        self.scheduler = Scheduler().start()
        self.addCleanup(self.scheduler.remove)
        self.tenant = self.scheduler.tenant()

    def poll(self):
        """A long poll that is sent, over a socket of its own."""
        body = json.dumps({"queues": ["work"], "waitMs": 20_000, "leaseMs": 600_000}).encode()
        head = head_of(self.tenant, "POST", "/api/v1/leases", "Content-Type: application/json",
                       f"Content-Length: {len(body)}")
        connection = socket.create_connection(("127.0.0.1", self.scheduler.port), PATIENCE)
        connection.sendall(head + body)
        return connection

    def test_one_whose_worker_has_gone_leases_nothing(self):
        task = {"queue": "work", "target": {"type": "worker"}}
        # The queue exists, and those who go have waited for it longest.
        self.tenant.submit(**task)
        self.tenant.lease("work", leaseMs=600_000)
        for _ in range(20):
            self.poll().close()
        submitted = self.tenant.submit(**task)
        self.assertEqual([t["taskId"] for t in self.tenant.lease("work", waitMs=10_000)],
                         [submitted["taskId"]])
        self.assertEqual(self.tenant.task(submitted["taskId"])["attempt"], 1)

    def test_one_is_refused_once_its_tenant_is_suspended(self):
        operator = Client(self.scheduler)
        operator.token = operator.post("/api/v1/auth/token",
                                       {"apiKey": self.scheduler.operator_key()}).json["token"]
        with self.poll() as poll:
            suspend = f"/api/v1/admin/tenants/{self.tenant.id}/suspend"
            self.assertEqual(operator.post(suspend, {}).status, 200)
            self.assertTrue(poll.recv(4096).startswith(b"HTTP/1.1 403"))

    def test_one_is_refused_once_its_token_is_revoked(self):
        with self.poll() as poll:
            self.tenant.post("/api/v1/auth/revoke", {"token": self.tenant.token})
            self.assertTrue(poll.recv(4096).startswith(b"HTTP/1.1 401"))


class BodiesOfStrangers(unittest.TestCase):
    """Bodies are read for who may send them, and together they are bounded."""

    @classmethod
    def setUpClass(cls):
        cls.scheduler = Scheduler().start()
        cls.addClassCleanup(cls.scheduler.remove)
        cls.tenant = cls.scheduler.tenant()

    def answer(self, *lines):
        """What a head without its body, or with its beginning, is answered."""
        with socket.create_connection(("127.0.0.1", self.scheduler.port), PATIENCE) as peer:
            peer.sendall("\r\n".join([*lines, "", ""]).encode())
            with peer.makefile("rb") as stream:
                text = stream.readline()
                while stream.readline().strip():
                    pass
            return int(text.split()[1])

    def test_a_head_that_is_refused_needs_no_body(self):
        long = "Content-Length: 1000000"
        typed = "Content-Type: application/json"
        token = f"Authorization: Bearer {self.tenant.token}"
        host = "Host: 127.0.0.1"
        for expected, *lines in (
                (401, "POST /api/v1/tasks HTTP/1.1", host, long, typed),
                (401, "POST /api/v1/tasks HTTP/1.1", host, long, typed, "Authorization: x"),
                (401, "POST /api/v1/tasks HTTP/1.1", host, typed, "Transfer-Encoding: chunked", "",
                 "FFFFF", "x" * 20_000),
                (401, "POST /api/v1/tasks/bulk HTTP/1.1", host, "Content-Length: 16000000", typed),
                (403, "POST /api/v1/tasks HTTP/1.1", "Host: evil.example", long, typed, token),
                (403, "POST /api/v1/admin/tenants/x/suspend HTTP/1.1", host, long, typed, token),
                (404, "POST /api/v1/nothing HTTP/1.1", host, long, typed, token),
                (405, "PUT /api/v1/tasks HTTP/1.1", host, long, typed, token),
                (413, "POST /api/v1/tasks HTTP/1.1", host, "Content-Length: 2000000", typed, token),
                (413, "POST /api/v1/auth/token HTTP/1.1", host, "Content-Length: 16385", typed),
                (415, "POST /api/v1/tasks HTTP/1.1", host, long, "Content-Type: text/plain", token),
                (415, "POST /api/v1/tasks HTTP/1.1", host, long, token)):
            with self.subTest(lines=lines[0], expected=expected):
                self.assertEqual(self.answer(*lines), expected)

    def test_bodies_of_strangers_leave_room_for_who_is_known(self):
        # Each is invited to send, and so holds its room; more than all strangers' room in sum.
        invited, refused = [], 0
        self.addCleanup(lambda: [peer.close() for peer in invited])
        while not refused:
            peer = socket.create_connection(("127.0.0.1", self.scheduler.port), PATIENCE)
            invited.append(peer)
            peer.sendall(b"POST /api/v1/auth/token HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                         b"Content-Type: application/json\r\nContent-Length: 16000\r\n"
                         b"Expect: 100-continue\r\n\r\n")
            answer = peer.recv(4096)
            if not answer.startswith(b"HTTP/1.1 100"):
                refused += 1
                self.assertTrue(answer.startswith(b"HTTP/1.1 503"), answer)
                self.assertIn(b"\r\nRetry-After: ", answer)
                self.assertIn(b"urn:belfry:problem:overloaded", answer)
            self.assertLess(len(invited) * 16_000, 9 * MIB)
        self.tenant.submit(payload="x" * 100_000)


if __name__ == "__main__":
    unittest.main()
