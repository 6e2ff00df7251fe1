"""Stores that earlier versions left are opened, and the API answers as theirs did.

`tests/fixtures/NAME.tar.gz` is a data folder whose server was killed, NAME.json what that server had
answered (tests/fixtures/make_store.py). The clock is set to a few seconds after the kill, so that the
store looks the same whenever this runs."""
import json
import os
import pathlib
import tarfile
import tempfile
import time
import unittest

from belfry import PATIENCE, Client, Receiver, Scheduler, WallClock, operator, signature_fits

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures"

# Answers that differ on purpose: (end of the path without its query or "*", path of the field with
# "*" for a list's places, why).
DIFFERENCES = (
    ("*", "lastUsedAt", "the sign-in of this test is a use"),
    ("/metrics", "*", "they are of the last hour, and time has passed"),
    ("/errors", "from", "likewise"),
    ("/errors", "to", "likewise"),
    ("*", "defaultTarget.headers.X-Team", "values are hidden but for those in publicHeaders"),
    ("*", "target.headers.X-Team", "likewise"),
    ("*", "waiting.ahead", "the push that was lost waits again"),
    ("*", "counts.pending", "likewise"),
    ("*", "counts.running", "likewise"),
    ("*", "waiting.expectedStartAt", "an estimate from the newest minutes"),
)
# The task whose push was in flight: its lease ended with its process. What else counts it differs.
LOST_PUSH_FIELDS = {"status", "attempts", "errorMessage", "retryCount", "leaseExpiresAt", "nextAttemptAt",
                    "waiting", "startedAt"}
# Text is compared decoded since then, so that this search finds what it had missed.
FOUND_NOW = {"/tasks?text=Gr%C3%BC"}
COUNTED_WITH_IT = {"/queues", "/queues/pushed", "/tasks?status=RUNNING", "/tasks?status=PENDING",
                   "/tasks/upcoming"}


def different_on_purpose(path, field):
    path = path.partition("?")[0]
    return any((end == "*" or path.endswith(end)) and
               (name == "*" or field == name or field.endswith("." + name))
               for end, name, _ in DIFFERENCES)


def faults(path, was, now, field=""):
    """Every value that was answered before and is not now; what is new beside it is welcome."""
    if different_on_purpose(path, field):
        return
    if isinstance(was, dict) and isinstance(now, dict):
        for name, value in was.items():
            if name not in now:
                if not different_on_purpose(path, f"{field}.{name}"):
                    yield f"{path}: {field}.{name} is gone, it was {value!r:.100}"
            else:
                yield from faults(path, value, now[name], f"{field}.{name}")
    elif isinstance(was, list) and isinstance(now, list):
        if len(was) != len(now):
            yield f"{path}: {field} has {len(now)} items, there were {len(was)}"
        for one, other in zip(was, now):
            yield from faults(path, one, other, field + ".*")
    elif was != now:
        yield f"{path}: {field} is {now!r:.200}, it was {was!r:.200}"


