"""What a tenant keeps is counted and bounded: payloads, results, deliveries, answers for keys."""
import sqlite3
import unittest

from belfry import Scheduler, operator

ROOM = 100_000


def stored(scheduler, tenant):
    """The running total, and what the rows themselves come to by their lengths alone."""
    base = sqlite3.connect(f"file:{scheduler.folder}/belfry.db?mode=ro", uri=True)
    try:
        no, = base.execute("SELECT no FROM tenants WHERE id = ?",
                           (bytes.fromhex(tenant.id.replace("-", "")),)).fetchone()
        total = base.execute("SELECT bytes FROM stored WHERE tenant = ?", (no,)).fetchone()
        return total[0] if total else 0
    finally:
        base.close()


class Quota(unittest.TestCase):
    def setUp(self):
        self.scheduler = Scheduler()
        self.addCleanup(self.scheduler.remove)
        self.scheduler.start()
        self.tenant = self.scheduler.tenant()
        self.operator = operator(self.scheduler)
        self.path = "/api/v1/admin/tenants/" + self.tenant.id

    def limit(self, most):
        answer = self.operator.call("PATCH", self.path + "/limits", {"storedBytesMax": most})
        self.assertEqual(answer.status, 200, answer.raw)
        return answer.json

    def assert_over(self, answer):
        self.assertEqual((answer.status, answer.problem), (429, "quota_exceeded"), answer.raw)
        for word in ("storedBytesMax", str(ROOM)):
            self.assertIn(word, answer.json["detail"])

    def test_a_tenant_and_its_operators_see_what_it_keeps(self):
        before = self.tenant.get("/api/v1/metrics").json
        self.assertEqual((before["storedBytes"], before["storedBytesMax"]), (0, 10 * 2**30))
        self.tenant.submit(payload="x" * 5_000, delayMs=1_000_000)
        kept = self.tenant.get("/api/v1/metrics").json["storedBytes"]
        self.assertTrue(5_000 < kept < 6_000, kept)
        shown = self.operator.get(self.path).json
        self.assertEqual(shown["storedBytes"], kept)
        self.assertEqual(stored(self.scheduler, self.tenant), kept)
        self.scheduler.restart()
        self.tenant.close()
        self.assertEqual(self.tenant.get("/api/v1/metrics").json["storedBytes"], kept)

    def test_finished_tasks_and_results_count(self):
        task = self.tenant.submit(payload="y" * 5_000)  # the echo answers with it
        self.tenant.wait(task["taskId"], "COMPLETED")
        self.assertGreater(self.tenant.get("/api/v1/metrics").json["storedBytes"], 10_000)

    def test_a_full_tenant_is_refused_by_name_and_others_are_not(self):
        self.limit(ROOM)
        taken = 0
        while (answer := self.tenant.post("/api/v1/tasks", {
                "taskName": "t", "payload": "x" * 9_000, "delayMs": 1_000_000})).status == 201:
            taken += 1
        self.assertEqual(taken, 10)
        self.assert_over(answer)
        counts = self.operator.get(self.path).json
        self.assertEqual(counts["counts"]["scheduled"], taken)
        self.assertLessEqual(counts["storedBytes"], ROOM)
        bulk = self.tenant.post("/api/v1/tasks/bulk", [{"taskName": "t", "payload": "x" * 9_000}]).json
        self.assertEqual(bulk["results"][0]["status"], 429)
        self.assertEqual(self.scheduler.tenant("other").post("/api/v1/tasks", {
            "taskName": "t", "payload": "x" * 9_000}).status, 201)
        self.limit(2 * ROOM)
        self.tenant.submit(payload="x" * 9_000)

    def test_what_is_kept_for_keys_counts_and_is_bounded(self):
        self.limit(ROOM)
        bad = [{"taskName": "", f"unknown{i}": 1} for i in range(60)]
        kept = []
        for number in range(40):
            answer = self.tenant.post("/api/v1/tasks/bulk", bad,
                                      headers={"Idempotency-Key": f"key-{number}"})
            kept.append(answer)
            if answer.status != 200:
                break
        self.assert_over(kept[-1])
        self.assertLessEqual(self.operator.get(self.path).json["storedBytes"], ROOM)
        again = self.tenant.post("/api/v1/tasks/bulk", bad, headers={"Idempotency-Key": "key-0"})
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")

    def test_a_huge_answer_is_not_kept_and_nothing_is_done(self):
        labels = {f"{i:02}" + "k" * 60: "\U0001f600" * 250 for i in range(16)}
        body = [{"taskName": "t", "labels": labels, "delayMs": 1_000_000}] * 300
        answer = self.tenant.post("/api/v1/tasks/bulk", body, headers={"Idempotency-Key": "huge"})
        self.assertEqual((answer.status, answer.problem), (413, "payload_too_large"), answer.raw[:300])
        self.assertIn("Idempotency-Key", answer.json["detail"])
        self.assertEqual(self.tenant.get("/api/v1/metrics").json["total"], 0)
        self.assertEqual(self.tenant.get("/api/v1/metrics").json["storedBytes"], 0)

    def test_what_is_removed_counts_no_more(self):
        for number in range(3):
            self.tenant.submit(payload="x" * 1_000, delayMs=1_000_000)
        other = self.scheduler.tenant("other")
        self.operator.call("DELETE", self.path)
        base = sqlite3.connect(f"file:{self.scheduler.folder}/belfry.db?mode=ro", uri=True)
        self.addCleanup(base.close)
        while self.operator.get(self.path).status != 404:
            other.get("/api/v1/metrics")
        self.assertEqual(base.execute("SELECT count(*) FROM stored").fetchone(), (0,))


if __name__ == "__main__":
    unittest.main()
