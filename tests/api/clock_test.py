"""Starts under a wall clock that is wrong, then under the right one; and one that moves meanwhile."""
import calendar
import re
import time
import unittest

from belfry import Client, Receiver, Scheduler, WallClock, operator, signature_fits, until

HOUR, DAY = 3600, 86400
ACCEPT = "/api/v1/admin/clock/accept"


def seconds_of(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


def text_of(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class ClockCase(unittest.TestCase):
    def setUp(self):
        self.clock = WallClock()
        # Nobody submits for a month of the wrong time here, and that is no reason to remove the tenant.
        self.scheduler = Scheduler("--default-target", "worker", "--unused-tenant-hours", "0",
                                   clock=self.clock).start()
        self.receiver = Receiver()
        self.tenant = self.scheduler.tenant()

    def tearDown(self):
        self.scheduler.remove()
        self.receiver.close()
        self.clock.close()

    def restart(self, ahead_s, kernel="unsynchronised", how="stop"):
        """A start under another wall clock; the tenant signs in anew."""
        getattr(self.scheduler, how)()
        self.clock.set(ahead_s, kernel)
        self.scheduler.start()
        self.tenant.close()
        self.tenant.sign_in()

    def ready(self):
        answer = Client(self.scheduler).get("/readyz")
        return answer.status, answer.json.get("detail", "")

    def metric(self, name):
        text = self.scheduler.operators("/metrics")[1]
        return float(re.search(rf"^{name} (\S+)", text, re.M).group(1))

    def assert_in_doubt(self, word):
        status, detail = self.ready()
        self.assertEqual(status, 200)
        self.assertIn(word, detail)
        self.assertIn("POST " + ACCEPT, detail)
        self.assertEqual(self.metric("belfry_clock_in_doubt"), 1)
        self.assertIn(word, self.scheduler.operators("/healthz")[1])

    def assert_trusted(self):
        self.assertEqual(self.ready(), (200, ""))
        self.assertEqual(self.metric("belfry_clock_in_doubt"), 0)

    def record_the_time(self, ahead_s):
        """One start with the wall clock ahead, which the store then knows."""
        self.restart(ahead_s, kernel="synchronised")
        self.assert_trusted()
        self.tenant.submit(queue="of-the-wrong-time", taskName="ahead")


class RightAfterWrong(ClockCase):
    def check_times(self):
        """Due times, signatures, tokens and new tasks go by the clock of this start."""
        now = self.clock.now()
        task = self.tenant.submit(queue="later", scheduledFor=text_of(now + 60))
        self.assertEqual(task["status"], "SCHEDULED")
        self.assertLess(abs(seconds_of(task["submittedAt"]) - now), 10)
        self.assertLess(abs(seconds_of(task["scheduledFor"]) - now - 60), 2)
        pushed = self.tenant.submit(delayMs=200, target=self.receiver.target())
        push = self.receiver.wait_for("/run")[-1]
        self.assertLess(abs(int(push.headers["webhook-timestamp"]) - now), 10)
        self.assertTrue(signature_fits(push, self.tenant.secret))
        self.tenant.wait(pushed["taskId"], "COMPLETED")
        self.assertEqual(self.tenant.task(task["taskId"])["status"], "SCHEDULED")
        return task

    def check_filters(self, older, newer):
        """Times filter by when a task was submitted, pages go by id."""
        between = text_of(self.clock.now() + HOUR / 2)

        def found(query):
            return [one["taskId"] for one in self.tenant.get("/api/v1/tasks?" + query).json]
        everything = found("limit=100")
        self.assertEqual(everything, sorted(everything, reverse=True))
        self.assertLess(everything.index(newer["taskId"]), everything.index(older["taskId"]))
        paged, cursor = [], "/api/v1/tasks?limit=1"
        while cursor:
            answer = self.tenant.get(cursor)
            paged += [one["taskId"] for one in answer.json]
            link = re.search(r"<([^>]*)>; rel=\"?next", answer.headers.get("Link", ""))
            cursor = re.sub(r"^https?://[^/]*", "", link.group(1)) if link else None
        self.assertEqual(paged, everything)
        for query, holds in (("createdFrom=", older), ("createdTo=", newer)):
            with self.subTest(query=query):
                hits = found(query + between)
                self.assertIn(holds["taskId"], hits)
                other = newer if holds is older else older
                self.assertNotIn(other["taskId"], hits)

    def check_after(self, ahead_s):
        self.record_the_time(ahead_s)
        older = self.tenant.get("/api/v1/tasks?type=ahead").json[0]
        for how in ("kill", "stop"):
            self.restart(0, how=how)
            self.assert_in_doubt("behind")
            newer = self.check_times()
            self.check_filters(older, newer)
        accepted = operator(self.scheduler).post(ACCEPT)
        self.assertEqual(accepted.status, 200, accepted.raw)
        self.assert_trusted()
        # The advice works: the time is recorded anew, so that the next start is not in doubt.
        self.restart(1, how="kill")
        self.assert_trusted()
        self.check_times()

    def test_an_hour_ahead_and_then_right(self):
        self.check_after(HOUR)

    def test_a_month_ahead_and_then_right(self):
        self.check_after(31 * DAY)

    def test_waits_that_were_reckoned_from_the_wrong_time_move_back(self):
        task = self.tenant.submit(queue="retried", retry={"maxAttempts": 3, "initialMs": 3_000,
                                                          "jitter": 0, "backoff": "fixed"})
        lost = self.tenant.submit(queue="lost")
        ready = self.tenant.submit(queue="ready", delayMs=1)
        self.restart(HOUR, kernel="synchronised")
        lease, = self.tenant.lease("retried")
        failed = self.tenant.post(f"/api/v1/tasks/{task['taskId']}/fail",
                                  {"leaseToken": lease["leaseToken"], "errorMessage": "once"})
        self.assertEqual(failed.json["status"], "SCHEDULED")
        self.assertEqual(len(self.tenant.lease("lost", leaseMs=2_000)), 1)
        late = self.tenant.submit(queue="ready")
        self.restart(0)
        early = self.tenant.submit(queue="ready", priority=1)
        self.tenant.wait(task["taskId"], "PENDING")
        self.tenant.wait(lost["taskId"], "PENDING")
        order = [self.tenant.lease("ready")[0]["taskId"] for _ in range(3)]
        self.assertEqual(order, [ready["taskId"], late["taskId"], early["taskId"]])

    def test_a_delivery_that_failed_in_the_wrong_time_is_tried_again_soon(self):
        self.receiver.script["/hook"] = [(500, {}, b"")] * 1 + [(200, {}, b"")]
        self.restart(31 * DAY, kernel="synchronised")
        self.tenant.submit(target={"type": "echo"}, callbackUrl=self.receiver.url("/hook"))
        self.receiver.wait_for("/hook")
        until(lambda: self.tenant.get("/api/v1/webhooks/deliveries").json[0]["attempts"] == 1)
        self.restart(0, how="kill")
        self.receiver.wait_for("/hook", 2)


class WrongAfterRight(ClockCase):
    def setUp(self):
        super().setUp()
        self.done = self.tenant.submit(target={"type": "echo"})
        self.tenant.wait(self.done["taskId"])
        self.waits = self.tenant.submit(queue="waits", expiresAt=text_of(self.clock.now() + 7 * DAY))

    def statuses(self):
        return [self.tenant.get("/api/v1/tasks/" + one["taskId"]).status
                for one in (self.done, self.waits)], self.tenant.task(self.waits["taskId"])["status"]

    def test_a_month_ahead_expires_nothing_until_the_clock_is_accepted(self):
        self.restart(31 * DAY)
        self.assert_in_doubt("ahead of")
        # What is lost by its lease is looked for in the same round as what has expired.
        lost = self.tenant.submit(queue="lost")
        self.assertEqual(len(self.tenant.lease("lost", leaseMs=1_000)), 1)
        self.tenant.wait(lost["taskId"], "PENDING")
        self.assertEqual(self.statuses(), ([200, 200], "PENDING"))
        self.assertEqual(self.tenant.lease("waits"), [], "it may have expired")
        # Still in doubt at another start, since the wrong time was not recorded.
        self.restart(31 * DAY, how="kill")
        self.assert_in_doubt("ahead of")
        # A start with the right clock is not.
        self.restart(0)
        self.assert_trusted()
        self.assertEqual(len(self.tenant.lease("waits")), 1)

    def test_an_accepted_clock_lets_tasks_expire(self):
        self.restart(31 * DAY)
        self.assertEqual(operator(self.scheduler).post(ACCEPT).status, 200)
        self.assertEqual(self.tenant.wait(self.waits["taskId"])["status"], "EXPIRED")

    def test_only_operators_accept_the_clock(self):
        self.restart(31 * DAY)
        self.assertEqual(self.tenant.post(ACCEPT).status, 403)
        self.assertEqual(Client(self.scheduler).post(ACCEPT).status, 401)
        self.assert_in_doubt("ahead of")

    def test_a_kernel_that_comes_to_be_synchronised_ends_the_doubt(self):
        for kernel in ("unsynchronised", "denied"):
            self.restart(31 * DAY, kernel=kernel)
            self.assert_in_doubt("ahead of")
        self.clock.set(31 * DAY, "synchronised")
        until(lambda: self.metric("belfry_clock_in_doubt") == 0)
        self.assertEqual(self.tenant.wait(self.waits["taskId"])["status"], "EXPIRED")
        self.restart(31 * DAY, kernel="denied", how="kill")
        self.assert_trusted()


class WhileRunning(ClockCase):
    def test_a_skew_is_alarmed_and_takes_nothing_out_of_service(self):
        self.assertLess(abs(self.metric("belfry_clock_skew_seconds")), 2)
        self.assert_trusted()
        for skew in (HOUR, -HOUR):
            self.clock.set(skew)
            status, detail = self.ready()
            self.assertEqual(status, 200)
            self.assertIn("moved by", detail)
            self.assertLess(abs(self.metric("belfry_clock_skew_seconds") - skew), 10)
            self.assertIn("moved by", self.scheduler.operators("/healthz")[1])
            self.tenant.wait(self.tenant.submit(target={"type": "echo"})["taskId"], "COMPLETED")
        self.clock.set(0)
        self.assert_trusted()

    def test_the_advice_to_restart_works(self):
        self.clock.set(HOUR)
        self.assertIn("restart", self.ready()[1])
        self.restart(HOUR)
        self.assert_trusted()


class Expiry(unittest.TestCase):
    def test_a_task_that_expires_between_attempts_keeps_the_last_error(self):
        scheduler = Scheduler().start()
        self.addCleanup(scheduler.remove)
        tenant = scheduler.tenant()
        retry = {"maxAttempts": 5, "initialMs": 60_000, "jitter": 0}
        task = tenant.submit(target={"type": "echo", "failTimes": 5}, retry=retry,
                             expiresAt=text_of(time.time() + 3))
        never = tenant.submit(target={"type": "worker"}, expiresAt=text_of(time.time() + 3))
        ended = tenant.wait(task["taskId"])
        last = ended["attempts"][-1]["errorMessage"]
        self.assertEqual((ended["status"], len(ended["attempts"])), ("EXPIRED", 1))
        self.assertTrue(last)
        self.assertEqual(ended["errorMessage"], "expiresAt passed before the next attempt could "
                                                f"start; the last one failed: {last}")
        self.assertEqual(tenant.wait(never["taskId"])["errorMessage"],
                         "expiresAt passed before an attempt could start")


if __name__ == "__main__":
    unittest.main()
