"""No secret is ever written down in clear: not in the log, not in the store, not in an answer other
than the one that hands it out (P21). A run over all routes at the chattiest log level."""
import base64
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import dashboard
from belfry import BINARY, PATIENCE, Client, Receiver, Scheduler, operator, raw_exchange
from forge import Forge, encode

KEY_FILES = {"operator.key", "master.key"}  # where two of them live, with mode 0600


class Watching(Client):
    """Keeps every answer with what was asked."""

    answers = []

    def call(self, method, path, body=None, **more):
        answer = super().call(method, path, body, **more)
        Watching.answers.append(
            (f"{method} {path}", answer.status, answer.raw, str(answer.headers)))
        return answer


class Secrets(unittest.TestCase):
    def setUp(self):
        self.errors = tempfile.TemporaryFile("w+b")
        self.addCleanup(self.errors.close)
        self.scheduler = Scheduler("--log-level", "debug", errors=self.errors).start()
        self.addCleanup(self.scheduler.remove)
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.secrets = {}
        Watching.answers = []

    def keep(self, name, text):
        self.secrets[name] = text.encode()
        if text.startswith("whsec_"):
            self.secrets[name + ", raw"] = base64.b64decode(text.removeprefix("whsec_"))

    def use_everything(self):
        tenant = self.scheduler.tenant("secrets")
        self.keep("API key", tenant.api_key)
        self.keep("webhook secret", tenant.secret)
        self.keep("token", tenant.token)
        self.keep("operator key", self.scheduler.operator_key())
        admin = operator(self.scheduler)
        self.keep("operator token", admin.token)
        forge = Forge(self.scheduler, tenant.token)
        number = forge.key.private_numbers().private_value.to_bytes(32, "big")
        self.secrets["signing key"] = encode(number).encode()
        self.secrets["signing key, raw"] = number
        client, boss = Watching(self.scheduler, tenant.token), Watching(self.scheduler, admin.token)
        self.use_keys(tenant, client)
        self.use_webhooks(client)
        self.use_tasks(client)
        self.use_wrongly(tenant, client)
        for path in ("tenants", f"tenants/{tenant.id}", "metrics"):
            self.assertEqual(boss.get("/api/v1/admin/" + path).status, 200)
        self.assertEqual(boss.post("/api/v1/admin/signing-keys/rotate").status, 202)
        for path in ("/healthz", "/readyz", "/actuator/health", "/openapi.yaml",
                     "/.well-known/jwks.json", "/.well-known/oauth-authorization-server",
                     "/api/v1/metrics", "/api/v1/queues", "/api/v1/tasks", "/api/v1/api-keys",
                     "/api/v1/webhooks", "/api/v1/webhooks/deliveries"):
            self.assertEqual(client.get(path).status, 200, path)
        for path in ("/metrics", "/healthz"):
            status, text = self.scheduler.operators(path)
            Watching.answers.append(("operators' " + path, status, text.encode(), ""))

    def use_keys(self, tenant, client):
        made = tenant.post("/api/v1/api-keys", {"name": "second"}).json
        self.keep("second API key", made["apiKey"])
        form = f"grant_type=client_credentials&client_id={tenant.id}&client_secret={made['apiKey']}"
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = tenant.post("/api/v1/auth/token", raw=form.encode(),
                             headers=kind)
        basic = base64.b64encode(f"{tenant.id}:{made['apiKey']}".encode()).decode()
        self.keep("Basic credentials", basic)
        plain = Client(self.scheduler)
        answer = plain.post("/api/v1/auth/token", raw=b"grant_type=client_credentials",
                            headers={**kind, "Authorization": "Basic " + basic})
        self.assertEqual(answer.status, 200, answer.raw)
        self.keep("second token", answer.json["access_token"])
        answer = client.post("/api/v1/auth/revoke", {"token": answer.json["token"]})
        self.assertEqual(answer.status, 200)
        self.assertEqual(client.call("DELETE", "/api/v1/api-keys/" + made["id"]).status, 204)

    def use_webhooks(self, client):
        plain = Client(self.scheduler, client.token)
        self.receiver.script["/hook"] = [(500, {}, b"no"), (200, {}, b"yes")]
        made = plain.post("/api/v1/webhooks", {"url": self.receiver.url("/hook")}).json
        self.keep("endpoint secret", made["secret"])
        path = "/api/v1/webhooks/" + made["id"]
        self.keep("rotated endpoint secret", plain.post(path + "/rotate").json["secret"])
        rotated = plain.post("/api/v1/webhooks/secret/rotate").json
        self.keep("rotated tenant secret", next(v for v in rotated.values()
                                                if isinstance(v, str) and v.startswith("whsec_")))
        self.assertEqual(client.post(path + "/test").status, 202)
        self.assertEqual(client.get(path).status, 200)
        self.assertEqual(client.call("PATCH", path, {"description": "d"}).status, 200)
        self.receiver.wait_for("/hook")

    def use_tasks(self, client):
        def submit(**fields):
            answer = client.post("/api/v1/tasks", {"taskName": "t", **fields})
            self.assertEqual(answer.status, 201, answer.raw)
            return answer.json["taskId"]
        self.receiver.script["/run"] = [(500, {}, b"no"), (200, {}, b"yes")]
        submit(target=self.receiver.target("/run"), retry={"initialMs": 1},
               callbackUrl=self.receiver.url("/called"))
        submit(target={"type": "http", "url": "http://127.0.0.1:1025/"}, maxRetries=1)
        for call in ("complete", "fail"):
            task_id = submit(queue="pull", target={"type": "worker"})
            plain = Client(self.scheduler, client.token)
            leased = plain.post("/api/v1/leases", {"queues": ["pull"]}).json["tasks"]
            token = leased[0]["leaseToken"]
            self.keep("lease of " + call, token)
            path = "/api/v1/tasks/" + task_id
            self.assertEqual(client.post(path + "/heartbeat", {"leaseToken": token}).status, 200)
            self.assertEqual(client.post(path + "/" + call, {"leaseToken": token}).status, 200)
            self.assertEqual(client.post(path + "/" + call, {"leaseToken": token}).status, 409)
            client.get(path)
        cancelled = client.call("DELETE", "/api/v1/tasks/" + submit(delayMs=60_000))
        self.assertEqual(cancelled.status, 200)
        self.receiver.wait_for("/called")

    def use_wrongly(self, tenant, client):
        """Secrets where they do not belong: refused, and not repeated."""
        self.keep("URL credentials", "hunter2hunter2")
        url = "http://user:hunter2hunter2@127.0.0.1/"
        key, token = tenant.api_key, tenant.token
        for method, path, body in (
                ("POST", "/api/v1/tasks", {"taskName": "t", "callbackUrl": url}),
                ("POST", "/api/v1/webhooks", {"url": url}),
                ("POST", "/api/v1/auth/token", {"apiKey": key[:-1]}),
                ("POST", "/api/v1/auth/token", {"apiKey": token}),
                ("POST", "/api/v1/auth/token", {"key": key}),
                ("POST", "/api/v1/tasks", {"taskName": "t", "priority": key}),
                ("GET", "/api/v1/tasks?status=" + key, None),
                ("GET", "/api/v1/tasks?cursor=" + key, None),
                ("GET", f"/api/v1/events?access_token={token}", None),
                ("GET", "/api/v1/tasks/" + key, None), ("GET", "/" + key, None)):
            answer = client.call(method, path, body)
            self.assertIn(answer.status, (400, 401, 404, 422), (path, answer.raw))
        for value in ("Bearer " + key, key, "Bearer " + token + "x", "Basic " + token):
            answer = client.get("/api/v1/tasks", headers={"Authorization": value})
            self.assertEqual(answer.status, 401)
        for data in (b"GET /%s HTTP/1.1\r\nHost: a b\r\n\r\n" % key.encode(),
                     b"GET / HTTP/1.1\r\nAuthorization Bearer %s\r\n\r\n" % token.encode(),
                     b"%s\r\n\r\n" % key.encode(), b"GET / HTTP/1.1\r\nX: %s" % key.encode()):
            answer = raw_exchange(self.scheduler.port, data, half_close=True)
            Watching.answers.append((f"{data[:20]}", 0, answer, ""))

    def stored(self):
        for folder, _, names in os.walk(self.scheduler.folder):
            for name in set(names) - KEY_FILES:
                with open(os.path.join(folder, name), "rb") as file:
                    yield "the file " + name, file.read()

    def test_no_secret_is_written_down(self):
        self.use_everything()
        self.assertGreaterEqual(len(self.secrets), 15)
        files = dict(self.stored())  # with what is still in the log of the store
        self.assertEqual(self.scheduler.stop(), 0)
        files |= {name + ", at rest": text for name, text in self.stored()}
        self.errors.seek(0)
        log = self.errors.read()
        self.assertIn(b" info ", log)
        for name, secret in self.secrets.items():
            for place, text in [("the log", log), *files.items()]:
                self.assertFalse(secret in text, f"{name} is in {place}")
            for asked, _, raw, headers in Watching.answers:
                self.assertFalse(secret in raw + headers.encode(),
                                 f"{name} is in the answer to {asked}")
        for name in KEY_FILES:
            mode = os.stat(os.path.join(self.scheduler.folder, name)).st_mode
            self.assertEqual(mode & 0o777, 0o600, name)

    def test_the_authorization_of_a_target_is_not_stored_in_clear(self):
        secret = "Bearer of-the-targets-own-door"
        tenant = self.scheduler.tenant()
        task = tenant.submit(target=self.receiver.target("/run", headers={"Authorization": secret}))
        self.assertEqual(self.receiver.wait_for("/run")[0].headers["Authorization"], secret)
        seen = tenant.wait(task["taskId"])
        self.assertEqual(seen["target"]["headers"], {"Authorization": "(hidden)"})
        self.assertEqual(task["target"]["headers"], {"Authorization": "(hidden)"})
        queue = {"defaultTarget": self.receiver.target("/by-queue", headers={"X-Api-Key": secret, "X-Plain": "p"}, publicHeaders=["X-Plain"])}
        shown = tenant.call("PUT", "/api/v1/queues/sealed", queue).json["defaultTarget"]
        self.assertEqual(shown["headers"], {"X-Api-Key": "(hidden)", "X-Plain": "p"})
        self.assertEqual(tenant.call("PUT", "/api/v1/queues/sealed", {"defaultTarget": shown}).status, 422)
        self.scheduler.restart()
        tenant.close()
        tenant.submit(queue="sealed")
        self.assertEqual(self.receiver.wait_for("/by-queue")[0].headers["X-Api-Key"], secret)
        for place, text in self.stored():
            self.assertFalse(secret.encode() in text, place)

    def test_the_search_finds_what_is_there(self):
        # The control: what may be stored in clear is found by the same search.
        tenant = self.scheduler.tenant("visible")
        tenant.submit(taskName="findable-name", payload="findable-payload", delayMs=60_000)
        texts = b"".join(text for _, text in self.stored())
        for text in (b"findable-name", b"findable-payload", tenant.api_key[:8].encode()):
            self.assertIn(text, texts)