class Fixture(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="belfry-fixture-")
        self.told = self.unpack("store_schema4")
        self.receiver = Receiver(("127.77.13.9", 18080))  # as make_store.py
        self.clock = WallClock(self.told["madeAtMs"] / 1000 + 2 - time.time())
        self.scheduler = Scheduler("--default-target", "worker", folder=self.folder.name,
                                   clock=self.clock)

    def tearDown(self):
        self.scheduler.remove()
        self.receiver.close()
        self.clock.close()
        self.folder.cleanup()

    def unpack(self, name):
        with tarfile.open(FIXTURES / f"{name}.tar.gz") as tar:
            for part in tar.getmembers():
                tar.extract(part, self.folder.name)
                os.chmod(os.path.join(self.folder.name, part.name), 0o600)
        self.assertGreater(os.path.getsize(os.path.join(self.folder.name, "belfry.db-wal")), 0)
        with open(FIXTURES / f"{name}.json") as file:
            return json.load(file)

    def start(self):
        self.scheduler.start()
        self.alpha = self.sign_in(self.told["alpha"]["apiKey"])
        self.operator = operator(self.scheduler)

    def sign_in(self, key):
        client = Client(self.scheduler)
        answer = client.post("/api/v1/auth/token", {"apiKey": key})
        self.assertEqual(answer.status, 200, answer.raw)
        client.token = answer.json["token"]
        return client

    def wait_for_the_lost_push(self):
        deadline = time.monotonic() + PATIENCE
        got = None
        while got != ("PENDING", ["lease_lost"]):
            self.assertLess(time.monotonic(), deadline, got)
            lost = self.alpha.get("/api/v1/tasks/" + self.told["tasks"]["pushed"]).json
            got = (lost["status"], [one["outcome"] for one in lost["attempts"]])
            time.sleep(0.01)

    def without_lost_push(self, body):
        """Takes out what the lost push changes, and the deliveries that tell of it."""
        lost = self.told["tasks"]["pushed"]
        if isinstance(body, list):
            return [self.without_lost_push(one) for one in body
                    if not ("endpointId" in one and one["taskId"] == lost)]
        if isinstance(body, dict) and body.get("taskId") == lost:
            return {name: value for name, value in body.items() if name not in LOST_PUSH_FIELDS}
        return body

    def compare(self, told):
        found = []
        for one in told["answers"]:
            if one["path"] in COUNTED_WITH_IT | FOUND_NOW:
                continue
            client = self.alpha if one["who"] == "alpha" else self.operator
            answer = client.get("/api/v1" + one["path"])
            if answer.status != one["status"]:
                found.append(f"{one['path']}: {answer.status}, it was {one['status']}")
                continue
            found += faults(one["path"], self.without_lost_push(one["body"]),
                            self.without_lost_push(answer.json))
        return found

    def test_it_is_opened_and_answers_as_before(self):
        self.start()
        self.wait_for_the_lost_push()
        self.assertEqual(self.compare(self.told), [])
        # Once more, without a kill.
        self.assertEqual(self.scheduler.stop(), 0)
        self.start()
        self.assertEqual(self.compare(self.told), [])

    def test_the_comparison_notices_a_change(self):
        self.start()
        self.wait_for_the_lost_push()
        told = self.told
        task = told["tasks"]["completed"]
        for one in told["answers"]:
            if one["path"] == "/tasks/" + task:
                one["body"]["result"] = "something else"
        self.assertEqual([fault.partition(":")[0] for fault in self.compare(told)],
                         ["/tasks/" + task])

    def test_a_repeated_request_gets_the_answer_of_before(self):
        self.start()
        for one in self.told["replays"]:
            answer = self.alpha.post(one["path"], raw=one["body"].encode(),
                                     headers={"Idempotency-Key": one["key"]})
            self.assertEqual((answer.status, answer.json), (one["status"], one["answer"]))

    def test_work_goes_on_where_it_was(self):
        receiver = self.receiver
        self.start()
        tasks, token = self.told["tasks"], self.told["alpha"]["leaseToken"]
        answer = self.alpha.post(f"/api/v1/tasks/{tasks['worked-on']}/complete",
                                 {"leaseToken": token, "result": "held over"})
        self.assertEqual((answer.status, answer.json.get("status")), (200, "COMPLETED"))
        self.alpha.post("/api/v1/queues/sealed/resume")
        push, = receiver.wait_for("/sealed")
        self.assertEqual(push.headers["Authorization"], "Bearer fixture")
        self.assertEqual(push.json, {"a": 1})
        self.assertTrue(signature_fits(push, self.told["alpha"]["secret"]))
        receiver.wait_for("/all", 2)
        retried = self.alpha.post(f"/api/v1/tasks/{tasks['failed']}/retry")
        self.assertEqual(retried.status, 200, retried.raw)
        receiver.wait_for("/failing")

    def test_a_suspended_tenant_stays_suspended(self):
        self.start()
        beta = self.told["beta"]
        answer = Client(self.scheduler).post("/api/v1/auth/token", {"apiKey": beta["apiKey"]})
        self.assertEqual(answer.status, beta["signInStatus"])


if __name__ == "__main__":
    unittest.main()
