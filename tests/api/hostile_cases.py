"""What hostile_test sends, and the exact answer that each gets (PROMISES section 4)."""


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
    (b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403, "forbidden"),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.evil.example\r\n\r\n", 403, "forbidden"),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n", 403, "forbidden"),
    (b"GET /healthz HTTP/1.1\r\nHost: [::1].evil.example\r\n\r\n", 400, "malformed_request"),
    (b"GET /healthz HTTP/1.1\r\nHost: [::1]:80:80\r\n\r\n", 400, "malformed_request"),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:99999\r\n\r\n", 400, "malformed_request"),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:abc\r\n\r\n", 400, "malformed_request"),
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
    (post(b"0\r\n\r\n", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400, "malformed_request"),
    (post(b"zz\r\n\r\n", b"Transfer-Encoding: chunked\r\n"), 400, "malformed_request"),
    (post(b"fffffffffffffffff\r\n", b"Transfer-Encoding: chunked\r\n"), 400, "malformed_request"),
    (post(b"5\r\nabc\r\n\r\n\r\n", b"Transfer-Encoding: chunked\r\n"), 400, "malformed_request"),
    (post(b"2;=x\r\n{}\r\n0\r\n\r\n", b"Transfer-Encoding: chunked\r\n"), 400, "malformed_request"),
    (post(b"2;\r\n{}\r\n0\r\n\r\n", b"Transfer-Encoding: chunked\r\n"), 400, "malformed_request"),
    (post(b"{}", b"Content-Length: 2\r\nContent-Type: application/json\r\n"), 400, "malformed_request"),
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
    ("tags", ["x", "y", "x"], "/tags"), ("tags", ["a\u200bb"], "/tags"), ("labels", {"a\u202e": "b"}, "/labels"),
    ("taskName", "a\nb", "/taskName"), ("taskName", "a\u202eb", "/taskName"), ("taskName", "\u3000", "/taskName"),
    ("taskName", "a\ufeff", "/taskName"), ("retry", {"initialMs": 2, "maxMs": 1}, "/retry/initialMs"),
    ("retry", {"initialMs": 3_600_001}, "/retry/initialMs"),
    ("tags", ["\u00e9" * 65], "/tags"), ("tags", ["a\0b"], "/tags"), ("labels", {"a": "\u00e9" * 257}, "/labels"),
    ("labels", {"\u00e9" * 65: "a"}, "/labels"), ("labels", {"a": "b\0c"}, "/labels"), ("labels", {"a\0": "b"}, "/labels"),
    ("target", {"type": "ftp"}, "/target/type"), ("target", {}, "/target/type"),
    ("target", {"type": "http"}, "/target/url"), ("target", {"type": "echo", "delayMs": -1}, "/target/delayMs"),
    ("target", {"type": "worker", "url": "x"}, "/target/url"),
    ("target", {"type": "http", "url": "http://127.0.0.1/", "method": "CONNECT"}, "/target/method"),
    ("target", {"type": "http", "url": "http://127.0.0.1/", "headers": {"Host": "x"}}, "/target/headers/Host"),
    ("target", {"type": "http", "url": "http://127.0.0.1/", "headers": {"Belfry-Lease": "x"}}, "/target/headers/Belfry-Lease"),
    ("target", {"type": "http", "url": "http://127.0.0.1/", "headers": {"webhook-id": "x"}}, "/target/headers/webhook-id"),
    ("target", {"type": "http", "url": "http://127.0.0.1/", "headers": {"Accept-Encoding": "br"}}, "/target/headers/Accept-Encoding"),
    ("target", {"type": "http", "url": "http://127.0.0.1/", "headers": {"Traceparent": "x"}}, "/target/headers/Traceparent"),
    ("target", {"type": "http", "url": "http://127.0.0.1/", "headers": {"tracestate": "x"}}, "/target/headers/tracestate"),
    ("target", {"type": "http", "url": "http://127.0.0.1/", "headers": {"belfry-~x": "x"}}, "/target/headers/belfry-~0x"),
    ("target", {"type": "http", "url": "http://127.0.0.1/", "headers": {"a": "b\r\nc: d"}}, "/target/headers/a"),
    ("target", {"type": "http", "url": "http://127.0.0.1/", "headers": {"a b": "c"}}, "/target/headers"),
    ("uniqueKey", "x", "/uniqueKey"), ("dependsOn", [], "/dependsOn"), ("batchId", "x", "/batchId"),
    ("concurrencyKey", "x", "/concurrencyKey"), ("Priority", 5, "/Priority"), ("id", 1, "/id"),
]

# syntax
BAD_URLS = ["ftp://example.com/", "http://", "http:///x", "//example.com/", "http://example.com:99999/",
            "http://2130706433/", "http://0177.0.0.1/", "http://0x7f000001/", "http://127.1/",
            "http://[fe80::1%25eth0]/", "http://exam ple.com/", "http://ex\u00e4mple.com/",
            "http://example.com\\@127.0.0.1/", "http://example.com/#fragment", "http://-bad.example/",
            "javascript:alert(1)", "http://example..com/", "/only/a/path", "http://[::1",
            "http://example.com./", "http://1.2.3.4.5/", "http://1.2.3.256/", "http://1.2.3.04/"]