class Memory(unittest.TestCase):
    """The kernel gives /proc/PID/mem to root if the process may be neither traced nor dumped."""
    OTHER = 65534  # somebody who is not root, if the test is

    def setUp(self):
        self.who = {"user": self.OTHER, "group": self.OTHER} if os.geteuid() == 0 else {}
        self.user = self.OTHER if self.who else os.geteuid()

    def owner(self, *command):
        """Who owns the memory of the service once it listens."""
        try:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **self.who)
        except PermissionError:
            self.skipTest("nobody but root can reach the binaries")
        try:
            self.assertIn("on http://127.0.0.1", process.stdout.readline())
            return os.stat(f"/proc/{process.pid}/mem").st_uid
        finally:
            process.terminate()
            process.wait(PATIENCE)
            process.stdout.close()

    def test_processes_of_the_same_user_cannot_read_it(self):
        folder = tempfile.mkdtemp(prefix="belfry-memory-")
        self.addCleanup(shutil.rmtree, folder)
        os.chown(folder, self.user, -1)
        listen = ("--listen", "127.0.0.1:0")
        self.assertEqual(self.owner(BINARY, *listen, "--operators-listen", "off", "--data", folder), 0)
        self.assertEqual(self.owner(dashboard.BINARY, *listen, "--scheduler", "http://127.0.0.1:8080"), 0)

    def test_it_is_seen_of_a_process_that_others_may_read(self):
        script = "print('on http://127.0.0.1', flush=True); import time; time.sleep(1000)"
        self.assertEqual(self.owner("/usr/bin/python3", "-c", script), self.user)


if __name__ == "__main__":
    unittest.main()
