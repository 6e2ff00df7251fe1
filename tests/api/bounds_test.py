"""PROMISES P15: whatever legal payloads are stored and whoever asks for them, the memory is bounded.

The bounds are generous: they tell a bound from its absence, not one allocator from another."""
import re
import socket
import unittest

from belfry import PATIENCE, Scheduler

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


if __name__ == "__main__":
    unittest.main()
