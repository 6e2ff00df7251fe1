"""Workers lease tasks, keep them with heartbeats and say how they ended."""
import datetime
import threading
import unittest

from belfry import Client, OneScheduler


class Workers(OneScheduler):
    def worker_task(self, **more):
        return self.tenant.submit(queue="work", target={"type": "worker"}, **more)

    def test_a_worker_leases_beats_and_completes(self):
        task = self.worker_task(payload={"n": 1})
        leased = self.tenant.lease("work", worker="w1", leaseMs=30000)[0]
        self.assertEqual((leased["taskId"], leased["payload"], leased["attempt"]), (task["taskId"], {"n": 1}, 1))
        path = f"/api/v1/tasks/{task['taskId']}"
        token = leased["leaseToken"]
        beat = self.tenant.post(path + "/heartbeat", {"leaseToken": token, "extendMs": 60000,
                                                      "progress": {"percent": 40, "text": "half"},
                                                      "logs": ["one", "two"]}).json
        self.assertFalse(beat["cancelRequested"])
        seen = self.tenant.task(task["taskId"])
        self.assertEqual((seen["status"], seen["worker"], seen["progress"]["percent"]), ("RUNNING", "w1", 40))
        self.assertEqual([l["line"] for l in seen["logs"]], ["one", "two"])
        self.tenant.post(path + "/heartbeat", {"leaseToken": token, "logs": ["three"]})
        seen = self.tenant.task(task["taskId"])
        self.assertEqual((seen["progress"]["text"], seen["logs"][2]["line"]), ("half", "three"))
        self.assertEqual(self.tenant.post(path + "/complete", {"leaseToken": token, "result": {"r": 1}}).status, 200)
        self.assertEqual(self.tenant.task(task["taskId"])["result"], {"r": 1})

    def test_a_lost_lease_is_offered_again_and_the_old_answer_refused(self):
        task = self.worker_task()
        old = self.tenant.lease("work", leaseMs=1000)[0]
        new = self.tenant.lease("work", waitMs=20000)[0]
        self.assertEqual((new["taskId"], new["attempt"], new["retryCount"]), (task["taskId"], 2, 1))
        path = f"/api/v1/tasks/{task['taskId']}/complete"
        self.assertEqual(self.tenant.post(path, {"leaseToken": old["leaseToken"]}).problem, "stale_lease")
        self.assertEqual(self.tenant.post(path, {"leaseToken": new["leaseToken"]}).status, 200)

    def test_many_answers_at_once_may_name_every_field(self):
        tasks = [self.worker_task() for _ in range(2)]
        leases = {t["taskId"]: t["leaseToken"] for t in self.tenant.lease("work", max=2)}
        answers = [
            {"taskId": tasks[0]["taskId"], "result": {"n": 1}, "errorMessage": None, "retryable": None},
            {"taskId": tasks[1]["taskId"], "result": None, "errorMessage": "no", "retryable": False}]
        for answer in answers:
            answer["leaseToken"] = leases[answer["taskId"]]
        results = self.tenant.post("/api/v1/leases/complete", answers).json["results"]
        self.assertEqual([r["taskStatus"] for r in results], ["COMPLETED", "FAILED"])
        both = {**answers[0], "retryable": True}
        refused = self.tenant.post("/api/v1/leases/complete", [both]).json["results"][0]
        self.assertEqual((refused["status"], refused["problem"]["errors"][0]["pointer"]), (422, "/result"))

    def test_a_workers_attempt_ends_with_its_timeout_whatever_it_says(self):
        task = self.worker_task(timeoutMs=1500)
        old = self.tenant.lease("work", leaseMs=30000)[0]
        moment = lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        life = moment(old["leaseExpiresAt"]) - moment(old["startedAt"])
        self.assertEqual(life, datetime.timedelta(milliseconds=1500))
        beat = {"leaseToken": old["leaseToken"], "extendMs": 60000}
        answer = self.tenant.post(f"/api/v1/tasks/{task['taskId']}/heartbeat", beat)
        self.assertEqual(answer.json["leaseExpiresAt"], old["leaseExpiresAt"])
        new = self.tenant.lease("work", waitMs=20000)[0]
        self.assertEqual((new["taskId"], new["attempt"]), (task["taskId"], 2))

    def test_a_worker_is_told_of_a_cancellation(self):
        task = self.worker_task()
        leased = self.tenant.lease("work")[0]
        self.tenant.call("DELETE", "/api/v1/tasks/" + task["taskId"])
        beat = self.tenant.post(f"/api/v1/tasks/{task['taskId']}/heartbeat", {"leaseToken": leased["leaseToken"]})
        self.assertTrue(beat.json["cancelRequested"])

    def test_a_worker_may_fail_for_good_or_not(self):
        for retryable, status in ((False, "FAILED"), (True, "SCHEDULED")):
            task = self.worker_task(retry={"initialMs": 60000})
            leased = self.tenant.lease("work")[0]
            answer = self.tenant.post(f"/api/v1/tasks/{task['taskId']}/fail",
                                      {"leaseToken": leased["leaseToken"], "errorMessage": "no", "retryable": retryable})
            self.assertEqual(answer.json["status"], status)

    def poll(self, queue, wait_ms, found):
        body = {"queues": [queue], "waitMs": wait_ms}
        client = Client(self.scheduler, self.tenant.token)
        thread = threading.Thread(
            target=lambda: found.extend(client.post("/api/v1/leases", body).json["tasks"]))
        thread.start()
        return thread

    def test_a_long_poll_wakes_for_a_new_task(self):
        self.tenant.call("PUT", "/api/v1/queues/other", {})
        found, others = [], []
        other = self.poll("other", 10_000, others)
        poll = self.poll("work", 20_000, found)
        task = self.worker_task()
        poll.join(30)
        # The other one began earlier and waits half as long: it would be the first to run out.
        self.assertTrue(other.is_alive(), "the poll was answered at its end only")
        self.assertEqual([t["taskId"] for t in found], [task["taskId"]])
        self.tenant.submit(queue="other", target={"type": "worker"})
        other.join(30)
        self.assertEqual(len(others), 1)

    def test_queues_are_served_in_the_order_named(self):
        later = self.tenant.submit(queue="later", target={"type": "worker"}, priority=10)["taskId"]
        first, best = (
            self.tenant.submit(queue="first", target={"type": "worker"}, priority=p)["taskId"] for p in (1, 9))
        body = {"queues": ["first", "later"], "max": 10}
        tasks = self.tenant.post("/api/v1/leases", body).json["tasks"]
        self.assertEqual([t["taskId"] for t in tasks], [best, first, later])

    def test_a_lease_of_several_queues_takes_no_more_than_was_asked_for(self):
        for queue in ("one", "two", "three"):
            for _ in range(3):
                self.tenant.submit(queue=queue, target={"type": "worker"})
        body = {"queues": ["one", "two", "three"], "max": 4}
        queues = [t["queue"] for t in self.tenant.post("/api/v1/leases", body).json["tasks"]]
        self.assertEqual(queues, ["one", "one", "one", "two"])
        queues = [t["queue"] for t in self.tenant.post("/api/v1/leases", body).json["tasks"]]
        self.assertEqual(queues, ["two", "two", "three", "three"])
        queues = [t["queue"] for t in self.tenant.post("/api/v1/leases", body).json["tasks"]]
        self.assertEqual(queues, ["three"])

    def test_answers_in_bulk(self):
        ids = [self.worker_task()["taskId"] for _ in range(3)]
        leased = self.tenant.lease("work", max=10)
        self.assertEqual({t["taskId"] for t in leased}, set(ids))
        answers = [{"taskId": t["taskId"], "leaseToken": t["leaseToken"], "result": i} for i, t in enumerate(leased)]
        answers[1]["leaseToken"] = "1.0000000000000001"
        results = self.tenant.post("/api/v1/leases/complete", answers).json["results"]
        self.assertEqual([r["status"] for r in results], [200, 409, 200])


if __name__ == "__main__":
    unittest.main()
