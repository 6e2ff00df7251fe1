"""What clients of other languages send unasked, and expect."""
import re
import unittest

from belfry import OneScheduler, operator
from openapi_schema import Document, load

NO_ID = "01a20a13-95d8-7000-8e13-4c986aae0592"
CHANGES = ("POST", "PUT", "PATCH", "DELETE")


class EmptyBodies(OneScheduler):
    """axios, aiohttp and curl -d '' name a format for a body that holds nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = operator(cls.scheduler)
        cls.operations = Document(load()).operations()

    def changes(self, by_token):
        for (method, path), operation in sorted(self.operations.items()):
            if method in CHANGES and (operation.get("security") != []) == by_token:
                yield method, re.sub(r"\{.*?\}", NO_ID, path)

    def statuses(self, method, path):
        """With a length, and in chunks, of whoever may call it."""
        caller = self.operator if "/admin/" in path else self.tenant
        for fields, content in (({}, b""), ({"Transfer-Encoding": "chunked"}, b"0\r\n\r\n")):
            for kind in ("application/x-www-form-urlencoded", "text/plain; charset=utf-16"):
                yield caller.call(method, path, raw=content, headers={"Content-Type": kind, **fields}).status

    def test_no_content_has_no_format_where_a_token_is_needed(self):
        calls = list(self.changes(by_token=True))
        self.assertGreater(len(calls), 25)
        for method, path in sorted(calls, key=lambda call: "signing-keys" in call[1]):
            with self.subTest(f"{method} {path}"):
                # The last ones revoke the tokens that they are called with.
                refused = {415} if "signing-keys" in path else {401, 403, 415}
                self.assertFalse(refused & set(self.statuses(method, path)))

    def test_what_needs_no_token_keeps_its_check(self):
        for path in ("/api/v1/auth/register", "/api/v1/auth/token"):
            answer = self.tenant.call("POST", path, raw=b"", headers={"Content-Type": "text/plain"})
            self.assertEqual((answer.status, answer.problem), (415, "unsupported_media_type"), path)

    def test_an_empty_form_is_as_good_as_no_body(self):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        self.tenant.submit(target={"type": "worker"})
        for path in ("/api/v1/queues/default/pause", "/api/v1/queues/default/resume"):
            answer = self.tenant.call("POST", path, raw=b"", headers=form)
            self.assertEqual(answer.status, 200, answer.raw)
        answer = self.tenant.call("POST", "/api/v1/leases", raw=b"", headers=form)
        self.assertEqual((answer.status, len(answer.json["tasks"])), (200, 1), answer.raw)


if __name__ == "__main__":
    unittest.main()
