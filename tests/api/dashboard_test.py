"""The dashboard's server: sessions, the scheduler's API behind them, live news, headers."""
import contextlib
import gzip
import http.client
import http.server
import select
import socket
import threading
import unittest

from belfry import Client, PATIENCE, Scheduler
from dashboard import Browser, Dashboard, Live, Relay


class DashboardCase(unittest.TestCase):
    flags = ()

    def setUp(self):
        self.scheduler = Scheduler(keep_port=True).start()
        self.addCleanup(self.scheduler.remove)
        self.dashboard = Dashboard(self.dashboard_url(), *self.flags)
        self.addCleanup(self.dashboard.stop)
        self.browser = Browser(self.dashboard)

    def dashboard_url(self):
        """Where the dashboard finds the scheduler."""
        return f"http://127.0.0.1:{self.scheduler.port}"

    def submit(self, browser, name="a", **more):
        answer = browser.post("/api/v1/tasks", {"taskName": name, **more})
        self.assertEqual(answer.status, 201, answer.raw)
        return answer.json["taskId"]

    def live(self, browser, path="/api/live"):
        stream = Live(browser, path)
        self.addCleanup(stream.close)
        return stream


class Sessions(DashboardCase):
    def dashboard_url(self):
        self.relay = Relay(self.scheduler.port)
        self.addCleanup(self.relay.close)
        return self.relay.url

    def test_registering_signs_in_and_shows_the_key_once(self):
        self.assertFalse(self.browser.get("/api/session").json["signedIn"])
        made = self.browser.register("acme")
        self.assertRegex(made["apiKey"], "^bfk_")
        self.assertIn("HttpOnly; SameSite=Strict", self.browser.post(
            "/api/session", {"apiKey": made["apiKey"]}).headers["Set-Cookie"])
        told = self.browser.get("/api/session")
        self.assertEqual((told.json["kind"], told.json["tenantName"]), ("tenant", "acme"))
        self.assertNotIn(made["apiKey"].encode(), told.raw)

    def test_a_wrong_key_opens_nothing(self):
        for key in ("bfk_0000000000000000000000000000000000", "x", "y" * 256):
            answer = self.browser.sign_in(key)
            self.assertEqual((answer.status, answer.problem), (401, "unauthenticated"))
        self.assertEqual(self.browser.post("/api/session", {"key": "x"}).status, 422)
        self.assertEqual(self.browser.post("/api/session", raw=b"{").status, 400)
        self.assertEqual(self.browser.get("/api/v1/tasks").status, 401)

    def test_attempts_are_limited(self):
        wrong = "bfk_" + "0" * 33
        statuses = [self.browser.sign_in(wrong).status for _ in range(21)]
        self.assertEqual(statuses, [401] * 20 + [429])

    def test_what_cannot_be_a_key_is_counted_apart(self):
        statuses = [self.browser.sign_in("x").status for _ in range(21)]
        self.assertEqual(statuses, [401] * 20 + [429])
        made = self.browser.register("acme")
        self.assertEqual(self.browser.sign_in(made["apiKey"]).status, 200)

    def test_sign_out_ends_the_session_its_token_and_its_streams(self):
        made = self.browser.register("acme")
        stream = self.live(self.browser)
        token = self.token_of(self.browser)
        cookie = self.browser.cookie
        self.assertEqual(self.browser.call("DELETE", "/api/session").status, 204)
        self.assert_ended(stream, cookie, token)
        self.assertEqual(self.browser.sign_in(made["apiKey"]).status, 200)

    def test_signing_in_anew_ends_the_session_before_its_token_and_its_streams(self):
        made = self.browser.register("acme")
        for again in (lambda: self.browser.sign_in(made["apiKey"]).status == 200,
                      lambda: self.browser.register("umbrella")):
            stream = self.live(self.browser)
            token = self.token_of(self.browser)
            cookie = self.browser.cookie
            self.assertTrue(again())
            self.assertNotEqual(self.browser.cookie, cookie)
            new = self.browser.cookie
            self.assert_ended(stream, cookie, token)
            self.browser.cookie = new
            self.assertEqual(self.browser.get("/api/v1/tasks").status, 200)

    def test_a_refused_sign_in_leaves_the_session(self):
        self.browser.register("acme")
        token = self.token_of(self.browser)
        self.assertEqual(self.browser.sign_in("bfk_" + "0" * 34).status, 401)
        self.assertEqual(self.browser.get("/api/v1/tasks").status, 200)
        self.assertEqual(Client(self.scheduler, token).get("/api/v1/tasks").status, 200)

    def token_of(self, browser):
        """The token that the dashboard uses for the browser's session; it is good."""
        self.assertEqual(browser.get("/api/v1/tasks").status, 200)
        token = self.relay.tokens[-1].decode()
        self.assertEqual(Client(self.scheduler, token).get("/api/v1/tasks").status, 200)
        return token

    def assert_ended(self, stream, cookie, token):
        while stream.next() is not None:
            pass
        self.browser.cookie = cookie
        self.assertEqual(self.browser.get("/api/v1/tasks").status, 401)
        self.assertEqual(Client(self.scheduler, token).get("/api/v1/tasks").status, 401)

    def test_a_revoked_key_ends_its_session(self):
        self.browser.register("acme")
        keys = self.browser.get("/api/v1/api-keys").json
        gone = self.browser.call("DELETE", f"/api/v1/api-keys/{keys[0]['id']}")
        self.assertEqual(gone.status, 204, gone.raw)
        self.assertEqual(self.browser.get("/api/v1/tasks").status, 401)
        self.assertFalse(self.browser.get("/api/session").json["signedIn"])

    def test_changes_need_the_pages_own_origin_and_token(self):
        self.browser.register("acme")
        body = {"taskName": "a"}
        for headers in ({"X-CSRF-Token": None}, {"X-CSRF-Token": "x"},
                        {"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"},
                        {"Origin": "null"}):
            answer = self.browser.post("/api/v1/tasks", body, headers=headers)
            self.assertEqual((answer.status, answer.problem), (403, "csrf"), headers)
        self.assertEqual(self.browser.get("/api/v1/tasks").json, [])
        refused = self.browser.call("DELETE", "/api/session", headers={"X-CSRF-Token": "x"})
        self.assertEqual(refused.status, 403)
        self.assertEqual(self.browser.get("/healthz", headers={"Host": "evil.example"}).status, 403)

    def test_two_browsers_have_two_tenants(self):
        other = Browser(self.dashboard)
        self.browser.register("acme")
        other.register("umbrella")
        mine = self.submit(self.browser)
        self.assertEqual(other.get("/api/v1/tasks").json, [])
        unknown = other.get("/api/v1/tasks/01a20b7f-2ed3-7000-970b-4be80176c09e")
        foreign = other.get(f"/api/v1/tasks/{mine}")
        self.assertEqual((foreign.status, foreign.raw), (404, unknown.raw))


