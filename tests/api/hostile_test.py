"""Malformed HTTP, JSON, fields, tokens, URLs and queries: the answers of PROMISES section 4, and after
each a good request succeeds and nothing was written."""
import base64
import json
import re
import unittest

from belfry import Client, Scheduler, raw_exchange

GOOD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def post(body, headers=b"", path=b"/api/v1/tasks"):
    return (b"POST " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers +
            b"Content-Type: application/json\r\n\r\n" + body)


# bytes, status, problem
FRAMING = [
    (b"\x00\x01\x02\r\n\r\n", 400, "malformed_request"),
    (b"GET\r\n\r\n", 400, "malformed_request"),
    (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed_request"),
    (b"GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n", 400, "malformed_request"),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\n\r\n", 400, "malformed_request"),
    (b"GET /healthz HTTP/1.1\r\n\r\n", 400, "malformed_request"),
    (b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "malformed_request"),
    (b"GET /healthz HTTP/2.0\r\nHost: 127.0.0.1\r\n\r\n", 505, "version_not_supported"),
    (b"GET /healthz HTTP/0.9\r\nHost: 127.0.0.1\r\n\r\n", 505, "version_not_supported"),
    (b"GET /healthz HTTX/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400, "malformed_request"),
    (b"BREW /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 501, "not_implemented"),
    (b"G@T /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400, "malformed_request"),
    (b"GET healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400, "malformed_request"),
    (b"GET /a\x00b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400, "malformed_request"),
    (b"GET /%zz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400, "malformed_request"),
    (b"GET /%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400, "malformed_request"),
    (b"GET /%ff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400, "malformed_request"),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nA : b\r\n\r\n", 400, "malformed_request"),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n: b\r\n\r\n", 400, "malformed_request"),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nA: b\r\n folded\r\n\r\n", 400, "malformed_request"),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nA: b\x00c\r\n\r\n", 400, "malformed_request"),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nA: b\rc\r\n\r\n", 400, "malformed_request"),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nnocolon\r\n\r\n", 400, "malformed_request"),
    (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 414, "uri_too_long"),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nA: " + b"a" * 40000 + b"\r\n\r\n", 431, "headers_too_large"),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"A: b\r\n" * 120 + b"\r\n", 431, "headers_too_large"),
    (post(b"{}", b"Content-Length: 2\r\nContent-Length: 2\r\n"), 400, "malformed_request"),
    (post(b"{}", b"Content-Length: 2, 2\r\n"), 400, "malformed_request"),
    (post(b"{}", b"Content-Length: +2\r\n"), 400, "malformed_request"),
    (post(b"{}", b"Content-Length: -2\r\n"), 400, "malformed_request"),
    (post(b"{}", b"Content-Length: 0x2\r\n"), 400, "malformed_request"),
    (post(b"{}", b"Content-Length: 2 \t2\r\n"), 400, "malformed_request"),
    (post(b"{}", b"Content-Length: 99999999999999999999\r\n"), 413, "payload_too_large"),
    (post(b"", b"Content-Length: 2000000\r\n"), 413, "payload_too_large"),
    (post(b"0\r\n\r\n", b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400, "malformed_request"),
    (post(b"0\r\n\r\n", b"Transfer-Encoding: gzip\r\n"), 501, "not_implemented"),
    (post(b"0\r\n\r\n", b"Transfer-Encoding: gzip, chunked\r\n"), 501, "not_implemented"),
    (post(b"0\r\n\r\n", b"Transfer-Encoding: xchunked\r\n"), 501, "not_implemented"),
    (post(b"0\r\n\r\n", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), None, None),
    (post(b"zz\r\n\r\n", b"Transfer-Encoding: chunked\r\n"), 400, "malformed_request"),
    (post(b"fffffffffffffffff\r\n", b"Transfer-Encoding: chunked\r\n"), None, None),
    (post(b"5\r\nabc\r\n\r\n\r\n", b"Transfer-Encoding: chunked\r\n"), 400, "malformed_request"),
    (post(b"{}", b"Content-Length: 2\r\nContent-Encoding: gzip\r\n"), 415, "unsupported_encoding"),
    (post(b"{}", b"Content-Length: 2\r\nExpect: miracles\r\n"), 400, "malformed_request"),
    (post(b"{}", b"Content-Length: 2\r\nAuthorization: Bearer a\r\nAuthorization: Bearer a\r\n"), 400, "malformed_request"),
    (b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403, "forbidden"),
    (b"GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 404, "not_found"),
    (b"GET /healthz/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 404, "not_found"),
    (b"DELETE /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 405, "method_not_allowed"),
]

JSON = [
    (b"", 400, "invalid_json"), (b"{", 400, "invalid_json"), (b"{}x", 400, "invalid_json"),
    (b"{'a':1}", 400, "invalid_json"), (b'{"a":1,}', 400, "invalid_json"),
    (b'{"a":01}', 400, "invalid_json"), (b'{"a":NaN}', 400, "invalid_json"),
    (b'{"a":+1}', 400, "invalid_json"), (b'{"a":"\\x"}', 400, "invalid_json"),
    (b'{"a":"\t"}', 400, "invalid_json"), (b'// c\n{}', 400, "invalid_json"),
    (b'\xef\xbb\xbf{}', 400, "invalid_json"), (b'{"a":tru}', 400, "invalid_json"),
    (b'{"a":"\xff"}', 400, "invalid_encoding"), (b'{"a":"\xc0\x80"}', 400, "invalid_encoding"),
    (b'{"a":"\xed\xa0\x80"}', 400, "invalid_encoding"),
    (b'{"taskName":"a","taskName":"b"}', 400, "duplicate_key"),
    (b'{"taskName":"a","payload":{"x":1,"\\u0078":2}}', 400, "duplicate_key"),
    (b'{"taskName":"a","payload":' + b"[" * 40 + b"]" * 40 + b"}", 400, "json_too_deep"),
    (b"[" * 500000, 400, "json_too_deep"),
    (b"[]", 422, "validation_failed"), (b'"text"', 422, "validation_failed"),
    (b"null", 422, "validation_failed"), (b"7", 422, "validation_failed"),
    (b'{"taskName":"t","payload":"' + b"x" * 300000 + b'"}', 413, "payload_too_large"),
]

# a field of a submission, its value, the pointer of the fault
FIELDS = [
    ("taskName", None, "/taskName"), ("taskName", "", "/taskName"), ("taskName", "  ", "/taskName"),
    ("taskName", 7, "/taskName"), ("taskName", "x" * 257, "/taskName"), ("taskName", "a\0b", "/taskName"),
    ("queue", "", "/queue"), ("queue", "a b", "/queue"), ("queue", "x" * 129, "/queue"), ("queue", "ü", "/queue"),
    ("priority", 0, "/priority"), ("priority", 11, "/priority"), ("priority", 5.5, "/priority"),
    ("priority", "URGENT", "/priority"), ("priority", [], "/priority"),
    ("scheduledFor", "tomorrow", "/scheduledFor"), ("scheduledFor", 5, "/scheduledFor"),
    ("scheduledFor", "2026-02-30T00:00:00Z", "/scheduledFor"), ("scheduledFor", "9999-01-01T00:00:00Z", "/scheduledFor"),
    ("delayMs", -1, "/delayMs"), ("delayMs", "5", "/delayMs"), ("delayMs", 1e300, "/delayMs"),
    ("expiresAt", "2001-01-01T00:00:00Z", "/expiresAt"),
    ("maxRetries", 0, "/maxRetries"), ("maxRetries", 101, "/maxRetries"),
    ("retry", {"maxAttempts": 0}, "/retry/maxAttempts"), ("retry", {"backoff": "random"}, "/retry/backoff"),
    ("retry", {"jitter": 2}, "/retry/jitter"), ("retry", {"initialMs": -1}, "/retry/initialMs"),
    ("retry", {"attempts": 1}, "/retry/attempts"), ("retry", [], "/retry"),
    ("timeoutMs", 1, "/timeoutMs"), ("timeoutMs", 10**12, "/timeoutMs"),
    ("tags", ["x"] * 17, "/tags"), ("tags", [""], "/tags"), ("tags", "x", "/tags"), ("tags", [1], "/tags"),
    ("labels", {"a": 1}, "/labels"), ("labels", [], "/labels"),
    ("target", {"type": "ftp"}, "/target/type"), ("target", {}, "/target/type"),
    ("target", {"type": "http"}, "/target/url"), ("target", {"type": "echo", "delayMs": -1}, "/target/delayMs"),
    ("target", {"type": "worker", "url": "x"}, "/target/url"),
    ("target", {"type": "http", "url": "http://127.0.0.1/", "method": "CONNECT"}, "/target/method"),
    ("target", {"type": "http", "url": "http://127.0.0.1/", "headers": {"Host": "x"}}, "/target/headers/Host"),
    ("target", {"type": "http", "url": "http://127.0.0.1/", "headers": {"Belfry-Lease": "x"}}, "/target/headers/Belfry-Lease"),
    ("target", {"type": "http", "url": "http://127.0.0.1/", "headers": {"webhook-id": "x"}}, "/target/headers/webhook-id"),
    ("target", {"type": "http", "url": "http://127.0.0.1/", "headers": {"a": "b\r\nc: d"}}, "/target/headers/a"),
    ("target", {"type": "http", "url": "http://127.0.0.1/", "headers": {"a b": "c"}}, "/target/headers"),
    ("uniqueKey", "x", "/uniqueKey"), ("dependsOn", [], "/dependsOn"), ("batchId", "x", "/batchId"),
    ("concurrencyKey", "x", "/concurrencyKey"), ("Priority", 5, "/Priority"), ("id", 1, "/id"),
]

URLS = ["ftp://example.com/", "http://", "http:///x", "//example.com/", "http://user@example.com/",
        "http://example.com:0/", "http://example.com:99999/", "http://example.com:22/",
        "http://10.1.2.3/", "http://192.168.0.1/", "http://172.16.0.1/", "http://169.254.169.254/",
        "http://100.64.0.1/", "http://0.0.0.0/", "http://224.0.0.1/", "http://255.255.255.255/",
        "http://2130706433/", "http://0177.0.0.1/", "http://0x7f000001/", "http://127.1/",
        "http://[fe80::1]/", "http://[fc00::1]/", "http://[::ffff:10.0.0.1]/", "http://[::]/",
        "http://[64:ff9b::a00:1]/", "http://[fe80::1%25eth0]/", "http://exam ple.com/", "http://ex\u00e4mple.com/",
        "http://example.com\\@127.0.0.1/", "http://example.com/#fragment", "http://-bad.example/",
        "javascript:alert(1)", "http://168.63.129.16/", "http://example..com/"]

QUERIES = ["status=DONE", "status=BLOCKED", "limit=0", "limit=501", "limit=x", "limit=1&limit=2", "view=short",
           "createdFrom=yesterday", "cursor=x", "cursor=AAAA", "cursor=" + "A" * 44, "page=2", "text=%ff",
           "createdFrom=%zz", "batch=x", "schedule=x"]


def forged(header, claims, signature="AA"):
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    return f"{part(header)}.{part(claims)}.{signature}"


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scheduler = Scheduler().start()
        cls.tenant = cls.scheduler.tenant()

    @classmethod
    def tearDownClass(cls):
        cls.scheduler.remove()

    def good_request_succeeds(self):
        self.assertTrue(raw_exchange(self.scheduler.port, GOOD).startswith(b"HTTP/1.1 200"))
        self.assertEqual(self.tenant.get("/api/v1/tasks").json, [])

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
                if status is None:
                    self.assertIn(int(got.group(1)), (400, 413, 501))
                else:
                    self.assertEqual(int(got.group(1)), status, answer[:400])
                    self.assertIn(b"urn:belfry:problem:" + problem.encode(), answer)
                self.good_request_succeeds()

    def test_json(self):
        for body, status, problem in JSON:
            with self.subTest(body=body[:60]):
                answer = self.tenant.post("/api/v1/tasks", raw=body)
                self.assertEqual((answer.status, answer.problem), (status, problem), answer.raw)
                self.good_request_succeeds()

    def test_fields(self):
        for name, value, pointer in FIELDS:
            with self.subTest(field=name, value=str(value)[:60]):
                body = {"taskName": "t", name: value}
                answer = self.tenant.post("/api/v1/tasks", body)
                self.assertEqual((answer.status, answer.problem), (422, "validation_failed"), answer.raw)
                self.assertIn(pointer, [e["pointer"] for e in answer.json["errors"]])
                self.good_request_succeeds()

    def test_all_faults_are_told_at_once(self):
        answer = self.tenant.post("/api/v1/tasks", {"priority": 99, "queue": "a b", "nonsense": 1})
        self.assertEqual({e["pointer"] for e in answer.json["errors"]},
                         {"/taskName", "/priority", "/queue", "/nonsense"})

    def test_urls(self):
        for url in URLS:
            for body in ({"callbackUrl": url}, {"target": {"type": "http", "url": url}}):
                with self.subTest(url=url):
                    answer = self.tenant.post("/api/v1/tasks", {"taskName": "t", **body})
                    self.assertEqual(answer.status, 422, answer.raw)
                    self.assertIn(answer.problem, ("validation_failed", "destination_forbidden"))
            self.good_request_succeeds()

    def test_queries(self):
        for query in QUERIES:
            with self.subTest(query=query):
                answer = self.tenant.get("/api/v1/tasks?" + query)
                self.assertEqual((answer.status, answer.problem), (400, "invalid_query"), answer.raw)
                self.good_request_succeeds()

    def test_tokens(self):
        good = self.tenant.token
        header, claims, signature = good.split(".")
        decode = lambda part: json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        real_header, real_claims = decode(header), decode(claims)
        last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        respelt = good[:-1] + last[(last.index(good[-1]) + 1) % 64]
        tokens = ["", "x", "a.b", "a.b.c", "a.b.c.d", good + ".", good + "=", good + "A", "." + good, good[:-1],
                  good[:-20], respelt, f"{header}.{claims}.", f".{claims}.{signature}", f"{header}..{signature}",
                  f"{claims}.{header}.{signature}", "!" * 50, "A" * 5000, good.upper(),
                  forged({"alg": "none", "typ": "at+jwt"}, real_claims, ""),
                  forged({**real_header, "alg": "none"}, real_claims, signature),
                  forged({**real_header, "alg": "HS256"}, real_claims, signature),
                  forged({**real_header, "kid": "other"}, real_claims, signature),
                  forged({**real_header, "typ": "JWT"}, real_claims, signature),
                  forged({**real_header, "jku": "http://evil.example"}, real_claims, signature),
                  forged(real_header, {**real_claims, "sub": "00000000-0000-7000-8000-000000000000"}, signature),
                  forged(real_header, {**real_claims, "scope": "operator"}, signature)]
        for token in tokens:
            with self.subTest(token=token[:40]):
                client = Client(self.scheduler)
                answer = client.get("/api/v1/tasks", headers={"Authorization": "Bearer " + token})
                self.assertEqual(answer.status, 401, answer.raw)
                self.assertIn("Bearer", answer.headers["WWW-Authenticate"])
                self.good_request_succeeds()
        for value in ("Basic abc", "Bearer", "bearer", good):
            answer = Client(self.scheduler).get("/api/v1/tasks", headers={"Authorization": value})
            self.assertEqual(answer.problem, "unauthenticated")
        self.assertEqual(Client(self.scheduler).get("/api/v1/tasks").problem, "unauthenticated")

    def test_media_types(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"):
            answer = self.tenant.post("/api/v1/tasks", raw=b'{"taskName":"t"}', headers={"Content-Type": kind})
            self.assertEqual((answer.status, answer.problem), (415, "unsupported_media_type"))
            self.good_request_succeeds()

    def test_api_keys(self):
        for key in ("", "x", self.tenant.api_key[:-1], self.tenant.api_key[:-1] + "!", self.tenant.api_key + "x",
                    "bfk_" + "0" * 33, self.tenant.api_key.replace("bfk", "bfo")):
            answer = Client(self.scheduler).post("/api/v1/auth/token", {"apiKey": key})
            self.assertIn(answer.status, (401, 422), key)
            self.assertNotIn(self.tenant.api_key.encode(), answer.raw)

    def test_workers_cannot_guess_leases(self):
        worker = self.scheduler.tenant("leases")
        task = worker.submit(target={"type": "worker"})
        leased = worker.lease()[0]
        path = f"/api/v1/tasks/{task['taskId']}/complete"
        attempt, secret = leased["leaseToken"].split(".")
        for token in ("", "x", "1", attempt + ".", "." + secret, "0." + secret, "2." + secret, "-1." + secret,
                      f"{attempt}.{'0' * 16}", leased["leaseToken"] + "0", leased["leaseToken"].upper() + "x",
                      f"+{attempt}.{secret}", f"0{attempt}.{secret}"):
            answer = worker.post(path, {"leaseToken": token})
            self.assertIn(answer.problem, ("stale_lease", "validation_failed"), token)
            self.assertEqual(worker.task(task["taskId"])["status"], "RUNNING")
        self.assertEqual(worker.post(path, {"leaseToken": leased["leaseToken"]}).status, 200)

    def test_there_are_enough_cases(self):
        self.assertGreaterEqual(len(FRAMING) + len(JSON) + len(FIELDS) + len(URLS) + len(QUERIES), 120)


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
