"""What workers report counts, whatever a part of it looks like."""
import json
import unittest

from belfry import Scheduler

HALF = "\\ud83d"  # half of an emoji, as an escape
DEEP = "[" * 40 + "]" * 40


class Reports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scheduler = Scheduler().start()

    @classmethod
    def tearDownClass(cls):
        cls.scheduler.remove()

    def setUp(self):
        self.worker = self.scheduler.tenant(self.id())

    def leased(self, count=1):
        for _ in range(count):
            self.worker.submit(target={"type": "worker"})
        tasks = self.worker.lease(max=count, leaseMs=60_000)
        self.assertEqual(len(tasks), count)
        return tasks

    def send(self, call, members):
        """One call for a fresh lease; `members` is JSON text, perhaps not UTF-8."""
        task = self.leased()[0]
        if isinstance(members, str):
            members = members.encode()
        body = b'{"leaseToken":"' + task["leaseToken"].encode() + b'",' + members + b"}"
        answer = self.worker.post(f"/api/v1/tasks/{task['taskId']}/{call}", raw=body)
        return answer, self.worker.task(task["taskId"]), task

    def codes(self, answer):
        self.assertEqual(answer.status, 200, answer.raw[:300])
        for warning in answer.json.get("warnings", []):
            self.assertEqual(set(warning), {"code", "detail"})
            self.assertTrue(warning["detail"])
        return [w["code"] for w in answer.json.get("warnings", [])]

    def test_a_failure_counts_whatever_its_message(self):
        cases = [(f'"a{HALF}b"', "a\ufffdb", ["characters_replaced"]),
                 ('"a\\u0000b"', "a\ufffdb", ["characters_replaced"]),
                 (b'"a\xffb"', "a\ufffdb", ["characters_replaced"]),
                 ('"' + "x" * 4097 + '"', "x" * 4096, ["cut"]),
                 ('"' + "\u00e9" * 4096 + '"', "\u00e9" * 2048, ["cut"]),
                 ('"' + "x" * 2_000_000 + '"', "x" * 4096, ["cut"]),
                 ('{"code":7}', '{"code":7}', ["taken_as_text"]),
                 (DEEP, DEEP, ["taken_as_text"]),
                 ('"plain"', "plain", [])]
        for message, kept, warnings in cases:
            with self.subTest(message=message[:40]):
                message = message if isinstance(message, bytes) else message.encode()
                answer, task, _ = self.send("fail", b'"retryable":false,"errorMessage":' + message)
                self.assertEqual(self.codes(answer), warnings)
                self.assertEqual((task["status"], task["errorMessage"]), ("FAILED", kept))

    def test_a_completion_counts_whatever_its_result(self):
        large = '{"a":"' + "x" * 70_000 + '"}'
        repeats = '{"a":1,"a":2}'
        cases = [(f'{{"t":"a{HALF}b"}}', {"t": "a\ufffdb"}, ["characters_replaced"]),
                 ('"a\\u0000b"', "a\0b", []),
                 (b'["a\xffb"]', ["a\ufffdb"], ["characters_replaced"]),
                 ('"' + "x" * 70_000 + '"', "x" * (65_536 - 2), ["cut"]),
                 ('"' + "x" * 2_000_000 + '"', "x" * (65_536 - 2), ["cut"]),
                 (DEEP, DEEP, ["taken_as_text"]), (repeats, repeats, ["taken_as_text"]),
                 ('{"n":1}', {"n": 1}, [])]
        for result, kept, warnings in cases:
            with self.subTest(result=result[:40]):
                result = result if isinstance(result, bytes) else result.encode()
                answer, task, _ = self.send("complete", b'"result":' + result)
                self.assertEqual(self.codes(answer), warnings)
                self.assertEqual((task["status"], task["result"]), ("COMPLETED", kept))
        answer, task, _ = self.send("complete", '"result":' + large)
        self.assertEqual((self.codes(answer), task["status"]), (["cut"], "COMPLETED"))
        self.assertTrue(large.startswith(task["result"]))
        self.assertGreater(len(task["result"]), 60_000)

    def test_a_heartbeat_renews_whatever_its_decoration(self):
        many = json.dumps(["x"] * 150)
        cases = [('"progress":{"percent":33.3}', ["number_adjusted"], 33),
                 ('"progress":{"percent":40.0}', [], 40),
                 ('"progress":{"percent":140}', ["number_adjusted"], 100),
                 ('"progress":{"percent":-1e999}', ["number_adjusted"], 0),
                 ('"progress":{"percent":"40%"}', ["ignored"], None),
                 ('"progress":{"percent":40,"step":3}', ["ignored"], 40),
                 ('"progress":50', ["ignored"], None),
                 ('"progress":{"text":"' + "x" * 300 + '"}', ["cut"], None),
                 ('"progress":{"a":1,"a":2}', ["taken_as_text", "ignored"], None),
                 ('"logs":["' + "x" * 5000 + '"]', ["cut"], None),
                 ('"logs":' + many, ["cut"], None),
                 (f'"logs":["{HALF}"]', ["characters_replaced"], None),
                 ('"logs":["a\\u0000b"]', ["characters_replaced"], None),
                 ('"logs":[1,{"a":2},"b"]', ["taken_as_text"], None),
                 ('"logs":"one line"', [], None)]
        for members, warnings, percent in cases:
            with self.subTest(members=members[:40]):
                answer, task, leased = self.send("heartbeat", members + ',"extendMs":3600000')
                self.assertEqual(self.codes(answer), warnings)
                self.assertGreater(answer.json["leaseExpiresAt"], leased["leaseExpiresAt"])
                self.assertEqual((task["progress"] or {}).get("percent"), percent)

    def test_what_names_the_attempt_is_still_refused(self):
        for call, members, problem in (("complete", '"result":1,"nonsense":1', "validation_failed"),
                                       ("fail", '"retryable":"no"', "validation_failed"),
                                       ("fail", '"retryable":true,"retryable":false', "duplicate_key"),
                                       ("complete", '"result":[1,]', "invalid_json"),
                                       ("heartbeat", '"extendMs":5', "validation_failed")):
            answer, task, _ = self.send(call, members)
            self.assertEqual((answer.problem, task["status"]), (problem, "RUNNING"), answer.raw)

    def test_one_bad_answer_of_many_is_mended_or_refused_alone(self):
        tasks = self.leased(5)
        names = [f'"taskId":"{t["taskId"]}","leaseToken":"{t["leaseToken"]}"' for t in tasks]
        items = [f'{{{names[0]},"result":1}}', f'{{{names[1]},"errorMessage":"a{HALF}","retryable":false}}',
                 f'{{{names[2]},"result":{DEEP}}}', f'{{{names[3]},"result":1,"result":2}}',
                 f'{{{names[4]},"result":"{"x" * 70_000}"}}']
        answer = self.worker.post("/api/v1/leases/complete", raw=("[" + ",".join(items) + "]").encode())
        self.assertEqual(answer.status, 200, answer.raw[:300])
        results = answer.json["results"]
        self.assertEqual([r["status"] for r in results], [200, 200, 200, 400, 200])
        self.assertEqual([[w["code"] for w in r.get("warnings", [])] for r in results],
                         [[], ["characters_replaced"], ["taken_as_text"], [], ["cut"]])
        self.assertEqual(results[3]["problem"]["type"], "urn:belfry:problem:duplicate_key")
        self.assertEqual([self.worker.task(t["taskId"])["status"] for t in tasks],
                         ["COMPLETED", "FAILED", "COMPLETED", "RUNNING", "COMPLETED"])

    def test_one_bad_submission_of_many_is_refused_alone(self):
        good = b'{"taskName":"t","delayMs":60000}'
        for bad, problem in ((b'{"taskName":"t","payload":"\\ud83d"}', "invalid_json"),
                             (b'{"taskName":"t","payload":"\xff"}', "invalid_encoding"),
                             (b'{"taskName":"t","payload":' + DEEP.encode() + b"}", "json_too_deep"),
                             (b'{"taskName":"t","payload":{"a":1,"a":2}}', "duplicate_key"),
                             (b'{"taskName":"\\u0000"}', "validation_failed")):
            answer = self.worker.post("/api/v1/tasks/bulk", raw=b"[" + b",".join([good, bad, good]) + b"]")
            self.assertEqual(answer.status, 200, answer.raw[:300])
            results = answer.json["results"]
            self.assertEqual([r["status"] for r in results][::2], [201, 201])
            self.assertEqual(results[1]["problem"]["type"], "urn:belfry:problem:" + problem)
        for broken in (b"[1,]", b'{"taskName":"\\ud83d"}', b"[\xff]", b"[" * 1001 + b"]" * 1001):
            self.assertEqual(self.worker.post("/api/v1/tasks/bulk", raw=broken).status, 400, broken)


if __name__ == "__main__":
    unittest.main()
