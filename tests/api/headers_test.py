"""What stands in the heads of answers: Allow, Vary, and what a page of another origin may read."""
import unittest

from belfry import Client, Scheduler, raw_exchange

PAGE = "http://page.example"


class Headers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scheduler = Scheduler("--cors-origin", PAGE).start()
        cls.tenant = cls.scheduler.tenant()

    @classmethod
    def tearDownClass(cls):
        cls.scheduler.remove()

    def test_the_paths_of_several_tasks_are_no_ids(self):
        for verb in ("bulk", "cancel", "retry"):
            for method in ("GET", "PATCH", "DELETE"):
                with self.subTest(path=verb, method=method):
                    answer = self.tenant.call(method, "/api/v1/tasks/" + verb)
                    self.assertEqual((answer.status, answer.headers["Allow"]), (405, "POST"))

    def test_options_of_the_whole_server(self):
        answer = raw_exchange(self.scheduler.port, b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n"
                              b"Connection: close\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 204 "), answer)
        self.assertIn(b"\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE\r\n", answer)

    def test_a_page_may_read_why_it_was_refused(self):
        stranger = Client(self.scheduler)
        self.addCleanup(stranger.close)
        for path, host, status in (("/api/v1/tasks", "localhost", 401), ("/nowhere", "localhost", 404),
                                   ("/api/v1/tasks", "other.example", 403)):
            with self.subTest(status=status):
                answer = stranger.get(path, headers={"Origin": PAGE, "Host": host})
                self.assertEqual(answer.status, status)
                self.assertEqual(answer.headers["Access-Control-Allow-Origin"], PAGE)

    def test_every_answer_varies_with_the_origin(self):
        for headers in ({}, {"Origin": PAGE}, {"Origin": "http://evil.example"}):
            with self.subTest(headers=headers):
                answer = self.tenant.get("/api/v1/tasks", headers=headers)
                self.assertEqual((answer.status, answer.headers["Vary"]), (200, "Origin"))
        self.assertIsNone(answer.headers["Access-Control-Allow-Origin"])

    def test_a_token_may_stand_behind_several_spaces(self):
        headers = {"Authorization": "Bearer   " + self.tenant.token}
        self.assertEqual(self.tenant.get("/api/v1/tasks", headers=headers).status, 200)


if __name__ == "__main__":
    unittest.main()