class Bodies(DashboardCase):
    def begin_body(self, browser, sent, path="/api/v1/tasks/bulk", length=16 * 1024 * 1024):
        """A connection that has sent the head and a part of a body."""
        peer = socket.create_connection(("127.0.0.1", self.dashboard.port), PATIENCE)
        self.addCleanup(peer.close)
        fields = [f"POST {self.dashboard.prefix}{path} HTTP/1.1", "Host: localhost",
                  "Content-Type: application/json", f"Content-Length: {length}",
                  "Sec-Fetch-Site: same-origin", f"X-CSRF-Token: {browser.csrf}"]
        if browser.cookie:
            fields.append("Cookie: " + browser.cookie)
        peer.sendall(("\r\n".join(fields) + "\r\n\r\n").encode())
        with contextlib.suppress(ConnectionError):  # what is refused need not be read
            peer.sendall(b" " * sent)
        return peer

    def status(self, peer):
        return int(peer.recv(4_096).split()[1])

    def test_a_body_without_a_session_is_refused_before_it_has_come(self):
        stranger = Browser(self.dashboard)
        self.assertEqual(self.status(self.begin_body(stranger, 0)), 401)
        stranger.cookie = "belfry_session=forged"
        self.assertEqual(self.status(self.begin_body(stranger, 0)), 401)

    def test_the_bodies_of_one_tenant_leave_room_for_anothers(self):
        self.browser.register("greedy")
        other = Browser(self.dashboard)
        other.register("modest")
        held = [self.begin_body(self.browser, 11_000_000) for _ in range(4)]
        readable, _, _ = select.select(held, [], [], PATIENCE)
        self.assertEqual({self.status(peer) for peer in readable}, {503})
        task = {"taskName": "a", "payload": "x" * 200_000, "target": {"type": "worker"}}
        answer = other.post("/api/v1/tasks/bulk", [task] * 10)
        self.assertEqual(answer.status, 200, answer.raw)