# understood, and refused: user names, ports, and at least one address of every range of PROMISES 3.1
FORBIDDEN_URLS = ["http://user@example.com/", "http://user:pw@example.com/", "http://example.com:0/",
                  "http://example.com:22/", "http://8.8.8.8:6379/"] + [f"http://{host}/" for host in (
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1",
    "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255", "168.63.129.16", "[::]", "[::1]", "[::ffff:10.0.0.1]", "[::10.0.0.1]",
    "[64:ff9b::a00:1]", "[64:ff9b:1::1]", "[100::1]", "[2001::1]", "[2001:db8::1]", "[2002:a00:1::]",
    "[3fff::1]", "[5f00::1]", "[fc00::1]", "[fd00::1]", "[fe80::1]", "[fec0::1]", "[ff02::1]")]

QUERIES = ["status=DONE", "status=BLOCKED", "limit=0", "limit=501", "limit=x", "limit=1&limit=2", "view=short",
           "createdFrom=yesterday", "cursor=x", "cursor=AAAA", "cursor=" + "A" * 44, "page=2", "text=%ff",
           "createdFrom=%zz", "text=a%00b", "tag=%00", "text=" + "%c3%a9" * 257, "batch=x", "schedule=x"]

# what one answer of POST /leases/complete has instead, its status, problem and pointers
SETTLEMENTS = [
    ({"taskId": "x"}, 422, "validation_failed", ["/taskId"]),
    ({"taskId": None}, 422, "validation_failed", ["/taskId"]),
    ({"taskId": 7}, 422, "validation_failed", ["/taskId"]),
    ({"taskId": "01a20a00-0000-7000-8000-000000000000"}, 404, "not_found", []),
    ({"leaseToken": "1.0000000000000001"}, 409, "stale_lease", []),
    ({"leaseToken": "garbled"}, 409, "stale_lease", []),
    ({"leaseToken": 7}, 422, "validation_failed", ["/leaseToken"]),
    ({"retryable": "no"}, 422, "validation_failed", ["/result", "/retryable"]),
    ({"errorMessage": "x"}, 422, "validation_failed", ["/result"]),
    ({"nonsense": 1}, 422, "validation_failed", ["/nonsense"]),
    (7, 422, "validation_failed", [""]), (None, 422, "validation_failed", [""]),
]

# method, path, body, problem, pointers
IGNORED = [
    ("POST", "/api/v1/tasks/{task}/retry", b'{"delayMs":60000,"payload":"new"}', "validation_failed", ["/delayMs", "/payload"]),
    ("POST", "/api/v1/tasks/{task}/retry", b"[]", "validation_failed", [""]),
    ("POST", "/api/v1/tasks/{task}/retry", b"{", "invalid_json", []),
    ("POST", "/api/v1/webhooks/{endpoint}/test", b'{"event":"x"}', "validation_failed", ["/event"]),
    ("POST", "/api/v1/webhooks/{endpoint}/rotate", b'{"keepMs":0}', "validation_failed", ["/keepMs"]),
    ("POST", "/api/v1/webhooks/secret/rotate", b'{"keepMs":0}', "validation_failed", ["/keepMs"]),
    ("POST", "/api/v1/queues/default/resume", b'{"reason":"x"}', "validation_failed", ["/reason"]),
    ("DELETE", "/api/v1/tasks/{task}", b'{"reason":"x"}', "validation_failed", ["/reason"]),
    ("POST", "/api/v1/tasks?dryRun=true", b'{"taskName":"t"}', "invalid_query", ["dryRun"]),
    ("POST", "/api/v1/tasks/cancel?dryRun=true", b'{"taskIds":["x"]}', "invalid_query", ["dryRun"]),
    ("GET", "/api/v1/tasks/{task}?view=summary", b"", "invalid_query", ["view"]),
    ("DELETE", "/api/v1/webhooks/{endpoint}?force=true", b"", "invalid_query", ["force"]),
    ("GET", "/api/v1/queues?limit=1", b"", "invalid_query", ["limit"]),
    ("GET", "/api/v1/queues?a=%ff", b"", "invalid_query", []),
]

# traceparent, tracestate, the tracestate on the push
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TRACES = [
    (TRACE, "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
    (TRACE, "a=1,,b=2", "a=1,,b=2"),
    (TRACE, "no equals sign", None), (TRACE, "=1", None), (TRACE, "a=", None), (TRACE, ",", None),
    (TRACE, ",".join(f"k{i}=v" for i in range(33)), None), (TRACE, "a=" + "x" * 511, None),
    (TRACE[:-3], "a=1", None), ("00-" + "0" * 32 + TRACE[35:], "a=1", None),
]
