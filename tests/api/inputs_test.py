"""What requests may say: times, searches, names, and the tokens that carry them."""
import datetime
import os
import socket
import subprocess
import tempfile
import unittest

from belfry import BINARY, PATIENCE, Client, Scheduler


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Inputs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scheduler = Scheduler().start()

    @classmethod
    def tearDownClass(cls):
        cls.scheduler.remove()

    def setUp(self):
        self.tenant = self.scheduler.tenant(self.id())

    def submit(self, **fields):
        return self.tenant.post("/api/v1/tasks", {"taskName": "t", "target": {"type": "worker"}, **fields})

    # --- times ---

    def test_times_need_no_seconds(self):
        for text, utc in (("2045-01-02T03:04Z", "2045-01-02T03:04:00.000Z"),
                          ("2045-01-02T03:04+01:00", "2045-01-02T02:04:00.000Z"),
                          ("2045-01-02T03:04", "2045-01-02T03:04:00.000Z")):
            self.assertEqual(self.submit(scheduledFor=text).json["scheduledFor"], utc)
            self.assertEqual(self.submit(expiresAt=text).json["expiresAt"], utc)

    def test_the_past_is_now(self):
        for text in ("1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2001-01-01T00:00Z"):
            answer = self.submit(scheduledFor=text)
            self.assertEqual((answer.status, answer.json["status"]), (201, "PENDING"), answer.raw)
            self.assertEqual(answer.json["scheduledFor"], answer.json["submittedAt"])
            refused = self.submit(expiresAt=text)
            self.assertEqual((refused.status, refused.problem), (422, "validation_failed"))
            for name in ("createdFrom", "finishedFrom", "createdTo"):
                self.assertEqual(self.tenant.get(f"/api/v1/tasks?{name}={text}").status, 200)
        self.assertEqual(len(self.tenant.get("/api/v1/tasks?createdFrom=0001-01-01T00:00:00Z").json), 3)
        steer = {"filter": {"createdFrom": "0001-01-01T00:00Z"}, "dryRun": True}
        self.assertEqual(self.tenant.post("/api/v1/tasks/cancel", steer).json["matched"], 3)

    def test_tasks_may_wait_for_twenty_years(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        late = (now + datetime.timedelta(days=7304)).isoformat()
        self.assertEqual(self.submit(scheduledFor=late).status, 201)
        self.assertEqual(self.submit(delayMs=7305 * 86_400_000).status, 201)
        too_late = self.submit(scheduledFor=(now + datetime.timedelta(days=7306)).isoformat())
        self.assertEqual((too_late.status, too_late.json["errors"][0]["pointer"]), (422, "/scheduledFor"))
        self.assertIn("7305 days", too_late.raw.decode())
        self.assertEqual(self.submit(delayMs=7305 * 86_400_000 + 1).status, 422)

    def test_times_without_an_offset_follow_the_zone(self):
        scheduler = Scheduler("--time-zone", "Europe/Berlin").start()
        self.addCleanup(scheduler.remove)
        tenant = scheduler.tenant("zone")
        for text, utc in (("2031-01-15T12:00", "2031-01-15T11:00:00.000Z"),
                          ("2031-07-15T12:00", "2031-07-15T10:00:00.000Z"),
                          ("2031-03-30T02:30", "2031-03-30T01:00:00.000Z"),
                          ("2031-10-26T02:30", "2031-10-26T00:30:00.000Z"),
                          ("2031-07-15T12:00Z", "2031-07-15T12:00:00.000Z")):
            task = tenant.submit(scheduledFor=text, expiresAt=text.replace("2031", "2032"))
            self.assertEqual(task["scheduledFor"], utc)
        made = tenant.post("/api/v1/api-keys", {"name": "k", "scopes": ["worker"], "expiresAt": "2031-07-15T12:00"})
        self.assertEqual(made.json["expiresAt"], "2031-07-15T10:00:00.000Z")
        created = tenant.submit(delayMs=600_000)["submittedAt"][:19]
        east = (datetime.datetime.fromisoformat(created) + datetime.timedelta(hours=3)).isoformat()
        self.assertEqual(len(tenant.get("/api/v1/tasks?createdTo=" + east).json), 6)
        self.assertEqual(tenant.get("/api/v1/tasks?createdTo=" + created).json, [])

    def test_an_unknown_zone_is_refused_at_start(self):
        for name, near in (("Europe/Berln", "Europe/Berlin"), ("Berlin", "Europe/Berlin"), ("120", "")):
            with tempfile.TemporaryDirectory() as folder:
                run = subprocess.run([BINARY, "--data", os.path.join(folder, "d"), "--time-zone", name],
                                     capture_output=True, text=True, timeout=PATIENCE)
                self.assertNotEqual(run.returncode, 0)
                self.assertIn("time-zone", run.stderr + run.stdout)
                self.assertIn(near, run.stderr + run.stdout)
                self.assertFalse(os.path.exists(os.path.join(folder, "d")))

    # --- searches ---

    def test_text_is_compared_decoded_and_without_case(self):
        raw = b'{"taskName":"letter","target":{"type":"worker"},"payload":{"text":"Gr\\u00fc\\u00dfe \\ud83d\\ude00"}}'
        task = self.tenant.post("/api/v1/tasks", raw=raw).json["taskId"]
        self.submit(taskName="ÄRGER", payload="other")
        for text in ("Gr%C3%BC%C3%9Fe", "GR%C3%9CSSE", "gr%C3%BC%C3%9Fe%20%F0%9F%98%80", "%5Cu00fc"):
            found = self.tenant.get("/api/v1/tasks?text=" + text).json
            self.assertEqual([t["taskId"] for t in found], [task], text)
        self.assertEqual(len(self.tenant.get("/api/v1/tasks?text=%C3%A4rger").json), 1)
        self.assertEqual(self.tenant.get("/api/v1/tasks?text=Grusse").json, [])
        for call in ("cancel", "retry"):
            steered = self.tenant.post("/api/v1/tasks/" + call, {"filter": {"text": "GRÜSSE"}, "dryRun": True})
            self.assertEqual(steered.json["matched"], 1, steered.raw)

    # --- names ---

    def test_names_hold_nothing_unseen(self):
        for part in ("\n", "\u0085", "\u200b", "\u202e", "\u2066", "\ufeff"):
            name = f"a{part}b"
            faults = [self.submit(taskName=name), self.submit(tags=[name]), self.submit(labels={name: "x"}),
                      self.tenant.post("/api/v1/auth/register", {"tenantName": name}),
                      self.tenant.post("/api/v1/leases", {"worker": name}),
                      self.tenant.post("/api/v1/api-keys", {"name": name, "scopes": ["worker"]})]
            for answer in faults:
                self.assertEqual((answer.status, answer.problem), (422, "validation_failed"), answer.raw)
        kept = "Grüße 日本語 ❤️ e\u0301"
        self.assertEqual(self.submit(taskName=kept, tags=[kept]).json["tags"], [kept])
        self.assertEqual(self.submit(tags=["a", "b", "a"]).status, 422)

    def test_a_first_wait_is_at_most_the_longest(self):
        for retry, status in (({"initialMs": 2000, "maxMs": 1000}, 422), ({"initialMs": 3_600_001}, 422),
                              ({"initialMs": 1000, "maxMs": 1000}, 201), ({"maxMs": 500}, 201)):
            self.assertEqual(self.submit(retry=retry).status, status, retry)
            queue = self.tenant.call("PUT", "/api/v1/queues/q", {"retry": retry})
            self.assertEqual(queue.status, 422 if status == 422 else queue.status, retry)


class Issuers(unittest.TestCase):
    def test_tokens_survive_a_change_of_the_address(self):
        scheduler = Scheduler(keep_port=True)
        self.addCleanup(scheduler.remove)
        scheduler.port = first = free_port()
        scheduler.start()
        tenant = scheduler.tenant("moves")
        where = "/.well-known/oauth-authorization-server"
        issuer = tenant.get(where).json["issuer"]
        scheduler.stop()
        scheduler.port = next(port for port in iter(free_port, None) if port != first)
        scheduler.start()
        mover = Client(scheduler, tenant.token)
        self.assertEqual(mover.get("/api/v1/tasks").status, 200)
        metadata = mover.get(where).json
        self.assertEqual(metadata["issuer"], issuer)
        self.assertEqual(metadata["token_endpoint"], f"http://127.0.0.1:{scheduler.port}/api/v1/auth/token")
        # An issuer that is named is the operator's choice.
        scheduler.stop()
        scheduler.flags = (*scheduler.flags, "--public-url", "https://belfry.example")
        scheduler.start()
        self.assertEqual(Client(scheduler, tenant.token).get("/api/v1/tasks").problem, "invalid_token")
        self.assertEqual(Client(scheduler).get(where).json["issuer"], "https://belfry.example")


if __name__ == "__main__":
    unittest.main()