class IdleSessions(DashboardCase):
    flags = ("--session-idle-seconds", "1")

    def test_an_idle_session_ends_with_its_stream(self):
        self.browser.register("acme")
        stream = self.live(self.browser)
        # The stream lives while the session does; that it ends is the event.
        while stream.next() is not None:
            pass
        self.assertEqual(self.browser.get("/api/v1/tasks").status, 401)


class Proxy(DashboardCase):
    def test_the_api_is_passed_on_and_its_secrets_are_not(self):
        self.browser.register("acme")
        for _ in range(3):
            self.submit(self.browser)
        page = self.browser.get("/api/v1/tasks?limit=2")
        self.assertEqual(len(page.json), 2)
        self.assertIn('rel="next"', page.headers["Link"])
        refused = self.browser.post("/api/v1/tasks", {"taskNam": "a"})
        self.assertEqual((refused.status, refused.problem), (422, "validation_failed"))
        for path in ("/api/v1/auth/token", "/api/v1/auth/register", "/api/v1/events", "/api/v2",
                     "/api/", "/api/v1/../v1/auth/token"):
            self.assertEqual(self.browser.post(path).status, 404, path)
        mine = {"Authorization": "Bearer x", "Idempotency-Key": "k"}
        twice = [self.browser.post("/api/v1/tasks", {"taskName": "b"}, headers=mine)
                 for _ in range(2)]
        self.assertEqual([answer.status for answer in twice], [201, 201])
        self.assertEqual(twice[0].json["taskId"], twice[1].json["taskId"])

    def test_large_answers_come_whole(self):
        self.browser.register("acme")
        payload = "x" * 200_000
        ids = [self.submit(self.browser, payload=payload, target={"type": "worker"})
               for _ in range(10)]
        page = self.browser.get("/api/v1/tasks")
        self.assertEqual([task["taskId"] for task in page.json], ids[::-1])
        self.assertEqual({len(task["payload"]) for task in page.json}, {200_000})

    def test_a_scheduler_that_is_away_is_told_and_comes_back(self):
        self.browser.register("acme")
        stream = self.live(self.browser)
        self.scheduler.stop()
        answer = self.browser.get("/api/v1/tasks")
        self.assertEqual((answer.status, answer.problem), (503, "scheduler_unreachable"))
        self.scheduler.start()
        self.assertEqual(self.browser.get("/api/v1/tasks").status, 200)
        self.submit(self.browser, target={"type": "worker"})
        stream.until(lambda name, data: name == "totals" and data["pending"] == 1)


