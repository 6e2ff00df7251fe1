"""Cancel and retry of several tasks, by ids and by filter, tried out first."""
import unittest

from belfry import Receiver, Scheduler

NOBODY = "01a20b7f-2ed3-7000-970b-4be80176c09e"


class Steering(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scheduler = Scheduler().start()
        cls.receiver = Receiver()

    @classmethod
    def tearDownClass(cls):
        cls.scheduler.remove()
        cls.receiver.close()

    def setUp(self):
        self.tenant = self.scheduler.tenant()

    def waiting(self, count, **more):
        return [self.tenant.submit(taskName="w", target={"type": "worker"}, **more)["taskId"]
                for _ in range(count)]

    def steer(self, verb, status=200, **body):
        answer = self.tenant.post(f"/api/v1/tasks/{verb}", body)
        self.assertEqual(answer.status, status, answer.raw)
        return answer.json

    def statuses(self, ids):
        return [self.tenant.task(one)["status"] for one in ids]

    def test_ids_have_a_result_each_and_one_fault_spares_the_rest(self):
        ids = self.waiting(3)
        self.tenant.call("DELETE", "/api/v1/tasks/" + ids[1])
        foreign = self.scheduler.tenant("other").submit(taskName="f", target={"type": "worker"})
        told = self.steer("cancel", taskIds=[*ids, NOBODY, foreign["taskId"], "no-id"])
        self.assertEqual([one["status"] for one in told["results"]], [200, 409, 200, 404, 404, 404])
        self.assertEqual(told["results"][-1]["taskId"], "no-id")
        self.assertEqual((told["matched"], told["done"], told["skipped"]), (6, 2, 4))
        self.assertEqual(self.statuses(ids), ["CANCELLED"] * 3)

    def test_a_dry_run_counts_and_does_nothing(self):
        ids = self.waiting(7)
        tried = self.steer("cancel", filter={"type": ["w"], "status": ["PENDING"]}, dryRun=True)
        self.assertEqual((tried["dryRun"], tried["matched"], tried["exact"], tried["done"]),
                         (True, 7, True, 7))
        self.assertEqual([one["taskId"] for one in tried["samples"]], ids[::-1][:5])
        self.assertNotIn("payload", tried["samples"][0])
        self.assertEqual(tried["results"], [])
        self.assertEqual(self.statuses(ids), ["PENDING"] * 7)

    def test_a_filter_takes_the_newest_up_to_its_limit(self):
        ids = self.waiting(5)
        told = self.steer("cancel", filter={"type": ["w"]}, limit=2)
        self.assertEqual((told["done"], told["exact"]), (2, False))
        self.assertEqual(self.statuses(ids), ["PENDING"] * 3 + ["CANCELLED"] * 2)

    def test_a_name_with_a_comma_is_one_name(self):
        odd = self.tenant.submit(taskName="a,b", target={"type": "worker"})["taskId"]
        others = [self.tenant.submit(taskName=name, target={"type": "worker"})["taskId"]
                  for name in ("a", "b")]
        self.assertEqual(self.steer("cancel", filter={"type": ["a,b"]})["done"], 1)
        self.assertEqual(self.statuses([odd, *others]), ["CANCELLED", "PENDING", "PENDING"])

    def test_retried_tasks_run_again_and_cancelled_ones_are_told_about(self):
        ids = [self.tenant.submit(taskName="r", target={"type": "echo", "failTimes": 9},
                                  maxRetries=1)["taskId"] for _ in range(3)]
        for one in ids:
            self.tenant.wait(one, "FAILED")
        running = self.waiting(1)
        told = self.steer("retry", taskIds=[*ids, *running])
        self.assertEqual([one["status"] for one in told["results"]], [200, 200, 200, 409])
        for one in ids:
            self.assertEqual(self.tenant.wait(one, "FAILED")["run"], 2)
        called = self.tenant.submit(taskName="c", target={"type": "worker"},
                                    callbackUrl=self.receiver.url("/done"))["taskId"]
        self.steer("cancel", filter={"text": called})
        event = self.receiver.wait_for("/done")[0].json
        self.assertEqual((event["type"], event["taskId"]), ("task.cancelled", called))

    def test_faults_are_all_told_and_nothing_is_done(self):
        ids = self.waiting(1)
        for body, pointers in (
                ({}, {"/taskIds"}),
                ({"taskIds": ids, "filter": {"type": ["w"]}}, {"/taskIds"}),
                ({"filter": {}}, {"/filter"}),
                ({"filter": {"status": ["GONE"], "queue": "q"}}, {"/filter/status", "/filter/queue"}),
                ({"taskIds": []}, {"/taskIds"}),
                ({"taskIds": [1]}, {"/taskIds"}),
                ({"taskIds": ["x"] * 1001}, {"/taskIds"}),
                ({"taskIds": ids, "limit": 5}, {"/limit"}),
                ({"filter": {"type": ["w"]}, "limit": 0, "what": 1}, {"/limit", "/what"})):
            told = self.steer("cancel", 422, **body)
            self.assertEqual({fault["pointer"] for fault in told["errors"]}, pointers, body)
        self.assertEqual(self.statuses(ids), ["PENDING"])


if __name__ == "__main__":
    unittest.main()
