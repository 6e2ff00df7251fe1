"""The C++ client library's own tests, and the README's snippets, against real schedulers."""
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import unittest

from belfry import PATIENCE, Client, Scheduler
from tls_test import make_certificate

LIVE = os.environ["BELFRY_CLIENT_LIVE"]
SNIPPETS = os.environ["BELFRY_SNIPPETS"]


class Live(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="belfry-live-")
        self.addCleanup(shutil.rmtree, self.folder)

    def scheduler(self, *flags, **options):
        scheduler = Scheduler(*flags, **options)
        self.addCleanup(scheduler.remove)
        return scheduler.start()

    def test_cpp_client(self):
        certificate, key = make_certificate(self.folder, "private")
        plain = self.scheduler()
        private = self.scheduler("--tls-cert", certificate, "--tls-key", key,
                                 tls=ssl.create_default_context(cafile=certificate))
        ran = subprocess.run(
            [LIVE], capture_output=True, text=True, timeout=PATIENCE * 4,
            env=os.environ | {"BELFRY_URL": f"http://127.0.0.1:{plain.port}",
                              "BELFRY_TLS_URL": f"https://127.0.0.1:{private.port}",
                              "BELFRY_CA": certificate})
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertRegex(ran.stdout, r"PASSED  \] [1-9]")

    def snippet(self, name, scheduler):
        return [os.path.join(SNIPPETS, "belfry-snippet-" + name),
                f"http://127.0.0.1:{scheduler.port}"]

    def test_snippets(self):
        scheduler = self.scheduler()
        submitted = subprocess.run(self.snippet("submit", scheduler), cwd=self.folder,
                                   capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(submitted.returncode, 0, submitted.stderr)
        self.assertRegex(submitted.stdout, re.compile(r"^[0-9a-f-]{36}\n$"))
        with open(os.path.join(self.folder, "invoices.json")) as file:
            api_key = json.load(file)["apiKey"]
        token = Client(scheduler).call("POST", "/api/v1/auth/token", {"apiKey": api_key}).json
        with subprocess.Popen(self.snippet("worker", scheduler), cwd=self.folder) as worker:
            tenant = Client(scheduler, token["token"])
            task = tenant.call("POST", "/api/v1/tasks", {
                "taskName": "invoice.send", "queue": "invoices", "payload": {"invoice": 7},
                "target": {"type": "worker"}}).json
            self.assertEqual(self.result(tenant, task["taskId"]), {"sent": 7})
            worker.send_signal(signal.SIGTERM)
            self.assertEqual(worker.wait(PATIENCE), 0)

    def result(self, tenant, task_id):
        """The result, from the event that tells of it or, if it came before, from the task."""
        events = tenant.scheduler.connection()
        self.addCleanup(events.close)
        events.request("GET", "/api/v1/events", headers={"Authorization": "Bearer " + tenant.token})
        stream = events.getresponse()
        while True:
            task = tenant.call("GET", f"/api/v1/tasks/{task_id}").json
            if task["status"] == "COMPLETED":
                return task["result"]
            self.assertIn(task["status"], ("PENDING", "RUNNING"))
            self.assertTrue(stream.readline())


if __name__ == "__main__":
    unittest.main()