class ClientAddress(unittest.TestCase):
    """What the dashboard reports of its clients to the scheduler, as a scripted scheduler sees it."""

    def setUp(self):
        self.seen = seen = []

        class Scheduler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                seen.append((self.path, self.headers.get_all("X-Forwarded-For")))
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                body = b'{"token":"t","expires_in":3600,"tenantId":"1","scope":"tasks:read"}'
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        scheduler = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Scheduler)
        threading.Thread(target=scheduler.serve_forever).start()
        self.addCleanup(scheduler.server_close)
        self.addCleanup(scheduler.shutdown)
        self.url = f"http://127.0.0.1:{scheduler.server_port}"

    def calls(self, *flags):
        dashboard = Dashboard(self.url, *flags)
        self.addCleanup(dashboard.stop)
        browser = Browser(dashboard)
        forged = {"X-Forwarded-For": "203.0.113.1, 192.0.2.7"}
        answer = browser.post("/api/session", {"apiKey": "bfk_" + "k" * 33}, headers=forged)
        self.assertEqual(answer.status, 200, answer.raw)
        browser.csrf = answer.json["csrf"]
        browser.post("/api/v1/tasks", {"taskName": "x"}, headers=forged)
        browser.call("DELETE", "/api/session", headers=forged)
        paths = ["/api/v1/auth/token", "/api/v1/tasks", "/api/v1/auth/revoke"]
        self.assertEqual([path for path, _ in self.seen], paths)
        return [addresses for _, addresses in self.seen]

    def test_every_call_carries_the_clients_address_and_no_forged_one(self):
        self.assertEqual(self.calls(), [["127.0.0.1"]] * 3)

    def test_a_proxy_before_the_dashboard_is_believed_when_it_is_named(self):
        self.assertEqual(self.calls("--trusted-proxy", "127.0.0.0/8"), [["192.0.2.7"]] * 3)


class LiveNews(DashboardCase):
    def test_totals_come_without_asking_and_tasks_only_when_asked(self):
        self.browser.register("acme")
        stream = self.live(self.browser)
        first = self.submit(self.browser, target={"type": "worker"})
        stream.until(lambda name, data: name == "totals" and data["pending"] == 1)
        self.assertEqual(stream.watch(first).status, 204)
        stream.until(lambda name, _: name == "reset")
        self.browser.call("DELETE", f"/api/v1/tasks/{first}")
        _, told = stream.until(lambda name, data: name == "tasks" and data["changed"])
        self.assertEqual([(one["taskId"], one["status"]) for one in told["changed"]],
                         [(first, "CANCELLED")])
        later = self.submit(self.browser, target={"type": "worker"})
        stream.until(lambda name, data: name == "tasks" and data["arrived"] == [later])

    def test_a_page_that_begins_to_listen_beside_others_reads_its_lists_again(self):
        self.browser.register("acme")
        first = self.live(self.browser)
        self.assertEqual(first.watch().status, 204)
        first.until(lambda name, _: name == "reset")
        # The tenant's news flows already: what came before this page asked went to the first alone.
        second = self.live(self.browser)
        self.assertEqual(second.watch().status, 204)
        second.until(lambda name, _: name == "reset")

    def test_a_watch_is_for_ones_own_stream(self):
        self.browser.register("acme")
        stream = self.live(self.browser)
        other = Browser(self.dashboard)
        other.register("umbrella")
        foreign = other.post("/api/live/watch", {"connection": stream.id, "tasks": True})
        self.assertEqual(foreign.status, 404)
        self.assertEqual(stream.watch(*[str(i) for i in range(501)]).status, 422)

    def test_streams_of_a_session_are_limited(self):
        self.browser.register("acme")
        statuses = [self.live(self.browser).status for _ in range(17)]
        self.assertEqual(statuses, [200] * 16 + [429])


