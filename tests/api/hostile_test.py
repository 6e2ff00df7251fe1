"""Malformed HTTP, JSON, fields, URLs and queries: exactly the answers of PROMISES section 4; after
each a good request succeeds, and no row was written."""
import datetime
import re
import unittest

from belfry import Client, Receiver, Scheduler, raw_exchange, rows
from hostile_cases import BAD_URLS, FIELDS, FORBIDDEN_URLS, FRAMING, IGNORED, JSON, QUERIES, SETTLEMENTS, TRACES

GOOD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def answers_in(received):
    return len(re.findall(rb"HTTP/1\.1 \d{3} ", received))


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scheduler = Scheduler().start()
        cls.tenant = cls.scheduler.tenant()
        cls.before = rows(cls.scheduler)

    @classmethod
    def tearDownClass(cls):
        cls.scheduler.remove()

    def assert_unharmed(self):
        self.assertTrue(raw_exchange(self.scheduler.port, GOOD).startswith(b"HTTP/1.1 200"))
        self.assertEqual(self.tenant.get("/api/v1/tasks").json, [])
        self.assertEqual(rows(self.scheduler), self.before)

    def assert_answer(self, answer, status, problem, *pointers):
        self.assertEqual((answer.status, answer.problem), (status, problem), answer.raw)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertEqual(answer.json["status"], status)
        if status == 422:
            self.assertEqual(sorted(e["pointer"] for e in answer.json["errors"]), sorted(pointers))
        self.assert_unharmed()

    def test_framing(self):
        token = b"Authorization: Bearer " + self.tenant.token.encode() + b"\r\n"
        for data, status, problem in FRAMING:
            # With a good token, so that nothing but the framing stands in the way of a write.
            if data.startswith(b"POST") and b"Authorization" not in data:
                data = data.replace(b"Content-Type:", token + b"Content-Type:", 1)
            with self.subTest(data=data[:90]):
                answer = raw_exchange(self.scheduler.port, data, half_close=True)
                got = re.match(rb"HTTP/1\.1 (\d+)", answer)
                self.assertTrue(got, answer[:200])
                self.assertEqual(int(got.group(1)), status, answer[:400])
                self.assertIn(b'"type":"urn:belfry:problem:' + problem.encode() + b'"', answer)
                self.assertEqual(answers_in(answer), 1, "one request, one answer")
                self.assert_unharmed()

    def test_the_operators_listener_refuses_a_foreign_host(self):
        for host, status in ((b"evil.example", 403), (b"127.evil.example", 403),
                             (b"localhost", 200), (b"127.0.0.1:9", 200)):
            answer = raw_exchange(self.scheduler.operators_port,
                                  b"GET /metrics HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
            self.assertTrue(answer.startswith(b"HTTP/1.1 %d" % status), (host, answer[:60]))

    def test_what_follows_bad_framing_is_not_read(self):
        smuggled = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        for data, status, _ in FRAMING:
            if b"Content-Length: 2" in data or b"chunked" in data:
                with self.subTest(data=data[:120]):
                    answer = raw_exchange(self.scheduler.port, data + smuggled, half_close=True)
                    self.assertTrue(answer.startswith(b"HTTP/1.1 %d" % status), answer[:200])
                    self.assertEqual(answers_in(answer), 1, answer)

    def test_json(self):
        for body, status, problem in JSON:
            with self.subTest(body=body[:60]):
                self.assert_answer(self.tenant.post("/api/v1/tasks", raw=body), status, problem, "")

    def test_fields(self):
        for name, value, pointer in FIELDS:
            with self.subTest(field=name, value=str(value)[:60]):
                answer = self.tenant.post("/api/v1/tasks", {"taskName": "t", name: value})
                self.assert_answer(answer, 422, "validation_failed", pointer)

    def test_all_faults_are_told_at_once(self):
        answer = self.tenant.post("/api/v1/tasks", {"priority": 99, "queue": "a b", "nonsense": 1})
        self.assert_answer(answer, 422, "validation_failed",
                           "/taskName", "/priority", "/queue", "/nonsense")

    def test_urls(self):
        cases = [(url, "validation_failed") for url in BAD_URLS]
        cases += [(url, "destination_forbidden") for url in FORBIDDEN_URLS]
        for url, problem in cases:
            with self.subTest(url=url):
                answer = self.tenant.post("/api/v1/tasks", {"taskName": "t", "callbackUrl": url})
                self.assert_answer(answer, 422, problem, "/callbackUrl")
                target = {"type": "http", "url": url}
                answer = self.tenant.post("/api/v1/tasks", {"taskName": "t", "target": target})
                self.assert_answer(answer, 422, problem, "/target/url")
                answer = self.tenant.post("/api/v1/webhooks", {"url": url})
                self.assert_answer(answer, 422, problem, "/url")

    def test_queries(self):
        for query in QUERIES:
            with self.subTest(query=query):
                self.assert_answer(self.tenant.get("/api/v1/tasks?" + query), 400, "invalid_query")

    def test_media_types(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
                     "application/jsonx", "application/x-ndjson", "application/json; charset=utf-16"):
            answer = self.tenant.post("/api/v1/tasks", raw=b'{"taskName":"t"}',
                                      headers={"Content-Type": kind})
            self.assert_answer(answer, 415, "unsupported_media_type")

    def test_api_keys(self):
        good = self.tenant.api_key
        for key in ("x", good[:-1], good[:-1] + "!", good + "x", "bfk_" + "0" * 33,
                    good.replace("bfk", "bfo"), good.swapcase()):
            answer = Client(self.scheduler).post("/api/v1/auth/token", {"apiKey": key})
            self.assert_answer(answer, 401, "unauthenticated")
            self.assertNotIn(good.encode(), answer.raw)
        for key in ("", "x" * 257, 7, None):
            answer = Client(self.scheduler).post("/api/v1/auth/token", {"apiKey": key})
            self.assert_answer(answer, 422, "validation_failed", "/apiKey")

    def test_there_are_enough_cases(self):
        self.assertGreaterEqual(len(FRAMING) + len(JSON) + len(FIELDS) + len(BAD_URLS) +
                                len(FORBIDDEN_URLS) + len(QUERIES), 120)


class Ignored(unittest.TestCase):
    """What a call does not take is refused, and nothing of it happens."""

    def test_bodies_and_queries_that_nobody_reads(self):
        scheduler = Scheduler().start()
        self.addCleanup(scheduler.remove)
        tenant = scheduler.tenant("ignored")
        done = tenant.submit(target={"type": "echo"})["taskId"]
        tenant.wait(done, "COMPLETED")
        names = {"task": done, "endpoint": tenant.post("/api/v1/webhooks", {"url": "http://127.0.0.1:9999/"}).json["id"]}
        before = rows(scheduler)
        for method, path, body, problem, pointers in IGNORED:
            with self.subTest(call=f"{method} {path}", body=body):
                answer = tenant.call(method, path.format(**names), raw=body, headers={"Content-Type": "application/json"})
                self.assertEqual(answer.problem, problem, answer.raw)
                self.assertEqual([e["pointer"] for e in answer.json.get("errors", [])], pointers)
                self.assertEqual(rows(scheduler), before)
        for body in (b"", b"{}", b" { } "):
            answer = tenant.call("POST", f"/api/v1/tasks/{done}/retry", raw=body, headers={"Content-Type": "application/json"})
            self.assertEqual(answer.status, 200, answer.raw)
            tenant.wait(done, "COMPLETED")
        for path in ("/healthz?verbose=1", "/.well-known/jwks.json?v=2", "/openapi.yaml?x", "/api/v1/queues?"):
            self.assertEqual(tenant.get(path).status, 200, path)


class Texts(unittest.TestCase):
    """Lengths are told and counted in characters; any text that is taken is found again."""

    def setUp(self):
        self.scheduler = Scheduler().start()
        self.addCleanup(self.scheduler.remove)
        self.tenant = self.scheduler.tenant("texts")

    def found(self, query):
        answer = self.tenant.get("/api/v1/tasks?" + query)
        self.assertEqual(answer.status, 200, answer.raw)
        return [task["taskName"] for task in answer.json]

    def test_limits_are_characters(self):
        long = "\u00e9" * 64
        task = self.tenant.submit(taskName="t", tags=[long], labels={long: "\u00e9" * 256}, target={"type": "worker"})
        self.assertEqual((task["tags"], task["labels"]), ([long], {long: "\u00e9" * 256}))
        leased = self.tenant.lease()[0]
        beat = f"/api/v1/tasks/{task['taskId']}/heartbeat"
        for line, warnings in (("\u00e9" * 2048, 0), ("\u00e9" * 2049, 1)):
            answer = self.tenant.post(beat, {"leaseToken": leased["leaseToken"], "logs": [line]})
            self.assertEqual(answer.status, 200, answer.raw[:200])
            self.assertEqual(len(answer.json.get("warnings", [])), warnings)
        self.assertEqual(self.found("text=" + "%c3%a9" * 256), [])

    def test_a_value_with_a_comma_is_found(self):
        for name in ("a,b", "a", "b", "c"):
            self.tenant.submit(taskName=name, tags=["tag-" + name], delayMs=3_600_000)
        self.assertEqual(self.found("type=a%2Cb"), ["a,b"])
        self.assertEqual(self.found("type=a,b"), ["b", "a"])
        self.assertEqual(self.found("type=a&type=c,a%2Cb"), ["c", "a", "a,b"])
        self.assertEqual(self.found("tag=tag-a%2cb"), ["a,b"])
        first = self.tenant.get("/api/v1/tasks?limit=1&type=a,b")
        following = first.headers["Link"].split(">")[0].strip("<")
        self.assertEqual([t["taskName"] for t in self.tenant.get(following).json], ["a"])
        # A cursor belongs to its very filter.
        other = following.replace("type=a,b", "type=a%2Cb")
        self.assertEqual(self.tenant.get(other).problem, "invalid_query")

    def test_media_types_are_read_in_any_case(self):
        kind = {"Content-Type": "Application/X-NDJSON; charset=utf-8"}
        answer = self.tenant.post("/api/v1/tasks/bulk", raw=b'{"taskName":"x"}\n{"taskName":"y"}', headers=kind)
        self.assertEqual([r["status"] for r in answer.json["results"]], [201, 201], answer.raw)


class Traces(unittest.TestCase):
    def test_a_push_carries_the_tracestate_of_a_valid_trace(self):
        scheduler, receiver = Scheduler().start(), Receiver()
        self.addCleanup(scheduler.remove)
        self.addCleanup(receiver.close)
        tenant = scheduler.tenant("traces")
        for parent, state, pushed in TRACES:
            with self.subTest(parent=parent, state=state):
                path = f"/run/{TRACES.index((parent, state, pushed))}"
                headers = {"traceparent": parent, "tracestate": state}
                answer = tenant.post("/api/v1/tasks", {"taskName": "t", "target": receiver.target(path)}, headers=headers)
                self.assertEqual(answer.status, 201, answer.raw)
                push = receiver.wait_for(path)[0]
                self.assertEqual(push.headers["tracestate"], pushed)
                self.assertEqual(len(push.headers.get_all("traceparent")), 1)


class Settlements(unittest.TestCase):
    def test_one_bad_answer_harms_no_other(self):
        scheduler = Scheduler().start()
        self.addCleanup(scheduler.remove)
        worker = scheduler.tenant("settlements")
        for fault, status, problem, pointers in SETTLEMENTS:
            with self.subTest(fault=str(fault)[:60]):
                tasks = [worker.submit(target={"type": "worker"})["taskId"] for _ in range(3)]
                good = [{"taskId": t["taskId"], "leaseToken": t["leaseToken"], "result": 1} for t in worker.lease(max=3)]
                bad = {**good[1], **fault} if isinstance(fault, dict) else fault
                answer = worker.post("/api/v1/leases/complete", [good[0], bad, good[2]])
                self.assertEqual(answer.status, 200, answer.raw)
                results = answer.json["results"]
                self.assertEqual([r["status"] for r in results], [200, status, 200], answer.raw)
                self.assertEqual(results[1]["problem"]["type"], f"urn:belfry:problem:{problem}")
                self.assertEqual([e["pointer"] for e in results[1]["problem"].get("errors", [])], pointers)
                sent = bad.get("taskId") if isinstance(bad, dict) else None
                self.assertEqual(results[1]["taskId"], sent if isinstance(sent, str) else None)
                self.assertEqual([worker.task(t)["status"] for t in tasks], ["COMPLETED", "RUNNING", "COMPLETED"])
                self.assertEqual(worker.post("/api/v1/leases/complete", [good[1]]).json["results"][0]["status"], 200)
        for body in ({}, [], [{}] * 1001, "text"):
            answer = worker.post("/api/v1/leases/complete", body)
            self.assertEqual((answer.status, answer.problem), (422, "validation_failed"), str(body)[:60])


class Links(unittest.TestCase):
    def test_the_next_link_holds_whatever_was_asked(self):
        scheduler = Scheduler().start()
        self.addCleanup(scheduler.remove)
        tenant = scheduler.tenant("links")
        for _ in range(2):
            tenant.submit(taskName='a>b",<c> \u00e9|^`{}\\', delayMs=3600000)
        head = f"\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {tenant.token}\r\n\r\n".encode()
        for text in (b"a>b", b'b",', b"<c>", b"|^`{}", b"%3E", b"%c3%a9", b"+%c3"[:1]):
            with self.subTest(text=text):
                ask = lambda target: raw_exchange(scheduler.port, b"GET " + target + b" HTTP/1.1" + head)
                first = ask(b"/api/v1/tasks?limit=1&text=" + text)
                self.assertTrue(first.startswith(b"HTTP/1.1 200"), first[:200])
                link = re.search(rb'\r\nLink: <(/[!$&-;=?-Z_a-z~%]+)>; rel="next"\r\n', first)
                self.assertTrue(link, first)
                second = ask(link.group(1))
                self.assertTrue(second.startswith(b"HTTP/1.1 200"), second[:300])
                self.assertIn(b'"taskName"', second)


class Replays(unittest.TestCase):
    """The same key yields the same answer for 24 h, whatever the clock says of the body by then."""

    def setUp(self):
        self.scheduler = Scheduler().start()
        self.addCleanup(self.scheduler.remove)
        self.tenant = self.scheduler.tenant("replays")

    def soon(self):
        time = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
        return time.isoformat(timespec="milliseconds")

    def test_a_submission_is_replayed_after_its_times_have_passed(self):
        body = {"taskName": "t", "target": {"type": "worker"}, "expiresAt": self.soon()}
        key = {"Idempotency-Key": "z"}
        first = self.tenant.post("/api/v1/tasks", body, headers=key)
        self.assertEqual(first.status, 201, first.raw)
        self.tenant.wait(first.json["taskId"], "EXPIRED")
        self.assertEqual(self.tenant.post("/api/v1/tasks", body).status, 422, "the body is refused by now")
        again = self.tenant.post("/api/v1/tasks", body, headers=key)
        self.assertEqual((again.status, again.raw), (201, first.raw))
        self.assertEqual(again.headers["Location"], first.headers["Location"])
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        # Neither another body nor another key profits.
        for other, headers in ((dict(body, priority=1), key), (body, {"Idempotency-Key": "y"})):
            self.assertEqual(self.tenant.post("/api/v1/tasks", other, headers=headers).status, 422)

    def test_a_bulk_is_replayed_after_its_times_have_passed(self):
        bulk = [{"taskName": "t", "target": {"type": "worker"}, "expiresAt": self.soon()}]
        key = {"Idempotency-Key": "z"}
        first = self.tenant.post("/api/v1/tasks/bulk", bulk, headers=key)
        self.tenant.wait(first.json["results"][0]["task"]["taskId"], "EXPIRED")
        again = self.tenant.post("/api/v1/tasks/bulk", bulk, headers=key)
        self.assertEqual((again.status, again.raw), (200, first.raw))


class Leases(unittest.TestCase):
    def test_workers_cannot_guess_leases(self):
        scheduler = Scheduler().start()
        self.addCleanup(scheduler.remove)
        worker = scheduler.tenant("leases")
        task = worker.submit(target={"type": "worker"})
        leased = worker.lease()[0]
        path = f"/api/v1/tasks/{task['taskId']}"
        attempt, secret = leased["leaseToken"].split(".")
        before = rows(scheduler)
        for token in ("x", "1", attempt + ".", "." + secret, "0." + secret, "2." + secret,
                      "-1." + secret, f"{attempt}.{'0' * 16}", leased["leaseToken"] + "0",
                      leased["leaseToken"].upper() + "x", f"+{attempt}.{secret}",
                      f"0{attempt}.{secret}", f"{attempt}.{int(secret, 16) ^ 1:016x}"):
            for call in ("complete", "fail", "heartbeat"):
                answer = worker.post(f"{path}/{call}", {"leaseToken": token})
                self.assertEqual((answer.status, answer.problem), (409, "stale_lease"), token)
                self.assertEqual(worker.task(task["taskId"])["status"], "RUNNING")
        for token in ("", "x" * 65, 7, None):
            answer = worker.post(path + "/complete", {"leaseToken": token})
            self.assertEqual((answer.status, answer.problem), (422, "validation_failed"), token)
            self.assertEqual([e["pointer"] for e in answer.json["errors"]], ["/leaseToken"])
        self.assertEqual(rows(scheduler), before)
        done = worker.post(path + "/complete", {"leaseToken": leased["leaseToken"]})
        self.assertEqual(done.status, 200, done.raw)


class Isolation(unittest.TestCase):
    """No answer to one tenant depends on another's data (PROMISES P12)."""

    def test_foreign_ids_are_as_unknown_ones(self):
        scheduler = Scheduler().start()
        try:
            mine, other = scheduler.tenant("mine"), scheduler.tenant("other")
            task = other.submit(target={"type": "worker"})
            leased = other.lease()[0]
            endpoint = other.post("/api/v1/webhooks", {"url": "http://127.0.0.1:9999/"}).json
            key = other.post("/api/v1/api-keys", {"name": "k"}).json
            nobody = "01a20a00-0000-7000-8000-000000000000"
            calls = [("GET", "/api/v1/tasks/{}", None), ("DELETE", "/api/v1/tasks/{}", None),
                     ("POST", "/api/v1/tasks/{}/retry", {}),
                     ("POST", "/api/v1/tasks/{}/complete", {"leaseToken": leased["leaseToken"]}),
                     ("POST", "/api/v1/tasks/{}/fail", {"leaseToken": leased["leaseToken"]}),
                     ("POST", "/api/v1/tasks/{}/heartbeat", {"leaseToken": leased["leaseToken"]})]
            calls += [(m, p, b, endpoint["id"]) for m, p, b in
                      [("GET", "/api/v1/webhooks/{}", None), ("PATCH", "/api/v1/webhooks/{}", {"enabled": False}),
                       ("DELETE", "/api/v1/webhooks/{}", None), ("POST", "/api/v1/webhooks/{}/test", {}),
                       ("POST", "/api/v1/webhooks/{}/rotate", {})]]
            calls += [("DELETE", "/api/v1/api-keys/{}", None, key["id"])]
            for method, path, body, *foreign in calls:
                with self.subTest(call=f"{method} {path}"):
                    answers = [mine.call(method, path.format(i), body)
                               for i in (foreign[0] if foreign else task["taskId"], nobody)]
                    self.assertEqual(answers[0].status, 404, answers[0].raw)
                    self.assertEqual(answers[0].raw, answers[1].raw)
                    headers = [[h for h in a.headers.items() if h[0] != "Date"] for a in answers]
                    self.assertEqual(headers[0], headers[1])
            for path in ("/api/v1/tasks", "/api/v1/queues", "/api/v1/webhooks", "/api/v1/webhooks/deliveries"):
                self.assertEqual(mine.get(path).json, [], path)
            self.assertEqual(mine.get("/api/v1/metrics").json["total"], 0)
            self.assertEqual(mine.lease(), [])
            self.assertEqual(other.task(task["taskId"])["status"], "RUNNING")
        finally:
            scheduler.remove()


if __name__ == "__main__":
    unittest.main()
