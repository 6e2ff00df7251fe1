"""How often one may ask: an address the routes that need no token, a tenant all others."""
import re
import unittest

from belfry import Client, Scheduler, operator


def policies(answer, name):
    """The members of a RateLimit field by policy: {"tenant": {"q": 5, "w": 1}}."""
    found = {}
    for policy, rest in re.findall(r'"([^"]+)"((?:;[a-z]+=\d+)+)', answer.headers[name] or ""):
        found[policy] = {key: int(value) for key, value in re.findall(r";([a-z]+)=(\d+)", rest)}
    return found


class Rates(unittest.TestCase):
    def started(self, *flags):
        scheduler = Scheduler(*flags)
        self.addCleanup(scheduler.remove)
        return scheduler.start()

    def assert_limited(self, answer, policy, flag):
        self.assertEqual((answer.status, answer.problem), (429, "rate_limited"), answer.raw)
        self.assertIn(flag, answer.json["detail"])
        told = policies(answer, "RateLimit")[policy]
        self.assertEqual(told["r"], 0)
        self.assertGreaterEqual(int(answer.headers["Retry-After"]), told["t"])

    def test_an_address_tries_so_many_keys_and_no_more(self):
        scheduler = self.started("--auth-requests-per-second", "1")
        tenant = scheduler.tenant()  # two calls
        client = Client(scheduler)
        answers = [client.post("/api/v1/auth/token", {"apiKey": "wrong"}) for _ in range(60)]
        refused = [a for a in answers if a.status == 429]
        self.assertEqual({a.status for a in answers}, {401, 429})
        self.assertGreater(len(refused), 30)
        self.assertEqual(policies(answers[0], "RateLimit-Policy"), {"address": {"q": 10, "w": 10}})
        self.assert_limited(refused[0], "address", "--auth-requests-per-second")
        for path in ("register", "revoke"):
            self.assertEqual(client.post("/api/v1/auth/" + path, {}).status, 429, path)
        # Who has a token goes on.
        self.assertEqual(tenant.get("/api/v1/tasks").status, 200)

    def test_a_tenant_is_held_to_its_rate_and_others_are_not(self):
        scheduler = self.started("--tenant-requests-per-second", "5")
        greedy, other = scheduler.tenant("greedy"), scheduler.tenant("other")
        answers = [greedy.get("/api/v1/queues") for _ in range(100)]
        refused = [a for a in answers if a.status == 429]
        self.assertGreater(len(refused), 50)
        self.assertEqual(policies(answers[0], "RateLimit-Policy"), {"tenant": {"q": 5, "w": 1}})
        self.assertEqual(policies(answers[0], "RateLimit")["tenant"]["r"], 4)
        self.assert_limited(refused[0], "tenant", "--tenant-requests-per-second")
        self.assertEqual(other.get("/api/v1/queues").status, 200)

    def test_a_refused_submission_is_no_task(self):
        scheduler = self.started("--tenant-requests-per-second", "5")
        tenant = scheduler.tenant()
        made = sum(tenant.post("/api/v1/tasks", {"taskName": "t", "delayMs": 1_000_000}).status == 201
                   for _ in range(50))
        self.assertLess(made, 50)
        admin = operator(scheduler)
        shown = admin.get("/api/v1/admin/tenants/" + tenant.id).json
        self.assertEqual(shown["counts"]["scheduled"], made)

    def test_operators_see_a_rate_and_change_it(self):
        scheduler = self.started("--tenant-requests-per-second", "5")
        tenant, admin = scheduler.tenant(), operator(scheduler)
        path = "/api/v1/admin/tenants/" + tenant.id
        self.assertEqual(admin.get(path).json["limits"]["requestsPerSecond"], 5)
        answer = admin.call("PATCH", path + "/limits", {"requestsPerSecond": 0})
        self.assertEqual(answer.json["limits"]["requestsPerSecond"], 0)
        answers = [tenant.get("/api/v1/queues") for _ in range(50)]
        self.assertEqual({a.status for a in answers}, {200})
        self.assertIsNone(answers[0].headers["RateLimit"])
        admin.call("PATCH", path + "/limits", {"requestsPerSecond": 2, "weight": 3})
        scheduler.restart()
        admin = operator(scheduler)
        self.assertEqual(admin.get(path).json["limits"]["requestsPerSecond"], 2)
        tenant.close()
        self.assertIn(429, {tenant.get("/api/v1/queues").status for _ in range(50)})
        bad = admin.call("PATCH", path + "/limits", {"requestsPerSecond": -1})
        self.assertEqual(bad.status, 422)

    def test_zero_is_no_limit(self):
        scheduler = self.started("--auth-requests-per-second", "0", "--tenant-requests-per-second", "0")
        client = Client(scheduler)
        answers = [client.post("/api/v1/auth/token", {"apiKey": "wrong"}) for _ in range(400)]
        self.assertEqual({a.status for a in answers}, {401})
        self.assertIsNone(answers[0].headers["RateLimit"])

    def test_three_hundred_wrong_keys_meet_a_limit_without_any_flag(self):
        scheduler = self.started()
        client = Client(scheduler)
        answers = [client.post("/api/v1/auth/token", {"apiKey": "wrong"}) for _ in range(600)]
        self.assertIn(429, {a.status for a in answers})


if __name__ == "__main__":
    unittest.main()