class Operators(DashboardCase):
    def test_an_operator_sees_all_tenants_and_looks_into_one(self):
        self.browser.register("acme")
        operator = Browser(self.dashboard)
        told = operator.sign_in(self.scheduler.operator_key()).json
        self.assertEqual((told["kind"], told["tenantId"]), ("operator", None))
        tenant = operator.get("/api/v1/admin/tenants").json[0]["tenantId"]
        stream = self.live(operator, "/api/live?all=1")
        inside = self.live(operator, f"/api/t/{tenant}/live")
        made = self.submit(self.browser, target={"type": "worker"})
        stream.until(lambda name, data: name == "totals" and data["pending"] == 1)
        inside.until(lambda name, data: name == "totals" and data["pending"] == 1)
        self.assertEqual(operator.get(f"/api/t/{tenant}/v1/tasks").json[0]["taskId"], made)
        gone = operator.call("DELETE", f"/api/t/{tenant}/v1/tasks/{made}")
        self.assertEqual(gone.status, 200, gone.raw)
        self.assertEqual(operator.get("/api/t/nobody/v1/tasks").status, 404)
        nobody = "01a20b7f-2ed3-7000-970b-4be80176c09e"
        self.assertEqual(operator.get(f"/api/t/{nobody}/v1/tasks").status, 404)
        self.assertEqual(operator.get("/api/live").status, 403)

    def test_the_page_gets_no_token_of_a_tenant(self):
        self.browser.register("acme")
        operator = Browser(self.dashboard)
        operator.sign_in(self.scheduler.operator_key())
        tenant = operator.get("/api/v1/admin/tenants").json[0]["tenantId"]
        for path in (f"admin/tenants/{tenant}/token", f"admin/tenants/{tenant}%2Ftoken",
                     f"admin/tenants/{tenant}/%74oken", "auth/token", "auth/register"):
            for method in ("POST", "GET"):
                answer = operator.call(method, "/api/v1/" + path)
                self.assertIn(answer.status, (404, 405), path)
                self.assertNotIn(b"access_token", answer.raw)
        # The session itself still looks into the tenant: its server asks for that token.
        self.assertEqual(operator.get(f"/api/t/{tenant}/v1/tasks").status, 200)

    def test_a_tenant_is_no_operator(self):
        made = self.browser.register("acme")
        self.assertEqual(self.browser.get(f"/api/t/{made['tenantId']}/v1/tasks").status, 404)
        self.assertEqual(self.browser.get("/api/v1/admin/tenants").status, 403)
        self.assertEqual(self.browser.get("/api/live?all=1").status, 403)


class Page(DashboardCase):
    flags = ("--prefix", "/belfry", "--secure-cookies", "true")

    def test_the_page_stands_under_its_prefix_with_its_policy(self):
        page = self.browser.get("/tasks/1?status=FAILED")
        html = page.raw.decode()
        self.assertIn('<base href="/belfry/" />', html)
        policy = page.headers["Content-Security-Policy"]
        nonce = policy.split("'nonce-")[1].split("'")[0]
        self.assertIn(f'content="{nonce}"', html)
        for part in ("default-src 'none'", "script-src 'self';", "frame-ancestors 'none'",
                     "require-trusted-types-for 'script'"):
            self.assertIn(part, policy)
        self.assertEqual(page.headers["Cache-Control"], "no-store")
        self.assertIn("max-age", page.headers["Strict-Transport-Security"])
        script = html.split('src="./')[1].split('"')[0]
        file = self.browser.get("/" + script)
        self.assertIn("immutable", file.headers["Cache-Control"])
        self.assertGreater(len(gzip.decompress(file.raw)), 100_000)
        self.assertEqual(self.browser.get("/assets/nothing.js").status, 404)

    def test_outside_the_prefix_there_is_nothing(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.dashboard.port)
        for path, status in (("/", 404), ("/api/session", 404), ("/belfryx/", 404),
                             ("/belfry", 308), ("/healthz", 200)):
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, status, path)
        connection.close()

    def test_cookies_and_links_keep_the_prefix(self):
        self.browser.register("acme")
        self.assertTrue(self.browser.cookie)
        answer = self.browser.post("/api/v1/tasks", {"taskName": "a"})
        self.assertEqual(answer.headers["Location"],
                         "/belfry/api/v1/tasks/" + answer.json["taskId"])

    def test_it_stops_at_once_with_streams_open(self):
        self.browser.register("acme")
        self.live(self.browser)
        self.assertEqual(self.dashboard.stop(), 0)


if __name__ == "__main__":
    unittest.main()
