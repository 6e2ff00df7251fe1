"""Every operation of api/openapi.yaml is called, and each answer is held to its description."""
import http.client
import json
import re
import socket
import threading
import unittest
import urllib.parse

import belfry
from belfry import Client, Receiver, Scheduler, WallClock, operator
from openapi_schema import Document, load

NO_ID = "01a20a13-95d8-7000-8e13-4c986aae0592"
LONG_AGO = "2020-01-01T00:00:00Z"
# Statuses that need more than a request: a body of a megabyte, a full quota, a server in trouble.
NOT_PROVOKED = {"413", "429", "503"}


class Caller:
    """Calls the server and holds each answer to the description."""

    def __init__(self, document):
        self.document = Document(document)
        self.operations = self.document.operations()
        self.statuses = {key: set() for key in self.operations}
        self.faults = []

    def call(self, client, method, path, body=None, *, query="", headers=None, raw=None, **parameters):
        operation = self.operations[method, path]
        filled = path
        for name, value in parameters.items():
            filled = filled.replace("{" + name + "}", value)
        where = f"{method} {filled}{query}"
        content = operation.get("requestBody", {}).get("content", {})
        answer = client.call(method, filled + query, body, headers, raw)
        if answer.status < 300 and body is not None and raw is None:
            wrong = self.document.faults(content["application/json"]["schema"], body)
            self.faults += [f"{where}: takes a body that is not described: {fault}" for fault in wrong]
        self.check(operation, where, answer)
        self.statuses[method, path].add(str(answer.status))
        return answer

    def check(self, operation, where, answer):
        response = self.document.resolve(operation["responses"].get(str(answer.status)))
        if response is None:
            self.faults.append(f"{where}: {answer.status} is not described: {answer.raw[:200]}")
            return
        for name, header in response.get("headers", {}).items():
            if answer.headers.get(name) is None and name not in ("Link", "Idempotency-Replayed"):
                self.faults.append(f"{where}: {answer.status} without {name}")
            elif answer.headers.get(name) is not None:
                wanted = self.document.resolve(header)["schema"].get("const", answer.headers[name])
                if answer.headers[name] != wanted:
                    self.faults.append(f"{where}: {name} is {answer.headers[name]}")
        kind = (answer.headers.get("Content-Type") or "").split(";")[0]
        content = response.get("content", {})
        if not content:
            self.faults += [f"{where}: {answer.status} has a body: {answer.raw[:100]}"] if answer.raw else []
        elif kind not in content:
            self.faults.append(f"{where}: {answer.status} comes as {kind!r}")
        elif kind.endswith("json"):
            wrong = self.document.faults(content[kind]["schema"], answer.json)
            self.faults += [f"{where}: {answer.status}: {fault}" for fault in wrong]


class WalkTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.document = load()
        cls.clock = WallClock()
        cls.scheduler = Scheduler(clock=cls.clock).start()
        cls.receiver = Receiver()
        cls.tenant = cls.scheduler.tenant("contract")
        cls.operator = operator(cls.scheduler)

    @classmethod
    def tearDownClass(cls):
        cls.scheduler.remove()
        cls.clock.close()
        cls.receiver.close()

    def test_every_answer_is_as_described(self):
        caller = Caller(self.document)
        self.walk_auth(caller)
        self.walk_tasks(caller)
        self.walk_workers(caller)
        self.walk_queues(caller)
        self.walk_destinations(caller)
        self.walk_webhooks(caller)
        self.walk_keys(caller)
        self.walk_rest(caller)
        self.walk_refusals(caller)
        self.assertEqual(caller.faults, [])
        missing = []
        for key, operation in caller.operations.items():
            missing += [f"{' '.join(key)}: {s} never came" for s in set(operation["responses"]) - caller.statuses[key] - NOT_PROVOKED]
            for status, response in operation["responses"].items():
                for media in caller.document.resolve(response).get("content", {}).values():
                    if status in caller.statuses[key]:
                        missing += [f"{' '.join(key)}: {status}: {p} was never seen" for p in caller.document.unseen(media["schema"])]
        # A tenant is removed within milliseconds, so these two conflicts have a test of their own.
        missing = set(missing) - {f"POST /api/v1/admin/tenants/{{tenantId}}/{act}: 409 never came"
                                  for act in ("resume", "suspend")}
        self.assertEqual(sorted(missing), [])

    def walk_auth(self, caller):
        anyone = Client(self.scheduler)
        made = caller.call(anyone, "POST", "/api/v1/auth/register", {"tenantName": "walker"}).json
        caller.call(anyone, "POST", "/api/v1/auth/token", {"apiKey": made["apiKey"]})
        caller.call(self.operator, "POST", "/api/v1/auth/token", {"apiKey": self.scheduler.operator_key()})
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        good = urllib.parse.urlencode({"grant_type": "client_credentials", "client_secret": made["apiKey"]})
        spare = caller.call(anyone, "POST", "/api/v1/auth/token", raw=good.encode(), headers=form).json["token"]
        caller.call(anyone, "POST", "/api/v1/auth/token", raw=b"grant_type=password", headers=form)
        caller.call(anyone, "POST", "/api/v1/auth/token", raw=b"grant_type=client_credentials&client_secret=bfk_no", headers=form)
        caller.call(anyone, "POST", "/api/v1/auth/token", {"apiKey": "bfk_no"})
        caller.call(anyone, "POST", "/api/v1/auth/revoke", {"token": spare, "token_type_hint": "access_token"})
        caller.call(anyone, "POST", "/api/v1/auth/revoke", raw=b"token=" + spare.encode(), headers=form)
        caller.call(anyone, "POST", "/api/v1/auth/revoke", raw=b"token_type_hint=access_token", headers=form)
        caller.call(anyone, "GET", "/.well-known/jwks.json")
        caller.call(anyone, "GET", "/.well-known/oauth-authorization-server")
        closed = Scheduler("--registration", "closed").start()
        try:
            caller.call(Client(closed), "POST", "/api/v1/auth/register", {"tenantName": "x", "invitation": "none"})
        finally:
            closed.remove()

    def walk_tasks(self, caller):
        tenant = self.tenant
        full = {
            "taskName": "all", "payload": {"a": 1}, "queue": "all", "priority": "HIGH", "scheduledFor": LONG_AGO,
            "expiresAt": "2030-01-01T00:00:00Z", "retry": {"maxAttempts": 3, "backoff": "fixed", "initialMs": 10, "maxMs": 10, "jitter": 0},
            "timeoutMs": 5000, "callbackUrl": self.receiver.url("/done"), "tags": ["t"], "labels": {"l": "v"}, "maxRetries": 3,
            "target": self.receiver.target("/flaky", method="PUT", headers={"X-A": "b"}, publicHeaders=["X-A"], timeoutMs=4000)}
        self.receiver.script["/flaky"] = [(500, {}, b"no"), (200, {"Content-Type": "application/json"}, b'{"ok":true}')]
        key = {"Idempotency-Key": "contract-1"}
        pushed = caller.call(tenant, "POST", "/api/v1/tasks", full, headers=key).json["taskId"]
        self.assertEqual(caller.call(tenant, "POST", "/api/v1/tasks", full, headers=key).headers["Idempotency-Replayed"], "true")
        caller.call(tenant, "POST", "/api/v1/tasks", {**full, "priority": 1}, headers=key)
        echo = {"taskName": "echo", "target": {"type": "echo", "delayMs": 1, "failTimes": 0}, "delayMs": 0, "queue": "all"}
        caller.call(tenant, "POST", "/api/v1/tasks", echo)
        late = caller.call(tenant, "POST", "/api/v1/tasks", {"taskName": "late", "delayMs": 3_600_000}).json["taskId"]
        bulk = json.dumps([{"taskName": "one"}, {"taskName": "two", "priority": 11}]).encode()
        caller.call(tenant, "POST", "/api/v1/tasks/bulk", raw=bulk, headers={"Idempotency-Key": "contract-2"})
        caller.call(tenant, "POST", "/api/v1/tasks/bulk", raw=b"[]")
        lines = {"Content-Type": "application/x-ndjson"}
        caller.call(tenant, "POST", "/api/v1/tasks/bulk", raw=b'{"taskName":"line"}\n{', headers=lines)
        tenant.wait(pushed, "COMPLETED")
        caller.call(tenant, "GET", "/api/v1/tasks/{taskId}", taskId=pushed)
        caller.call(tenant, "GET", "/api/v1/tasks/{taskId}", taskId=late)
        page = caller.call(tenant, "GET", "/api/v1/tasks", query="?limit=1&status=completed,PENDING&view=full")
        self.assertIsNotNone(page.headers["Link"])
        query = urllib.parse.urlencode({
            "queue": "all", "type": "all", "tag": "t", "createdFrom": LONG_AGO, "createdTo": "2030-01-01T00:00:00Z",
            "finishedFrom": LONG_AGO, "finishedTo": "2030-01-01T00:00:00Z", "text": "all", "view": "summary", "limit": 500})
        found = caller.call(tenant, "GET", "/api/v1/tasks", query="?" + query).json
        self.assertEqual([t["taskId"] for t in found], [pushed])
        caller.call(tenant, "GET", "/api/v1/tasks", query="?limit=1&view=summary&cursor=" + "x" * 20)
        caller.call(tenant, "POST", "/api/v1/tasks/{taskId}/retry", taskId=pushed)
        tenant.wait(pushed, "COMPLETED")
        caller.call(tenant, "POST", "/api/v1/tasks/{taskId}/retry", taskId=late)
        waits = tenant.submit(target={"type": "worker"}, delayMs=600_000)["taskId"]
        caller.call(tenant, "POST", "/api/v1/tasks/cancel", {"filter": {"status": ["SCHEDULED"]}, "dryRun": True})
        caller.call(tenant, "POST", "/api/v1/tasks/cancel", {"taskIds": [waits, NO_ID]})
        caller.call(tenant, "POST", "/api/v1/tasks/retry", {"filter": {"status": ["CANCELLED"]}, "dryRun": True})
        caller.call(tenant, "POST", "/api/v1/tasks/retry", {"taskIds": [NO_ID], "dryRun": False})
        caller.call(tenant, "DELETE", "/api/v1/tasks/{taskId}", taskId=late)
        caller.call(tenant, "DELETE", "/api/v1/tasks/{taskId}", taskId=late)

    def walk_workers(self, caller):
        tenant = self.tenant
        trace = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
        for _ in range(4):
            body = {"taskName": "pull", "queue": "pull", "target": {"type": "worker"}, "payload": [1], "tags": ["x"]}
            caller.call(tenant, "POST", "/api/v1/tasks", body, headers=trace)
        request = {"queues": ["pull"], "max": 4, "waitMs": 0, "leaseMs": 30000, "worker": "w"}
        tasks = caller.call(tenant, "POST", "/api/v1/leases", request).json["tasks"]
        first, second, third, fourth = ({"taskId": t["taskId"], "leaseToken": t["leaseToken"]} for t in tasks)
        token = lambda task: {"leaseToken": task["leaseToken"]}
        beat = {**token(first), "extendMs": 30000, "progress": {"percent": 40.5, "text": "t"}, "logs": ["line"]}
        caller.call(tenant, "POST", "/api/v1/tasks/{taskId}/heartbeat", beat, taskId=first["taskId"])
        caller.call(tenant, "GET", "/api/v1/tasks/{taskId}", taskId=first["taskId"])
        for ending in ("complete", "complete"):  # the second one is stale
            caller.call(tenant, "POST", f"/api/v1/tasks/{{taskId}}/{ending}", {**token(first), "result": "r" * 70_000}, taskId=first["taskId"])
        caller.call(tenant, "POST", "/api/v1/tasks/{taskId}/heartbeat", token(first), taskId=first["taskId"])
        failed = {**token(second), "errorMessage": "no" * 4096, "retryable": False}
        for _ in range(2):
            caller.call(tenant, "POST", "/api/v1/tasks/{taskId}/fail", failed, taskId=second["taskId"])
        answers = [{**third, "result": 1}, {**fourth, "errorMessage": "a\0b", "retryable": True}, third]
        results = caller.call(tenant, "POST", "/api/v1/leases/complete", answers).json["results"]
        self.assertEqual([r["status"] for r in results], [200, 200, 409])

    def walk_queues(self, caller):
        tenant = self.tenant
        settings = {"concurrencyLimit": 5, "defaultTarget": {"type": "worker"}, "retry": {"maxAttempts": 2}, "timeoutMs": 1000, "agingMs": 5000}
        caller.call(tenant, "PUT", "/api/v1/queues/{queue}", settings, queue="all")
        caller.call(tenant, "POST", "/api/v1/queues/{queue}/pause", {"reason": "r"}, queue="all")
        caller.call(tenant, "GET", "/api/v1/queues/{queue}", queue="all")
        caller.call(tenant, "GET", "/api/v1/queues")
        caller.call(tenant, "POST", "/api/v1/queues/{queue}/resume", queue="all")

    def walk_destinations(self, caller):
        """Tasks whose target cannot be reached wait for it, and say so."""
        tenant = self.scheduler.tenant("unreachable")
        with socket.socket() as holder:  # bound, so that nobody else listens there
            holder.bind(("127.0.0.1", 0))
            target = {"type": "http", "url": f"http://127.0.0.1:{holder.getsockname()[1]}/run"}
            for _ in range(20):
                tenant.submit(target=target)
            belfry.until(lambda: tenant.get("/api/v1/metrics").json["destinations"])
            caller.call(tenant, "GET", "/api/v1/metrics")
            waits = lambda task: (task["waiting"] or {}).get("destination")
            listed = belfry.until(lambda: list(filter(waits, tenant.get("/api/v1/tasks?status=PENDING").json)))
            caller.call(tenant, "GET", "/api/v1/tasks/{taskId}", taskId=listed[0]["taskId"])
            caller.call(tenant, "POST", "/api/v1/tasks/cancel", {"filter": {"status": ["PENDING"]}})

    def walk_webhooks(self, caller):
        tenant = self.tenant
        new = {"url": self.receiver.url("/hook"), "description": "d", "events": ["task.failed", "task.retrying"], "enabled": True}
        made = caller.call(tenant, "POST", "/api/v1/webhooks", new).json["id"]
        one = {"endpointId": made}
        caller.call(tenant, "GET", "/api/v1/webhooks")
        caller.call(tenant, "GET", "/api/v1/webhooks/{endpointId}", **one)
        caller.call(tenant, "PATCH", "/api/v1/webhooks/{endpointId}", {"events": None, "description": "e"}, **one)
        caller.call(tenant, "PATCH", "/api/v1/webhooks/{endpointId}", {"events": []}, **one)
        caller.call(tenant, "POST", "/api/v1/webhooks/{endpointId}/rotate", **one)
        caller.call(tenant, "POST", "/api/v1/webhooks/secret/rotate")
        sent = caller.call(tenant, "POST", "/api/v1/webhooks/{endpointId}/test", **one).json["id"]
        big = json.dumps("x" * 20_000).encode()
        self.receiver.script["/big"] = [(500, {}, b""), (200, {"Content-Type": "application/json"}, big)]
        task = tenant.submit(target=self.receiver.target("/big"), retry={"initialMs": 10}, callbackUrl=self.receiver.url("/big-done"))
        self.receiver.wait_for("/big-done")
        self.receiver.wait_for("/hook", 5)  # the test, submitted, started twice, retrying …
        query = urllib.parse.urlencode({"state": "DELIVERED", "taskId": task["taskId"], "limit": 1})
        found = self.delivered(caller, "?" + query)
        self.assertIsNotNone(found.headers["Link"])
        for item in caller.call(tenant, "GET", "/api/v1/webhooks/deliveries", query="?taskId=" + task["taskId"]).json:
            caller.call(tenant, "GET", "/api/v1/webhooks/deliveries/{deliveryId}", deliveryId=item["id"])
        caller.call(tenant, "GET", "/api/v1/webhooks/deliveries", query="?endpointId=" + made)
        again = caller.call(tenant, "POST", "/api/v1/webhooks/deliveries/{deliveryId}/redeliver", deliveryId=found.json[0]["id"])
        self.assertEqual(again.status, 200, again.raw)
        hung = self.receiver.script["/hook"] = [threading.Event()]
        waits = caller.call(tenant, "POST", "/api/v1/webhooks/{endpointId}/test", **one).json["id"]
        caller.call(tenant, "POST", "/api/v1/webhooks/deliveries/{deliveryId}/redeliver", deliveryId=waits)
        hung[0].set()
        caller.call(tenant, "DELETE", "/api/v1/webhooks/{endpointId}", **one)
        self.assertTrue(sent)

    def delivered(self, caller, query):
        """The list as soon as it has something: the receiver hears before the outcome is written."""
        for _ in range(200):
            if self.tenant.get("/api/v1/webhooks/deliveries" + query).json:
                break
        return caller.call(self.tenant, "GET", "/api/v1/webhooks/deliveries", query=query)

    def walk_keys(self, caller):
        new = {"name": "k", "scopes": ["worker"], "expiresAt": "2030-01-01T00:00:00Z"}
        made = caller.call(self.tenant, "POST", "/api/v1/api-keys", new).json
        self.limited = Client(self.scheduler, Client(self.scheduler).post("/api/v1/auth/token", {"apiKey": made["apiKey"]}).json["token"])
        caller.call(self.tenant, "GET", "/api/v1/api-keys")
        spare = caller.call(self.tenant, "POST", "/api/v1/api-keys", {"name": "spare", "scopes": ["tasks:read"]}).json
        self.reader = Client(self.scheduler, Client(self.scheduler).post("/api/v1/auth/token", {"apiKey": spare["apiKey"]}).json["token"])
        gone = caller.call(self.tenant, "POST", "/api/v1/api-keys", {"name": "gone"}).json["id"]
        caller.call(self.tenant, "DELETE", "/api/v1/api-keys/{keyId}", keyId=gone)

    def walk_rest(self, caller):
        one = {"tenantId": self.tenant.id}
        caller.call(self.tenant, "GET", "/api/v1/metrics", query="?range=15m")
        for done in [self.tenant.submit(queue="busy")["taskId"] for _ in range(10)]:
            self.tenant.wait(done, "COMPLETED")
        waiting = self.tenant.submit(queue="busy", target={"type": "worker"})["taskId"]
        told = caller.call(self.tenant, "GET", "/api/v1/tasks/{taskId}", taskId=waiting).json["waiting"]
        self.assertIn("expectedStartAt", told)
        self.tenant.submit(delayMs=3_600_000)
        caller.call(self.tenant, "GET", "/api/v1/tasks/upcoming", query="?limit=5")
        failing = self.tenant.submit(target={"type": "echo", "failTimes": 9}, retry={"maxAttempts": 1})["taskId"]
        self.tenant.wait(failing, "FAILED")
        self.assertEqual(caller.call(self.tenant, "GET", "/api/v1/errors", query="?range=1h").json["errors"][0]["lastTaskId"], failing)
        caller.call(self.operator, "GET", "/api/v1/admin/metrics", query="?range=30d")
        caller.call(self.operator, "GET", "/api/v1/admin/tenants")
        caller.call(self.operator, "GET", "/api/v1/admin/tenants", query="?limit=1&text=a")
        goes = self.scheduler.tenant("goes")
        for _ in range(2):  # the second is answered as long as the first is not done
            goes.post("/api/v1/tasks", {"taskName": "t", "delayMs": 1_000_000})
        caller.call(self.operator, "DELETE", "/api/v1/admin/tenants/{tenantId}", tenantId=goes.id)
        caller.call(self.operator, "GET", "/api/v1/admin/tenants/{tenantId}", **one)
        caller.call(self.operator, "PATCH", "/api/v1/admin/tenants/{tenantId}/limits", {"runningMax": 10, "weight": 2, "unfinishedMax": 1000}, **one)
        suspended = self.scheduler.tenant("suspended")
        other = {"tenantId": suspended.id}
        caller.call(self.operator, "POST", "/api/v1/admin/tenants/{tenantId}/suspend", {"reason": "r"}, **other)
        caller.call(Client(self.scheduler), "POST", "/api/v1/auth/token", {"apiKey": suspended.api_key})
        caller.call(self.operator, "POST", "/api/v1/admin/tenants/{tenantId}/resume", **other)
        caller.call(self.operator, "POST", "/api/v1/admin/tenants/{tenantId}/token", **one)
        caller.call(self.operator, "POST", "/api/v1/admin/signing-keys/rotate")
        caller.call(self.operator, "POST", "/api/v1/admin/clock/accept")
        caller.call(self.operator, "POST", "/api/v1/admin/signing-keys/revoke", {"kid": "none"})
        paused = Scheduler("--restored").start()
        try:
            for path in ("/healthz", "/readyz", "/actuator/health"):
                caller.call(Client(paused), "GET", path)
            caller.call(operator(paused), "POST", "/api/v1/admin/resume")
            caller.call(operator(paused), "POST", "/api/v1/admin/signing-keys/revoke")
        finally:
            paused.remove()
        for path in ("/healthz", "/readyz", "/actuator/health", "/openapi.yaml"):
            caller.call(Client(self.scheduler), "GET", path)
            self.clock.set(3600)  # health has something to say
            caller.call(Client(self.scheduler), "GET", path)
            self.clock.set(0)
        caller.statuses["GET", "/api/v1/events"].add("200")
        self.check_stream(caller)

    def check_stream(self, caller):
        """One live event, read off the stream and held to LiveEvent."""
        connection = http.client.HTTPConnection("127.0.0.1", self.scheduler.port, timeout=belfry.PATIENCE)
        connection.request("GET", "/api/v1/events", headers={"Authorization": "Bearer " + self.tenant.token})
        stream = connection.getresponse()
        self.assertEqual((stream.status, stream.headers["Content-Type"]), (200, "text/event-stream"))
        self.tenant.submit()
        while not (line := stream.readline()).startswith(b"data: "):
            self.assertTrue(line)
        wrong = caller.document.faults({"$ref": "#/components/schemas/LiveEvent"}, json.loads(line[6:]))
        self.assertEqual(wrong, [])
        connection.close()

    def walk_refusals(self, caller):
        """Each operation without a token, without the scope, for what is not there, with a bad body and a bad query."""
        wrong = json.dumps({f"unknown{i}": 0 for i in range(30)}).encode()
        caller.call(self.tenant, "POST", "/api/v1/tasks", raw=wrong)
        ids = {name: NO_ID for name in ("taskId", "endpointId", "deliveryId", "keyId", "tenantId")}
        for (method, path), operation in caller.operations.items():
            names = re.findall(r"\{(\w+)\}", path)
            fill = {name: ids.get(name, "no-such-queue") for name in names}
            admin = "/admin/" in path
            good = self.operator if admin else self.tenant
            content = operation.get("requestBody", {}).get("content")
            body = {"json": b"[]" if "leases/complete" in path or "bulk" in path else b"{}"} if content else {}
            raw = body.get("json")
            if operation.get("security") != []:
                caller.call(Client(self.scheduler), method, path, raw=raw, **fill)
                other = self.tenant if admin else self.reader if method != "GET" or "webhooks" in path or "api-keys" in path else self.limited
                caller.call(other, method, path, raw=raw, **fill)
            if method in ("POST", "PUT", "PATCH"):
                caller.call(good, method, path, raw=b"a=b", headers={"Content-Type": "text/plain"}, **fill)
            if content:
                caller.call(good, method, path, raw=b"{", **fill)
                caller.call(good, method, path, raw=b'{"zzz":1}', **fill)
            elif method != "GET":
                self.assertEqual(caller.call(good, method, path, raw=b'{"zzz":1}', **fill).problem, "validation_failed", path)
            if path.startswith("/api/"):
                answer = caller.call(good, method, path, raw=raw, query="?zzz=1", **fill)
                self.assertEqual(answer.problem, "invalid_query", f"{method} {path}")
                taken = [p["name"] for p in map(caller.document.resolve, operation.get("parameters", [])) if p["in"] == "query"]
                told = answer.json["detail"].split("this call takes ")[1].split(", ")
                self.assertEqual(sorted(told), sorted(taken) or ["none"], f"{method} {path}")
            if names and "404" in operation["responses"]:
                self.call_missing(caller, good, method, path, fill)

    def call_missing(self, caller, client, method, path, fill):
        bodies = {"heartbeat": {"leaseToken": "1.0000000000000001"}, "complete": {"leaseToken": "1.0000000000000001"},
                  "fail": {"leaseToken": "1.0000000000000001"}, "limits": {"weight": 1}}
        if "queue" in fill and (method == "PUT" or path.endswith("pause")):
            fill = {"queue": "not%20a%20name"}
        body = bodies.get(path.rsplit("/", 1)[1], {} if method in ("PUT", "PATCH") else None)
        caller.call(client, method, path, body, **fill)


if __name__ == "__main__":
    unittest.main()
