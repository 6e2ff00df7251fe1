"""Tokens: what is wrong with one decides the exact answer, properly signed or not; a good request
succeeds afterwards, and nothing was written."""
import hashlib
import hmac
import json
import time
import unittest
import urllib.request

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from belfry import Client, Scheduler, operator, rows
from forge import Forge, encode

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Tokens(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scheduler = Scheduler().start()
        cls.tenant = cls.scheduler.tenant()
        cls.forge = Forge(cls.scheduler, cls.tenant.token)

    @classmethod
    def tearDownClass(cls):
        cls.scheduler.remove()

    def ask(self, token):
        return Client(self.scheduler).post("/api/v1/tasks", {"taskName": "never"},
                                           headers={"Authorization": "Bearer " + token})

    def assert_refused(self, token, problem="invalid_token", status=401):
        before = rows(self.scheduler)
        answer = self.ask(token)
        self.assertEqual((answer.status, answer.problem), (status, problem), answer.raw)
        self.assertNotIn(token.encode() if len(token) > 20 else b"\0", answer.raw)
        if status == 401:
            wanted = "Bearer" if problem == "unauthenticated" else 'Bearer error="invalid_token"'
            self.assertEqual(answer.headers["WWW-Authenticate"], wanted)
        self.assertEqual(self.tenant.get("/api/v1/tasks").status, 200)
        self.assertEqual(rows(self.scheduler), before)

    def refuse_each(self, tokens):
        for name, token in tokens.items():
            with self.subTest(name):
                self.assert_refused(token)

    def test_a_token_signed_here_is_as_good_as_the_services_own(self):
        # The control of all that follows: only what is changed below is what is refused.
        self.assertEqual(self.tenant.get("/api/v1/tasks", headers={
            "Authorization": "Bearer " + self.forge.sign()}).status, 200)

    def test_malformed(self):
        good = self.tenant.token
        header, claims, signature = good.split(".")
        self.refuse_each({
            "a word": "x", "two parts": "a.b", "three parts": "a.b.c", "four parts": good + ".d",
            "a dot more": good + ".", "padding": good + "=", "a digit more": good + "A",
            "a dot before": "." + good, "a digit less": good[:-1], "cut": good[:-20],
            "respelt": good[:-1] + DIGITS[DIGITS.index(good[-1]) ^ 1],
            "no signature": f"{header}.{claims}.", "no header": f".{claims}.{signature}",
            "no claims": f"{header}..{signature}", "swapped": f"{claims}.{header}.{signature}",
            "not base64": "!" * 50, "long": "A" * 5000, "upper case": good.upper(),
            "standard base64": f"{header}.{claims}.+/{signature[2:]}",
            "a newline's escape": f"{header}.{claims}%0a.{signature}",
            "empty JSON": f"{encode({})}.{encode({})}.{signature}",
            "no JSON": f"{encode(b'x')}.{claims}.{signature}",
            "a list": f"{encode([])}.{encode([])}.{signature}",
            "twice alg": f"{encode(self.twice_alg())}.{claims}.{signature}"})

    def twice_alg(self):
        return json.dumps(self.forge.header)[:-1].encode() + b',"alg":"none"}'

    def test_no_bearer_token(self):
        before = rows(self.scheduler)
        for value in ("Bearer", "bearer", "Basic abc", self.tenant.token, "Bearer"):
            answer = Client(self.scheduler).get("/api/v1/tasks", headers={"Authorization": value})
            self.assertEqual((answer.status, answer.problem), (401, "unauthenticated"), value)
        answer = Client(self.scheduler).get("/api/v1/tasks")
        self.assertEqual((answer.status, answer.problem), (401, "unauthenticated"))
        self.assertEqual(rows(self.scheduler), before)

    def test_tampered(self):
        header, claims, signature = self.tenant.token.split(".")
        real = self.forge.claims
        self.refuse_each({name: f"{header}.{encode({**real, **change})}.{signature}"
                          for name, change in {
                              "another tenant": {"sub": "00000000-0000-7000-8000-000000000000"},
                              "more scope": {"scope": "operator"},
                              "more time": {"exp": real["exp"] + 1}}.items()})
        flipped = [c for c in signature]
        flipped[10] = DIGITS[DIGITS.index(flipped[10]) ^ 32]
        self.assert_refused(f"{header}.{claims}.{''.join(flipped)}")

    def test_algorithms(self):
        sign = self.forge.sign
        text = f"{encode({**self.forge.header, 'alg': 'HS256'})}.{encode(self.forge.claims)}"
        public = self.forge.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        mac = hmac.new(public, text.encode(), hashlib.sha256).digest()
        es256 = f"{encode(self.forge.header)}.{encode(self.forge.claims)}"
        der = self.forge.key.sign(es256.encode(), ec.ECDSA(hashes.SHA256()))
        none = encode({**self.forge.header, "alg": "none"}) + "." + encode(self.forge.claims)
        self.refuse_each({
            "none": none + ".", "none, signed": sign({"alg": "none"}),
            "None": sign({"alg": "None"}),
            "HS256 with the public key": f"{text}.{encode(mac)}",
            "HS256": sign({"alg": "HS256"}), "RS256": sign({"alg": "RS256"}),
            "ES384": sign({"alg": "ES384"}), "no alg": sign(drop=["alg"]),
            "alg 7": sign({"alg": 7}),
            "DER": f"{es256}.{encode(der)}", "zeros": f"{es256}.{encode(bytes(64))}"})

    def test_header(self):
        sign = self.forge.sign
        self.refuse_each({
            "wrong kid": sign({"kid": "other"}), "a path as kid": sign({"kid": "../../etc/passwd"}),
            "no kid": sign(drop=["kid"]), "typ JWT": sign({"typ": "JWT"}),
            "no typ": sign(drop=["typ"]),
            "crit": sign({"crit": ["exp"]}), "zip": sign({"zip": "DEF"}),
            "b64": sign({"b64": False}),
            "another key under the same kid": sign(key=ec.generate_private_key(ec.SECP256R1()))})
        # A jku means nothing here, for good or bad.
        stranger = ec.generate_private_key(ec.SECP256R1())
        self.assert_refused(sign({"jku": "http://127.0.0.1:1/jwks"}, key=stranger))
        good = sign({"jku": "http://127.0.0.1:1/jwks"})
        answer = self.tenant.get("/api/v1/tasks", headers={"Authorization": "Bearer " + good})
        self.assertEqual(answer.status, 200)

    def test_claims(self):
        sign, now = self.forge.sign, int(time.time())
        self.refuse_each({
            "aud": sign(aud="other"), "iss": sign(iss="http://evil.example"),
            "nbf in the future": sign(nbf=now + 300), "iat in the future": sign(iat=now + 300),
            "exp before iat": sign(iat=now, exp=now - 1), "exp a string": sign(exp=str(now + 60)),
            "exp too far": sign(exp=10**30), "exp negative": sign(exp=-1),
            "unknown scope": sign(scope="everything"), "operator's scope": sign(scope="operator"),
            "sub of nobody": sign(sub="01a20a00-0000-7000-8000-000000000000"),
            "sub operator": sign(sub="operator", client_id="operator"), "sub no id": sign(sub="x"),
            "client_id no id": sign(client_id="x"), "jti no id": sign(jti="x"),
            **{f"no {name}": sign(drop=[name])
               for name in ("iss", "aud", "exp", "iat", "sub", "client_id", "scope", "jti")}})

    def test_expired(self):
        now = int(time.time())
        self.assert_refused(self.forge.sign(iat=now - 7200, exp=now - 3600), "token_expired")
        self.assert_refused(self.forge.sign(iat=now - 7200, exp=now - 31), "token_expired")
        lately = self.forge.sign(iat=now - 7200, exp=now - 5)  # within the leeway of clocks
        answer = self.tenant.get("/api/v1/tasks", headers={"Authorization": "Bearer " + lately})
        self.assertEqual(answer.status, 200)

    def test_revoked(self):
        other = self.scheduler.tenant("revoked")
        token, key = other.token, other.get("/api/v1/api-keys").json[0]
        self.assertEqual(other.post("/api/v1/auth/revoke", {"token": token}).status, 200)
        self.assert_refused(token)
        other.sign_in()
        self.assertEqual(other.get("/api/v1/tasks").status, 200)
        self.assertEqual(other.call("DELETE", "/api/v1/api-keys/" + key["id"]).status, 204)
        self.assert_refused(other.token)
        answer = Client(self.scheduler).post("/api/v1/auth/token", {"apiKey": other.api_key})
        self.assertEqual((answer.status, answer.problem), (401, "unauthenticated"))

    def test_revocation_by_form(self):
        """RFC 7009: clients send more than the token, their media type in any case."""
        anyone = Client(self.scheduler)
        form = {"Content-Type": "Application/X-WWW-Form-URLEncoded; charset=utf-8"}
        for body, status, fault in ((b"", 400, "invalid_request"), (b"token=", 400, "invalid_request"),
                                    (b"token=a&token=b", 400, "invalid_request"), (b"token=%ff", 400, "invalid_request"),
                                    (b"token=x&client_id=me&client_secret=s&more=1", 200, None)):
            answer = anyone.post("/api/v1/auth/revoke", raw=body, headers=form)
            self.assertEqual(answer.status, status, answer.raw)
            self.assertEqual(answer.json["error"] if fault else None, fault)
        other = self.scheduler.tenant("form")
        grant = b"grant_type=client_credentials&client_secret=" + other.api_key.encode()
        token = anyone.post("/api/v1/auth/token", raw=grant, headers=form).json["access_token"]
        body = b"client_id=me&token_type_hint=access_token&token=" + token.encode()
        self.assertEqual(anyone.post("/api/v1/auth/revoke", raw=body, headers=form).status, 200)
        self.assert_refused(token)

    def test_suspended(self):
        other = self.scheduler.tenant("suspended")
        admin, path = operator(self.scheduler), f"/api/v1/admin/tenants/{other.id}"
        self.assertEqual(admin.post(path + "/suspend").status, 200)
        self.assert_refused(other.token, "forbidden", 403)
        answer = Client(self.scheduler).post("/api/v1/auth/token", {"apiKey": other.api_key})
        self.assertEqual((answer.status, answer.problem), (403, "forbidden"))
        self.assertIn("suspended", answer.json["detail"])
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        grant = b"grant_type=client_credentials&client_secret="
        answer = Client(self.scheduler).post("/api/v1/auth/token", raw=grant + other.api_key.encode(), headers=form)
        self.assertEqual((answer.status, answer.json["error"]), (400, "unauthorized_client"))
        self.assertIn("suspended", answer.json["error_description"])
        # Who has only a guess at the key hears nothing of it.
        guess = other.api_key[:-1] + ("A" if other.api_key[-1] != "A" else "B")
        answer = Client(self.scheduler).post("/api/v1/auth/token", {"apiKey": guess})
        self.assertEqual((answer.status, answer.problem), (401, "unauthenticated"))
        self.assertEqual(admin.post(path + "/resume").status, 200)
        self.assertEqual(other.get("/api/v1/tasks").status, 200)


class Keys(unittest.TestCase):
    """The published keys, judged by PyJWT, which knows nothing of Belfry."""

    def setUp(self):
        self.scheduler = Scheduler().start()

    def tearDown(self):
        self.scheduler.remove()

    def published(self):
        url = f"http://127.0.0.1:{self.scheduler.port}/.well-known/jwks.json"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return jwt.PyJWKSet.from_dict(json.load(answer))

    def verify(self, token):
        kid = jwt.get_unverified_header(token)["kid"]
        key, = (key for key in self.published().keys if key.key_id == kid)
        return jwt.decode(token, key.key, algorithms=["ES256"], audience="belfry")

    def test_the_published_key_verifies_tokens(self):
        tenant = self.scheduler.tenant()
        claims = self.verify(tenant.token)
        self.assertEqual((claims["sub"], claims["exp"] - claims["iat"]), (tenant.id, 3600))
        header, body, signature = tenant.token.split(".")
        with self.assertRaises(jwt.InvalidSignatureError):
            self.verify(f"{header}.{encode({**claims, 'scope': 'operator'})}.{signature}")

    def test_a_rotated_key_signs_later_and_both_live_across_restarts(self):
        tenant, admin = self.scheduler.tenant(), operator(self.scheduler)
        old, first = tenant.token, self.published().keys[0].key_id
        self.assertEqual(tenant.post("/api/v1/admin/signing-keys/rotate").problem, "forbidden")
        self.assertEqual(admin.post("/api/v1/admin/signing-keys/rotate").status, 202)
        self.scheduler.restart()
        tenant.close()
        self.assertEqual(len(self.published().keys), 2)
        self.verify(old)
        tenant.sign_in()  # the new key is published and does not sign yet
        self.assertEqual(jwt.get_unverified_header(tenant.token)["kid"], first)
        self.scheduler.stop()
        self.pass_five_minutes()
        self.scheduler.start()
        tenant.close()
        tenant.sign_in()
        self.assertNotEqual(jwt.get_unverified_header(tenant.token)["kid"], first)
        self.verify(tenant.token)
        self.assertEqual(tenant.get("/api/v1/tasks").status, 200)
        answer = tenant.get("/api/v1/tasks", headers={"Authorization": "Bearer " + old})
        self.assertEqual(answer.status, 200)  # signed by the retired key, and still good

    def pass_five_minutes(self):
        import sqlite3
        base = sqlite3.connect(self.scheduler.folder + "/belfry.db")  # the server is down
        base.execute("UPDATE signing_keys SET signs_from = signs_from - 300001")
        base.commit()
        base.close()


class Lives(unittest.TestCase):
    def wait_for(self, problem, ask):
        """Asks until it is refused so; how long that took."""
        began = time.monotonic()
        while True:
            answer = ask()
            if answer.status == 401:
                self.assertEqual(answer.problem, problem)
                return time.monotonic() - began
            self.assertEqual(answer.status, 200, answer.raw)
            self.assertLess(time.monotonic() - began, 90)
            time.sleep(0.1)  # nobody tells that a time has passed

    def test_tokens_and_keys_end_in_time(self):
        scheduler = Scheduler("--token-seconds", "60").start()
        try:
            tenant = scheduler.tenant()
            answer = tenant.post("/api/v1/auth/token", {"apiKey": tenant.api_key})
            self.assertEqual(answer.json["expires_in"], 60)
            forge = Forge(scheduler, answer.json["token"])
            self.assertEqual(forge.claims["exp"] - forge.claims["iat"], 60)
            # One near the end of its life and of the 30 s of leeway: good, and so perhaps kept.
            now = int(time.time())
            tenant.token = forge.sign(iat=now - 87, exp=now - 27)
            self.assertLess(self.wait_for("token_expired", lambda: tenant.get("/api/v1/tasks")), 10)
            tenant.sign_in()
            until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3))
            made = tenant.post("/api/v1/api-keys", {"name": "short", "expiresAt": until})
            self.assertEqual(made.status, 201, made.raw)
            # A token of it ends with it, though tokens live longer here.
            until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 40))
            near = tenant.post("/api/v1/api-keys", {"name": "near", "expiresAt": until}).json
            issued = Client(scheduler).post("/api/v1/auth/token", {"apiKey": near["apiKey"]}).json
            claims = Forge(scheduler, issued["token"]).claims
            self.assertEqual(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(claims["exp"])), until)
            self.assertEqual(issued["expires_in"], claims["exp"] - claims["iat"])
            exchange = lambda: Client(scheduler).post("/api/v1/auth/token",
                                                      {"apiKey": made.json["apiKey"]})
            self.assertEqual(exchange().status, 200)
            self.assertLess(self.wait_for("unauthenticated", exchange), 10)
        finally:
            scheduler.remove()


if __name__ == "__main__":
    unittest.main()
