"""What the scheduler does with tasks, from every side that a tenant sees."""
import datetime
import json
import threading
import time
import unittest

from belfry import Client, Hold, OneScheduler, operator, Receiver, signature_fits


class Lifecycle(OneScheduler):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receiver = Receiver()
        cls.addClassCleanup(cls.receiver.close)

    def setUp(self):
        super().setUp()
        self.path = "/" + self._testMethodName
        self.target = self.receiver.target(self.path)

    def script(self, *answers):
        self.receiver.script[self.path] = list(answers)

    # --- pushes ---

    def test_a_push_carries_its_headers_and_signature(self):
        self.script((200, {"Content-Type": "application/json"}, b'{"ok":true}'))
        trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        task = self.tenant.post("/api/v1/tasks", {"taskName": "t", "payload": {"a": 1},
                                                  "target": dict(self.target, headers={"X-Mine": "1"})},
                                headers={"traceparent": trace}).json
        done = self.tenant.wait(task["taskId"])
        self.assertEqual((done["status"], done["result"]), ("COMPLETED", {"ok": True}))
        push = self.receiver.wait_for(self.path)[0]
        self.assertEqual(push.json, {"a": 1})
        self.assertEqual(push.headers["Belfry-Task-Id"], task["taskId"])
        self.assertEqual(push.headers["Idempotency-Key"], task["taskId"])
        self.assertEqual(push.headers["Belfry-Attempt"], "1")
        self.assertEqual(push.headers["X-Mine"], "1")
        self.assertEqual(push.headers["traceparent"][:36], trace[:36])
        self.assertNotEqual(push.headers["traceparent"][36:52], trace[36:52])
        self.assertTrue(signature_fits(push, self.tenant.secret))
        self.assertFalse(signature_fits(push, "whsec_" + "A" * 32))

    def test_a_push_names_its_sender_unless_its_target_does(self):
        for headers, agent in (({}, "Belfry"), ({"User-Agent": "Orders/2"}, "Orders/2")):
            seen = len(self.receiver.of(self.path))
            self.tenant.submit(target=dict(self.target, headers=headers))
            self.assertEqual(self.receiver.wait_for(self.path, seen + 1)[-1].headers["User-Agent"], agent)

    def test_payloads_travel_as_they_came(self):
        for payload, body, kind in (('{"a": 1}', b'{"a": 1}', "application/json"),
                                    ("plain", b"plain", "text/plain; charset=utf-8"),
                                    ([1, "ä"], '[1, "ä"]'.encode(), "application/json"),
                                    (12345678901234567890123, b"12345678901234567890123",
                                     "application/json")):
            raw = json.dumps({"taskName": "t", "payload": payload, "target": self.target},
                             ensure_ascii=False).encode()
            before = len(self.receiver.of(self.path))
            self.assertEqual(self.tenant.post("/api/v1/tasks", raw=raw).status, 201)
            push = self.receiver.wait_for(self.path, before + 1)[-1]
            self.assertEqual((push.body, push.headers["Content-Type"]), (body, kind))

    def test_a_failure_is_tried_again_and_kept(self):
        self.script((500, {}, b"no"), (200, {}, b"text"))
        task = self.tenant.submit(target=self.target, retry={"initialMs": 20, "jitter": 0})
        done = self.tenant.wait(task["taskId"])
        self.assertEqual((done["status"], done["retryCount"], done["result"]), ("COMPLETED", 1, "text"))
        self.assertEqual([a["outcome"] for a in done["attempts"]], ["failed", "completed"])
        self.assertEqual(done["attempts"][0]["httpStatus"], 500)
        self.assertEqual([p.headers["Belfry-Attempt"] for p in self.receiver.of(self.path)], ["1", "2"])

    def test_retry_after_is_honoured(self):
        self.script((503, {"Retry-After": "1"}, b""), (200, {}, b""))
        task = self.tenant.submit(target=self.target, retry={"initialMs": 1, "jitter": 0})
        self.tenant.wait(task["taskId"])
        first, second = self.receiver.of(self.path)
        self.assertGreaterEqual(second.at - first.at, 1.0)

    def test_retry_after_is_read_in_every_form_and_on_every_refusal_that_passes(self):
        later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        for status in (403, 429, 502, 503):
            for text in ("3599.5", later.strftime("%a, %d %b %Y %H:%M:%S GMT"),
                         later.strftime("%A, %d-%b-%y %H:%M:%S GMT"), later.strftime("%a %b %e %H:%M:%S %Y")):
                with self.subTest(status=status, text=text):
                    path = f"{self.path}/{status}/{len(text)}"
                    self.receiver.script[path] = [(status, {"Retry-After": text}, b"")]
                    task = self.tenant.submit(target=self.receiver.target(path), retry={"initialMs": 1})
                    waiting = self.tenant.wait(task["taskId"], "SCHEDULED", "FAILED")
                    self.assertEqual((waiting["status"], waiting["attempt"]), ("SCHEDULED", 1))
                    when = datetime.datetime.fromisoformat(waiting["nextAttemptAt"])
                    self.assertGreater(when, later - datetime.timedelta(seconds=2))

    def test_a_result_is_json_by_the_whole_media_type_in_any_case(self):
        for number, (kind, result) in enumerate((
                ("application/json", [1]), ("Application/JSON", [1]), ("application/problem+JSON", [1]),
                ("application/jsonl", "[1]"), ("text/html; x=+json", "[1]"))):
            path = f"{self.path}/{number}"
            self.receiver.script[path] = [(200, {"Content-Type": kind}, b"[1]")]
            task = self.tenant.submit(target=self.receiver.target(path))
            self.assertEqual(self.tenant.wait(task["taskId"])["result"], result, kind)

    def test_attempts_are_bounded_and_failure_is_called_back(self):
        self.script((500, {}, b""))
        task = self.tenant.submit(target=self.target, maxRetries=2, retry={"initialMs": 1, "jitter": 0},
                                  callbackUrl=self.receiver.url(self.path + "/callback"))
        done = self.tenant.wait(task["taskId"])
        self.assertEqual((done["status"], done["retryCount"]), ("FAILED", 2))
        self.assertEqual(len(self.receiver.of(self.path)), 2)
        callback = self.receiver.wait_for(self.path + "/callback")[0]
        self.assertEqual((callback.json["type"], callback.json["status"]), ("task.failed", "FAILED"))
        self.assertTrue(signature_fits(callback, self.tenant.secret))

    def test_final_answers_are_not_tried_again(self):
        for answer in ((410, {}, b""), (422, {"Belfry-Retry": "never"}, b"")):
            self.script(answer)
            task = self.tenant.submit(target=self.target)
            done = self.tenant.wait(task["taskId"])
            self.assertEqual((done["status"], done["attempt"], done["maxRetries"]), ("FAILED", 1, 3))

    def test_accepted_work_is_completed_with_its_lease(self):
        self.script((202, {}, b""))
        task = self.tenant.submit(target=self.target)
        lease = self.receiver.wait_for(self.path)[0].headers["Belfry-Lease"]
        path = f"/api/v1/tasks/{task['taskId']}"
        # The 202 is on its way to the store while we answer: either order must do.
        answer = self.tenant.post(path + "/complete", {"leaseToken": lease, "result": [1]})
        self.assertEqual(answer.status, 200, answer.raw)
        self.assertEqual(self.tenant.task(task["taskId"])["result"], [1])
        self.assertEqual(self.tenant.post(path + "/complete", {"leaseToken": lease}).problem, "stale_lease")

    def test_a_timeout_is_a_failed_attempt(self):
        release = threading.Event()
        self.script(release)
        task = self.tenant.submit(target=dict(self.target, timeoutMs=200), maxRetries=1)
        done = self.tenant.wait(task["taskId"])
        release.set()
        self.assertEqual((done["status"], done["errorMessage"]), ("FAILED", "timed_out"))

    def test_cancelling_a_running_push_aborts_it(self):
        held = Hold()
        self.script(held)
        task = self.tenant.submit(target=self.target)
        self.receiver.wait_for(self.path)
        self.assertFalse(held.closed.is_set())
        self.assertEqual(self.tenant.call("DELETE", "/api/v1/tasks/" + task["taskId"]).status, 200)
        self.assertTrue(held.closed.wait(10), "the target's connection stayed open")
        self.assertEqual(self.tenant.task(task["taskId"])["status"], "CANCELLED")
        self.assertEqual(self.tenant.call("DELETE", "/api/v1/tasks/" + task["taskId"]).problem, "invalid_state")
        self.assertEqual(len(self.receiver.of(self.path)), 1)

    def test_forbidden_addresses_are_refused_at_submission(self):
        for url in ("http://10.0.0.1/", "http://169.254.169.254/latest", "http://[::ffff:10.0.0.1]/",
                    "http://user:pw@127.0.0.1/", "http://127.0.0.1:25/", "http://0x7f.1/"):
            answer = self.tenant.post("/api/v1/tasks", {"taskName": "t", "callbackUrl": url})
            self.assertEqual(answer.status, 422, url)

    # --- time and order ---

    def test_delayed_tasks_are_never_early(self):
        began = time.time()
        self.tenant.submit(target=self.target, delayMs=300)
        self.assertGreaterEqual(self.receiver.wait_for(self.path)[0].at - began, 0.3)

    def test_urgent_tasks_run_first(self):
        self.tenant.call("PUT", "/api/v1/queues/ordered", {"concurrencyLimit": 1})
        self.tenant.post("/api/v1/queues/ordered/pause")
        for priority in (1, 5, 10, "LOW", "CRITICAL"):
            self.tenant.submit(queue="ordered", payload={"p": priority}, priority=priority, target=self.target)
        waiting = self.tenant.get("/api/v1/tasks?status=PENDING").json
        self.assertEqual(self.tenant.task(waiting[0]["taskId"])["waiting"]["reason"], "queue_paused")
        self.tenant.post("/api/v1/queues/ordered/resume")
        order = [p.json["p"] for p in self.receiver.wait_for(self.path, 5)]
        self.assertEqual(order, [10, "CRITICAL", 5, "LOW", 1])

    def test_a_queue_runs_no_more_than_its_limit(self):
        release = threading.Event()
        self.script(release)
        self.tenant.call("PUT", "/api/v1/queues/narrow", {"concurrencyLimit": 2, "defaultTarget": self.target})
        ids = [self.tenant.submit(queue="narrow")["taskId"] for _ in range(5)]
        self.receiver.wait_for(self.path, 2)
        queue = self.tenant.get("/api/v1/queues/narrow").json
        self.assertEqual((queue["running"], queue["pending"]), (2, 3))
        release.set()
        for task_id in ids:
            self.assertEqual(self.tenant.wait(task_id)["status"], "COMPLETED")

    def test_tasks_expire_before_they_start(self):
        self.tenant.post("/api/v1/queues/stopped/pause")
        soon = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 1.5)) + "Z"
        task = self.tenant.submit(queue="stopped", expiresAt=soon,
                                  callbackUrl=self.receiver.url(self.path + "/callback"))
        self.assertEqual(self.tenant.wait(task["taskId"])["status"], "EXPIRED")
        self.assertEqual(self.receiver.wait_for(self.path + "/callback")[0].json["type"], "task.expired")

    def test_a_retry_by_hand_is_a_new_run(self):
        self.script((410, {}, b""), (200, {}, b""))
        task = self.tenant.submit(target=self.target, callbackUrl=self.receiver.url(self.path + "/callback"))
        self.tenant.wait(task["taskId"])
        self.assertEqual(self.tenant.post(f"/api/v1/tasks/{task['taskId']}/retry").status, 200)
        done = self.tenant.wait(task["taskId"], "COMPLETED")
        self.assertEqual((done["run"], done["attempt"], done["retryCount"]), (2, 2, 0))
        events = self.receiver.wait_for(self.path + "/callback", 2)
        self.assertEqual([(e.json["type"], e.json["sequence"]) for e in events],
                         [("task.failed", 1), ("task.completed", 2)])

    # --- submitting ---

    def test_an_idempotency_key_makes_one_task(self):
        body = {"taskName": "t", "payload": 1, "delayMs": 60000}
        first = self.tenant.post("/api/v1/tasks", body, headers={"Idempotency-Key": '"k-1"'})
        again = self.tenant.post("/api/v1/tasks", body, headers={"Idempotency-Key": "k-1"})
        self.assertEqual((first.status, first.raw), (again.status, again.raw))
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        other = self.tenant.post("/api/v1/tasks", dict(body, payload=2), headers={"Idempotency-Key": "k-1"})
        self.assertEqual(other.problem, "idempotency_mismatch")
        self.assertEqual(len(self.tenant.get("/api/v1/tasks").json), 1)

    def test_bulk_has_a_result_each(self):
        tasks = [{"taskName": "a", "delayMs": 60000}, {"nonsense": 1}, {"taskName": "b", "delayMs": 60000}]
        results = self.tenant.post("/api/v1/tasks/bulk", tasks).json["results"]
        self.assertEqual([r["status"] for r in results], [201, 422, 201])
        lines = b'{"taskName":"c","delayMs":60000}\n{broken\n'
        results = self.tenant.post("/api/v1/tasks/bulk", raw=lines,
                                   headers={"Content-Type": "application/x-ndjson", "Idempotency-Key": "bulk"}).json["results"]
        self.assertEqual([r["status"] for r in results], [201, 400])
        again = self.tenant.post("/api/v1/tasks/bulk", raw=lines,
                                 headers={"Content-Type": "application/x-ndjson", "Idempotency-Key": "bulk"})
        self.assertEqual((again.json["results"], again.headers["Idempotency-Replayed"]), (results, "true"))
        self.assertEqual(len(self.tenant.get("/api/v1/tasks").json), 3)

    def test_the_list_pages_and_filters(self):
        for i in range(7):
            self.tenant.submit(taskName=f"name-{i % 2}", tags=["even" if i % 2 == 0 else "odd"], delayMs=60000)
        seen, path = [], "/api/v1/tasks?limit=3&view=summary"
        while path:
            answer = self.tenant.get(path)
            seen += [t["taskId"] for t in answer.json]
            self.assertNotIn("payload", answer.json[0] if answer.json else {})
            link = answer.headers.get("Link")
            path = link.split(">")[0][1:] if link else None
        self.assertEqual(len(set(seen)), 7)
        self.assertEqual(seen, sorted(seen, reverse=True))
        self.assertEqual(len(self.tenant.get("/api/v1/tasks?tag=even").json), 4)
        self.assertEqual(len(self.tenant.get("/api/v1/tasks?type=name-1&status=SCHEDULED,FAILED").json), 3)
        self.assertEqual(len(self.tenant.get("/api/v1/tasks?text=NAME-1").json), 3)
        cursor = self.tenant.get("/api/v1/tasks?limit=3&tag=even").headers["Link"].split("cursor=")[1].split(">")[0]
        self.assertEqual(self.tenant.get(f"/api/v1/tasks?cursor={cursor}").problem, "invalid_query")

    # --- being told ---

    def endpoint(self, *events):
        made = self.tenant.post("/api/v1/webhooks", {"url": self.receiver.url(self.path), "events": list(events) or None})
        self.assertEqual(made.status, 201, made.raw)
        return made.json

    def test_endpoints_hear_what_they_asked_for_in_order(self):
        endpoint = self.endpoint("task.submitted", "task.started", "task.completed")
        task = self.tenant.submit()
        events = self.receiver.wait_for(self.path, 3)
        self.assertEqual([(e.json["type"], e.json["sequence"]) for e in events],
                         [("task.submitted", 1), ("task.started", 2), ("task.completed", 3)])
        self.assertTrue(all(signature_fits(e, endpoint["secret"]) for e in events))
        self.assertTrue(all(e.json["taskId"] == task["taskId"] for e in events))

    def test_deliveries_are_shown_and_repeated(self):
        endpoint = self.endpoint("task.completed")
        self.tenant.submit()
        first = self.receiver.wait_for(self.path)[0]
        deadline = time.monotonic() + 30
        while True:  # the attempt is recorded after the answer came
            listed = self.tenant.get(f"/api/v1/webhooks/deliveries?endpointId={endpoint['id']}").json
            if listed and listed[0]["state"] == "DELIVERED":
                break
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        path = "/api/v1/webhooks/deliveries/" + listed[0]["id"]
        self.assertEqual(self.tenant.get(path).json["attemptLog"][0]["httpStatus"], 200)
        self.assertEqual(self.tenant.post(path + "/redeliver").status, 200)
        second = self.receiver.wait_for(self.path, 2)[1]
        self.assertEqual((second.body, second.headers["webhook-id"]), (first.body, first.headers["webhook-id"]))

    def test_a_rotated_secret_signs_beside_the_old_one(self):
        endpoint = self.endpoint()
        rotated = self.tenant.post(f"/api/v1/webhooks/{endpoint['id']}/rotate").json
        self.assertEqual(self.tenant.post(f"/api/v1/webhooks/{endpoint['id']}/test").status, 202)
        event = self.receiver.wait_for(self.path)[0]
        self.assertEqual(event.json["type"], "webhook.test")
        self.assertTrue(signature_fits(event, endpoint["secret"]))
        self.assertTrue(signature_fits(event, rotated["secret"]))

    def test_a_gone_endpoint_is_disabled(self):
        self.script((410, {}, b""))
        endpoint = self.endpoint("task.completed")
        self.tenant.submit()
        self.receiver.wait_for(self.path)
        deadline = time.monotonic() + 30
        while self.tenant.get("/api/v1/webhooks/" + endpoint["id"]).json["enabled"]:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def test_live_events_resume(self):
        import http.client
        stream = http.client.HTTPConnection("127.0.0.1", self.scheduler.port, timeout=30)
        stream.request("GET", "/api/v1/events", headers={"Authorization": "Bearer " + self.tenant.token})
        response = stream.getresponse()
        self.assertEqual(response.getheader("Content-Type"), "text/event-stream")
        task = self.tenant.submit()
        seen, ids = [], []
        while "task.completed" not in seen:
            line = response.readline().decode().strip()
            if line.startswith("event: "):
                seen.append(line[7:])
            if line.startswith("id: "):
                ids.append(line[4:])
            if line.startswith("data: "):
                self.assertEqual(json.loads(line[6:])["taskId"], task["taskId"])
        stream.close()
        again = http.client.HTTPConnection("127.0.0.1", self.scheduler.port, timeout=30)
        again.request("GET", "/api/v1/events", headers={"Authorization": "Bearer " + self.tenant.token,
                                                        "Last-Event-ID": ids[0]})
        response = again.getresponse()
        lines = iter(lambda: response.readline().decode().strip(), None)
        resumed = next(line for line in lines if line.startswith("id: "))
        self.assertEqual(resumed, "id: " + ids[1])
        again.close()

    # --- credentials ---

    def test_keys_have_scopes_and_end_at_once(self):
        made = self.tenant.post("/api/v1/api-keys", {"name": "reader", "scopes": ["tasks:read"]}).json
        reader = Client(self.scheduler)
        reader.token = reader.post("/api/v1/auth/token", {"apiKey": made["apiKey"]}).json["token"]
        self.assertEqual(reader.get("/api/v1/tasks").status, 200)
        self.assertEqual(reader.post("/api/v1/tasks", {"taskName": "t"}).problem, "forbidden")
        self.assertEqual(self.tenant.call("DELETE", "/api/v1/api-keys/" + made["id"]).status, 204)
        self.assertEqual(reader.get("/api/v1/tasks").problem, "invalid_token")
        self.assertEqual(reader.post("/api/v1/auth/token", {"apiKey": made["apiKey"]}).status, 401)

    def test_the_oauth2_form_works_and_a_token_can_be_revoked(self):
        client = Client(self.scheduler)
        form = f"grant_type=client_credentials&client_id={self.tenant.id}&client_secret={self.tenant.api_key}&scope=tasks:read"
        answer = client.post("/api/v1/auth/token", raw=form.encode(),
                             headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual((answer.json["token_type"], answer.json["scope"]), ("Bearer", "tasks:read"))
        client.token = answer.json["access_token"]
        self.assertEqual(client.get("/api/v1/tasks").status, 200)
        self.assertEqual(client.post("/api/v1/auth/revoke", {"token": client.token}).status, 200)
        self.assertEqual(client.get("/api/v1/tasks").problem, "invalid_token")

    def test_operators_see_and_stop_tenants(self):
        admin = operator(self.scheduler)
        self.assertIn(self.tenant.id, [t["tenantId"] for t in admin.get("/api/v1/admin/tenants").json])
        self.assertEqual(self.tenant.get("/api/v1/admin/tenants").problem, "forbidden")
        self.assertEqual(admin.get("/api/v1/tasks").problem, "forbidden")
        path = f"/api/v1/admin/tenants/{self.tenant.id}"
        self.assertEqual(admin.call("PATCH", path + "/limits", {"unfinishedMax": 0}).json["limits"]["unfinishedMax"], 0)
        self.assertEqual(self.tenant.post("/api/v1/tasks", {"taskName": "t"}).problem, "quota_exceeded")
        self.assertEqual(admin.post(path + "/suspend", {"reason": "unpaid"}).status, 200)
        self.assertEqual(self.tenant.get("/api/v1/tasks").problem, "forbidden")
        self.assertEqual(admin.post(path + "/resume").status, 200)
        self.assertEqual(self.tenant.get("/api/v1/tasks").status, 200)
        self.assertEqual(admin.get("/api/v1/admin/metrics").status, 200)

    def test_the_schedulers_own_listeners_are_no_destination(self):
        # The allow-list of these tests opens all of 127.0.0.0/8.
        for port in (self.scheduler.port, self.scheduler.operators_port):
            for host in ("127.0.0.1", "127.9.9.9"):
                target = {"type": "http", "url": f"http://{host}:{port}/metrics"}
                answer = self.tenant.post("/api/v1/tasks", {"taskName": "t", "target": target})
                self.assertEqual((answer.status, answer.problem), (422, "destination_forbidden"))
            # A name is judged by what it resolves to, when it is called.
            task = self.tenant.submit(target={"type": "http", "url": f"http://localhost:{port}/"})
            done = self.tenant.wait(task["taskId"])
            self.assertEqual((done["status"], done["errorMessage"]),
                             ("FAILED", "destination_forbidden"))


if __name__ == "__main__":
    unittest.main()
