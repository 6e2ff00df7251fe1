"""Tenants come and go: who may register, how many there may be, how operators find and remove them."""
import os
import re
import socket
import sqlite3
import tempfile
import time
import unittest

import belfry
from belfry import Client, PATIENCE, Scheduler, operator


def register(scheduler, name):
    return Client(scheduler).call("POST", "/api/v1/auth/register", {"tenantName": name})


def next_of(answer):
    found = re.search(r"<([^>]+)>; rel=\"next\"", answer.headers["Link"] or "")
    return found and found.group(1)


def until(look):
    """What `look` gives once it gives something."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError("it never came")


class Registration(unittest.TestCase):
    def started(self, *flags):
        errors = tempfile.TemporaryFile(mode="w+")
        self.addCleanup(errors.close)
        scheduler = Scheduler(*flags, errors=errors)
        self.addCleanup(scheduler.remove)
        return scheduler, errors

    def test_it_is_said_at_start_who_may_register(self):
        for flags, status, words in (((), 201, "registration is open"),
                                     (("--registration", "closed"), 403, "registration is closed")):
            with self.subTest(flags=flags):
                scheduler, errors = self.started("--log-level", "info", *flags)
                scheduler.start()
                self.assertEqual(register(scheduler, "one").status, status)
                scheduler.stop()
                errors.seek(0)
                self.assertIn(words, errors.read())

    def test_there_are_no_more_tenants_than_the_operator_lets_there_be(self):
        scheduler, _ = self.started("--tenants-max", "3")
        scheduler.start()
        for number in range(3):
            self.assertEqual(register(scheduler, f"tenant {number}").status, 201)
        refused = register(scheduler, "one too many")
        self.assertEqual((refused.status, refused.problem), (429, "quota_exceeded"))
        self.assertIn("--tenants-max", refused.json["detail"])
        self.assertIn("Retry-After", refused.headers)
        admin = operator(scheduler)
        tenants = admin.get("/api/v1/admin/tenants").json
        self.assertEqual([t["tenantName"] for t in tenants], ["tenant 0", "tenant 1", "tenant 2"])
        path = "/api/v1/admin/tenants/" + tenants[1]["tenantId"]
        self.assertEqual(admin.call("DELETE", path).status, 202)
        until(lambda: admin.get(path).status == 404)
        self.assertEqual(register(scheduler, "takes its place").status, 201)
        scheduler.restart()
        self.assertEqual(register(scheduler, "one too many").status, 429)


class TenantList(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scheduler = Scheduler().start()
        cls.addClassCleanup(cls.scheduler.remove)
        cls.names = [f"{kind} {i}" for i in range(12) for kind in ("Mail", "pay")]
        cls.ids = [register(cls.scheduler, name).json["tenantId"] for name in cls.names]
        cls.operator = operator(cls.scheduler)

    def walk(self, path):
        names, pages = [], 0
        while path:
            answer = self.operator.get(path)
            self.assertEqual(answer.status, 200, answer.raw)
            names += [t["tenantName"] for t in answer.json]
            path, pages = next_of(answer), pages + 1
        return names, pages

    def test_pages_follow_one_another_by_creation(self):
        self.assertEqual(self.walk("/api/v1/admin/tenants?limit=5"), (self.names, 5))
        self.assertEqual(self.walk("/api/v1/admin/tenants"), (self.names, 1))

    def test_a_text_finds_names_that_hold_it_and_whole_ids(self):
        mail = [name for name in self.names if name.startswith("Mail")]
        self.assertEqual(self.walk("/api/v1/admin/tenants?text=mAI&limit=5")[0], mail)
        self.assertEqual(self.walk("/api/v1/admin/tenants?text=" + self.ids[3])[0], [self.names[3]])
        self.assertEqual(self.walk("/api/v1/admin/tenants?text=nobody")[0], [])

    def test_a_cursor_belongs_to_its_text(self):
        first = self.operator.get("/api/v1/admin/tenants?text=mail&limit=2")
        cursor = re.search(r"cursor=([^&]+)", next_of(first)).group(1)
        for path in (f"?cursor={cursor}", f"?text=pay&cursor={cursor}", "?cursor=x", "?limit=0",
                     "?limit=501", "?name=x", "?text=" + "x" * 200):
            answer = self.operator.get("/api/v1/admin/tenants" + path)
            self.assertEqual((answer.status, answer.problem), (400, "invalid_query"), path)


class Removal(unittest.TestCase):
    def setUp(self):
        self.scheduler = Scheduler()
        self.addCleanup(self.scheduler.remove)
        self.scheduler.start()
        self.goes, self.stays = self.scheduler.tenant("goes"), self.scheduler.tenant("stays")
        self.operator = operator(self.scheduler)
        self.path = "/api/v1/admin/tenants/" + self.goes.id

    def fill(self, tenant, tasks):
        body = [{"taskName": "t", "payload": "x" * 100, "delayMs": 1_000_000}] * 500
        for _ in range(tasks // 500):
            self.assertEqual(tenant.post("/api/v1/tasks/bulk", body).status, 200)

    def test_a_tenant_is_suspended_at_once_and_removed_whole(self):
        self.fill(self.goes, 1_500)
        self.fill(self.stays, 500)
        with socket.socket() as holder:  # a port that refuses connections
            holder.bind(("127.0.0.1", 0))
            target = {"type": "http", "url": f"http://127.0.0.1:{holder.getsockname()[1]}/"}
            for _ in range(20):
                self.goes.submit(target=target)
            until(lambda: belfry.rows(self.scheduler)["destination_states"] > 0)
            answer = self.operator.call("DELETE", self.path)
        self.assertEqual(answer.status, 202)
        self.assertIsNotNone(answer.json["removingSince"])
        self.assertIn(self.goes.get("/api/v1/tasks").status, (401, 403))
        until(lambda: self.operator.get(self.path).status == 404)
        self.assertEqual(self.goes.get("/api/v1/tasks").problem, "invalid_token")
        answer = Client(self.scheduler).call("POST", "/api/v1/auth/token", {"apiKey": self.goes.api_key})
        self.assertEqual(answer.status, 401)
        self.assertEqual(self.operator.call("DELETE", self.path).status, 404)
        self.assertEqual(self.stays.get("/api/v1/metrics").json["scheduled"], 500)
        left = belfry.rows(self.scheduler)
        self.assertEqual(left["tenants"], 1)
        self.assertEqual((left["bodies"], left["live"], left["outcomes"]), (500, 500, 0))
        self.assertEqual((left["destinations"], left["destination_states"]), (0, 0))

    def test_a_removal_is_shown_and_cannot_be_undone(self):
        self.fill(self.goes, 10_000)
        self.assertEqual(self.operator.call("DELETE", self.path).status, 202)
        shown = self.operator.get(self.path)
        self.assertEqual(shown.status, 200)
        self.assertIsNotNone(shown.json["removingSince"])
        self.assertGreater(sum(shown.json["counts"].values()), 0)
        for act in ("resume", "suspend"):
            answer = self.operator.call("POST", f"{self.path}/{act}")
            self.assertEqual((answer.status, answer.problem), (409, "invalid_state"))
        self.assertEqual(self.operator.call("DELETE", self.path).status, 202)

    def test_a_removal_goes_on_after_a_restart(self):
        self.fill(self.goes, 10_000)
        self.assertEqual(self.operator.call("DELETE", self.path).status, 202)
        self.scheduler.kill()
        self.scheduler.start()
        admin = operator(self.scheduler)
        until(lambda: admin.get(self.path).status == 404)
        self.assertEqual(belfry.rows(self.scheduler)["bodies"], 0)


def add_idle_tenants(folder, count):
    """Writes tenants that registered and did nothing more into the store of a stopped server."""
    base = sqlite3.connect(os.path.join(folder, "belfry.db"))
    try:
        first, = base.execute("SELECT coalesce(max(no), 0) + 1 FROM tenants").fetchone()
        now = int(time.time() * 1000)
        numbers = range(first, first + count)
        base.executemany(
            "INSERT INTO tenants (no, id, name, created_at, running_max, weight, unfinished_max,"
            " sealed_secret) VALUES (?, ?, ?, ?, 1000, 1, 10000000, ?)",
            ((no, b"idle" + no.to_bytes(12, "big"), f"idle {no}", now, os.urandom(64)) for no in numbers))
        base.executemany(
            "INSERT INTO api_keys (id, tenant, name, prefix, hash, scopes, created_at)"
            " VALUES (?, ?, 'first key', 'bfk_0000', ?, 15, ?)",
            ((b"key " + no.to_bytes(12, "big"), no, os.urandom(32), now) for no in numbers))
        base.execute("UPDATE meta SET value = value + ? WHERE key IN ('tenants', 'last_tenant_no')",
                     (count,))
        base.commit()
    finally:
        base.close()


def resident_mib(scheduler):
    with open(f"/proc/{scheduler.process.pid}/status") as file:
        return int(re.search(r"^VmHWM:\s+(\d+) kB", file.read(), re.M).group(1)) / 1024


class IdleTenants(unittest.TestCase):
    # BELFRY_IDLE_TENANTS=1000000 is the case of the promise: below 512 MiB with 100 active ones.
    COUNT = int(os.environ.get("BELFRY_IDLE_TENANTS", 50_000))
    ACTIVE = 100
    # What 100 tenants have, and a table of 50,000. A larger one fills the writer's page cache, which
    # holds 64 MiB at most.
    MARGIN_MIB = 40 if COUNT <= 50_000 else 40 + 64

    @unittest.skipIf(os.environ.get("BELFRY_SANITIZE"), "a sanitizer has memory of its own")
    def test_memory_does_not_grow_with_them(self):
        scheduler = Scheduler("--tenants-max", str(2 * self.COUNT), "--auth-requests-per-second", "0")
        self.addCleanup(scheduler.remove)
        scheduler.start()
        active = [scheduler.tenant(f"active {i}") for i in range(self.ACTIVE)]
        for tenant in active:
            tenant.submit()
        scheduler.restart()
        before = resident_mib(scheduler)
        scheduler.stop()
        add_idle_tenants(scheduler.folder, self.COUNT)
        scheduler.start()
        for tenant in active:
            tenant.close()
            self.assertEqual(tenant.get("/api/v1/queues").status, 200)
            tenant.submit()
        admin = operator(scheduler)
        self.assertEqual(len(admin.get("/api/v1/admin/tenants?limit=500").json), 500)
        self.assertEqual(admin.get("/api/v1/admin/tenants?text=idle&limit=1").status, 200)
        after = resident_mib(scheduler)
        # All of them in memory would be more than a kilobyte each.
        self.assertLess(after, before + self.MARGIN_MIB, f"{before} MiB before, {after} MiB after")
        self.assertLess(after, 512)


if __name__ == "__main__":
    unittest.main()
