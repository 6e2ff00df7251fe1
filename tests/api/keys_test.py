"""Keys and secrets: what a key may create, what an operator may drop, and what is shown of both."""
import os
import shutil
import subprocess
import tempfile
import time
import unittest
from datetime import datetime, timedelta, timezone

import jwt

from belfry import BINARY, PATIENCE, Client, Receiver, Scheduler, operator


def in_hours(hours):
    return (datetime.now(timezone.utc) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Keys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scheduler = Scheduler().start()
        cls.receiver = Receiver()

    @classmethod
    def tearDownClass(cls):
        cls.scheduler.remove()
        cls.receiver.close()

    def client_of(self, key):
        client = Client(self.scheduler)
        answer = client.post("/api/v1/auth/token", {"apiKey": key})
        self.assertEqual(answer.status, 200, answer.raw)
        client.token = answer.json["token"]
        return client

    def make(self, client, **fields):
        return client.post("/api/v1/api-keys", {"name": "k", **fields})

    def test_no_key_outlives_its_maker(self):
        tenant = self.scheduler.tenant()
        until = in_hours(2)
        maker = self.make(tenant, expiresAt=until)
        self.assertEqual((maker.status, maker.json["expiresAt"]), (201, until))
        client = self.client_of(maker.json["apiKey"])
        kept = self.make(client)
        self.assertEqual((kept.status, kept.json["expiresAt"]), (201, until), "its maker's")
        self.assertEqual(self.make(client, expiresAt=None).json["expiresAt"], until)
        self.assertEqual(self.make(client, expiresAt=until).json["expiresAt"], until)
        sooner = in_hours(1)
        self.assertEqual(self.make(client, expiresAt=sooner).json["expiresAt"], sooner)
        before = len(tenant.get("/api/v1/api-keys").json)
        later = self.make(client, expiresAt=in_hours(3))
        self.assertEqual((later.status, later.problem), (422, "validation_failed"), later.raw)
        self.assertEqual(later.json["errors"][0]["pointer"], "/expiresAt")
        self.assertIn(until, later.json["errors"][0]["detail"])
        self.assertEqual(len(tenant.get("/api/v1/api-keys").json), before)
        grandchild = self.make(self.client_of(kept.json["apiKey"]))
        self.assertEqual(grandchild.json["expiresAt"], until)
        # The control: a key that does not expire makes such keys.
        self.assertIsNone(self.make(tenant).json["expiresAt"])

    def test_no_key_creates_scopes_that_it_does_not_hold(self):
        tenant = self.scheduler.tenant()
        manager = self.client_of(self.make(tenant, scopes=["manage"]).json["apiKey"])
        self.assertEqual(self.make(manager).json["scopes"], ["manage"])
        for scope in ("tasks:read", "tasks:write", "worker"):
            answer = self.make(manager, scopes=["manage", scope])
            self.assertEqual((answer.status, answer.problem), (422, "validation_failed"), scope)
            self.assertEqual(answer.json["errors"][0]["pointer"], "/scopes")
        self.assertEqual(self.make(tenant, scopes=["manage", "worker"]).status, 201)

    def test_oauth_grants_no_scope_beyond_the_keys(self):
        tenant = self.scheduler.tenant()
        key = self.make(tenant, scopes=["tasks:read", "worker"]).json["apiKey"]

        def grant(scope):
            form = f"grant_type=client_credentials&client_id={tenant.id}&client_secret={key}"
            return Client(self.scheduler).post(
                "/api/v1/auth/token", raw=f"{form}&scope={scope}".encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded"})

        for scope in ("tasks:write", "manage", "tasks:read+manage", "operator"):
            answer = grant(scope)
            self.assertEqual((answer.status, answer.json["error"]), (400, "invalid_scope"), scope)
        granted = grant("tasks:read")
        self.assertEqual((granted.status, granted.json["scope"]), (200, "tasks:read"))
        reader = Client(self.scheduler, granted.json["access_token"])
        self.assertEqual(reader.get("/api/v1/tasks").status, 200)
        self.assertEqual(reader.post("/api/v1/leases").status, 403)

    def test_a_target_header_of_any_name_is_hidden(self):
        tenant = self.scheduler.tenant()
        headers = {"X-Auth": "first-value", "X-Signature": "second-value", "X-Plain": "third-value"}
        made = tenant.submit(target=self.receiver.target("/any", headers=headers))
        push, = self.receiver.wait_for("/any")
        self.assertEqual({name: push.headers[name] for name in headers}, headers)
        shown = tenant.wait(made["taskId"])["target"]["headers"]
        self.assertEqual(shown, dict.fromkeys(headers, "(hidden)"))

    def test_target_headers_are_hidden_unless_they_are_public(self):
        tenant = self.scheduler.tenant()
        headers = {"X-Auth": "one-secret", "X-Signature": "two-secrets", "X-Source": "shown-source"}
        target = self.receiver.target("/headers", headers=headers, publicHeaders=["x-source"])
        made = tenant.submit(target=target)
        push, = self.receiver.wait_for("/headers")
        for name, value in headers.items():
            self.assertEqual(push.headers[name], value)
        seen = tenant.wait(made["taskId"])["target"]
        for shown in (made["target"], seen):
            self.assertEqual(shown["headers"], {
                "X-Auth": "(hidden)", "X-Signature": "(hidden)", "X-Source": "shown-source"})
            self.assertEqual(shown["publicHeaders"], ["X-Source"])
        queue = tenant.call("PUT", "/api/v1/queues/q", {"defaultTarget": target})
        self.assertEqual(queue.status, 200, queue.raw)
        self.assertEqual(queue.json["defaultTarget"]["headers"], seen["headers"])
        tenant.submit(queue="q")
        by_queue = self.receiver.wait_for("/headers", 2)[1]
        self.assertEqual(by_queue.headers["X-Auth"], "one-secret")
        self.assertEqual(by_queue.headers["X-Source"], "shown-source")
        stored = b""
        for name in os.listdir(self.scheduler.folder):
            with open(os.path.join(self.scheduler.folder, name), "rb") as file:
                stored += file.read()
        self.assertNotIn(b"one-secret", stored)
        self.assertNotIn(b"two-secrets", stored)
        self.assertIn(b"shown-source", stored, "the control")

    def test_public_headers_name_headers(self):
        tenant = self.scheduler.tenant()
        for names in (["X-None"], ["X-A", "x-a"], [1], "X-A"):
            answer = tenant.post("/api/v1/tasks", {"taskName": "t", "target": self.receiver.target(
                headers={"X-A": "a"}, publicHeaders=names)})
            self.assertEqual((answer.status, answer.json["errors"][0]["pointer"]),
                             (422, "/target/publicHeaders"), names)
        for names in ([], None):
            tenant.submit(target=self.receiver.target("/none", headers={"X-A": "a"},
                                                      publicHeaders=names))


class SigningKeys(unittest.TestCase):
    def setUp(self):
        self.scheduler = Scheduler().start()
        self.addCleanup(self.scheduler.remove)
        self.tenant = self.scheduler.tenant()
        self.operator = operator(self.scheduler)

    def kids(self):
        return {key["kid"] for key in Client(self.scheduler).get("/.well-known/jwks.json").json["keys"]}

    def status(self, token):
        return Client(self.scheduler, token).get("/api/v1/tasks").status

    def test_a_rotated_key_still_verifies(self):
        kid = jwt.get_unverified_header(self.tenant.token)["kid"]
        rotated = self.operator.post("/api/v1/admin/signing-keys/rotate")
        self.assertEqual(rotated.status, 202, rotated.raw)
        deadline = time.monotonic() + PATIENCE
        while len(self.kids()) < 2:
            self.assertLess(time.monotonic(), deadline)
        self.assertIn(kid, self.kids())
        self.assertEqual(self.status(self.tenant.token), 200)

    def test_a_revoked_key_ends_its_tokens_at_once(self):
        old = self.tenant.token
        kid = jwt.get_unverified_header(old)["kid"]
        self.assertEqual(self.status(old), 200)
        none = self.operator.post("/api/v1/admin/signing-keys/revoke", {"kid": "no-such-key"})
        self.assertEqual((none.status, none.problem), (404, "not_found"))
        self.assertEqual(self.status(old), 200)
        revoked = self.operator.post("/api/v1/admin/signing-keys/revoke", {"kid": kid})
        self.assertEqual((revoked.status, revoked.json), (200, {"revoked": [kid]}))
        self.assertEqual(self.status(old), 401)
        self.assertEqual(self.operator.get("/api/v1/admin/tenants").status, 401)
        self.assertNotIn(kid, self.kids())
        self.tenant.sign_in()
        self.assertNotEqual(jwt.get_unverified_header(self.tenant.token)["kid"], kid)
        self.assertEqual(self.status(self.tenant.token), 200)
        self.scheduler.restart()
        self.assertEqual(self.status(old), 401)
        self.assertEqual(self.status(self.tenant.token), 200)

    def test_without_a_name_all_keys_go_also_one_that_does_not_sign_yet(self):
        self.operator.post("/api/v1/admin/signing-keys/rotate")
        deadline = time.monotonic() + PATIENCE
        while len(self.kids()) < 2:
            self.assertLess(time.monotonic(), deadline)
        before = self.kids()
        revoked = self.operator.post("/api/v1/admin/signing-keys/revoke")
        self.assertEqual((revoked.status, set(revoked.json["revoked"])), (200, before))
        self.assertFalse(before & self.kids())
        self.assertEqual(self.status(self.tenant.token), 401)
        self.tenant.sign_in()
        self.assertEqual(self.status(self.tenant.token), 200)

    def test_only_operators_revoke(self):
        self.assertEqual(self.tenant.post("/api/v1/admin/signing-keys/revoke").status, 403)
        self.assertEqual(self.status(self.tenant.token), 200)


class Invitations(unittest.TestCase):
    SECRET = "an-invitation-of-some-length"

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="belfry-invitation-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def test_only_the_right_invitation_registers(self):
        scheduler = Scheduler("--registration", "invite", "--invitation", self.SECRET,
                              errors=subprocess.DEVNULL).start()
        self.addCleanup(scheduler.remove)

        def register(**more):
            return Client(scheduler).post("/api/v1/auth/register", {"tenantName": "t", **more})

        for wrong in ({}, {"invitation": ""}, {"invitation": None}, {"invitation": "another"},
                      {"invitation": self.SECRET[:-1]}, {"invitation": self.SECRET + "x"}):
            answer = register(**wrong)
            self.assertEqual((answer.status, answer.problem), (403, "forbidden"), wrong)
        self.assertEqual(register(invitation=self.SECRET).status, 201)

    def warning(self, *flags, **how):
        # A mistake ends the start early; what is warned of is said before.
        ended = subprocess.run([BINARY, "--registration", "invite", "--drain-ms", "none", *flags],
                               capture_output=True, text=True, timeout=PATIENCE, **how)
        self.assertEqual(ended.returncode, 2)
        return ended.stderr

    def test_a_secret_on_the_command_line_is_warned_of(self):
        said = self.warning("--invitation", self.SECRET)
        self.assertIn("--invitation on the command line can be read by every user", said)
        self.assertIn("BELFRY_INVITATION", said)
        self.assertNotIn(self.SECRET, said)
        path = os.path.join(self.folder, "belfry.toml")
        with open(path, "w") as file:
            file.write(f"invitation = '{self.SECRET}'\n")
        for flags, environment in (([], {"BELFRY_INVITATION": self.SECRET}),
                                   (["--config", path], {})):
            said = self.warning(*flags, env={**os.environ, **environment})
            self.assertNotIn("command line", said)
            self.assertNotIn("needs an invitation", said)


if __name__ == "__main__":
    unittest.main()
