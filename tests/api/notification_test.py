"""The notification example as a user meets it: outbox, mail server, kills, refusals."""
import concurrent.futures
import email
import email.policy
import json
import os
import shutil
import subprocess
import tempfile
import threading
import unittest

from belfry import PATIENCE, Scheduler, operator
from examples import Example, MailServer, run_to_its_end, signed, until


def certificate(folder):
    """A key and a certificate of its own for localhost, in one file."""
    file = os.path.join(folder, "mail.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", file,
                    "-out", file + ".crt"], check=True, capture_output=True)
    with open(file, "a") as both, open(file + ".crt") as public:
        both.write(public.read())
    return file


def batch_to(*recipients):
    return {"subject": "Hello {{name}}", "body": "Dear {{name}}\n",
            "recipients": [{"email": r, "name": "Ada"} for r in recipients]}


def sending(mail):
    """The flags that send over SMTP in the name of a sender that a server could accept."""
    return "--smtp-url", mail.url(), "--smtp-from", "service@sender.test"


class Beside(unittest.TestCase):
    """A scheduler, and what is asked of a notification service beside it."""

    def setUp(self):
        self.scheduler = Scheduler(keep_port=True).start()
        self.addCleanup(self.scheduler.remove)

    def example(self, *flags):
        notification = Example("notification", self.scheduler.port, *flags)
        self.addCleanup(notification.remove)
        return notification.start_ready()

    def begin(self, notification, batch=None):
        status, answer = notification.post("/api/notifications/send-batch", batch)
        self.assertEqual(status, 202, answer)
        return answer["batchId"]

    def counts(self, notification, batch_id):
        return notification.get("/api/notifications/batches/" + batch_id)[1]

    def end_of(self, notification, batch_id):
        def ended():
            counts = self.counts(notification, batch_id)
            return counts if counts["status"] != "RUNNING" else None
        return until("the batch's end", ended)


class Notification(Beside):
    def test_the_sample_batch_survives_a_kill_of_either_side(self):
        notification = self.example("--retry-seconds", "1")
        batch_id = self.begin(notification)
        outbox = notification.path("outbox")

        def sent():
            names = os.listdir(outbox) if os.path.isdir(outbox) else []
            return [name for name in names if name.endswith(".eml")]

        until("the first mails", lambda: len(sent()) >= 10)
        notification.kill()
        at_first_kill = len(sent())
        notification.start_ready()
        until("more mails", lambda: len(sent()) > at_first_kill)
        self.scheduler.kill()
        at_second_kill = len(sent())
        self.scheduler.start()
        counts = self.end_of(notification, batch_id)
        self.assertLess(at_first_kill, 240)
        self.assertLess(at_second_kill, 240)
        self.assertEqual((counts["delivered"], counts["failed"], counts["pending"]), (240, 0, 0))
        self.assertEqual((counts["status"], counts["errorMessage"]), ("FINISHED", None))
        self.assertEqual(len(sent()), 240)
        metrics = notification.account(self.scheduler).get("/api/v1/metrics").json
        self.assertEqual((metrics["total"], metrics["completed"]), (240, 240))

    def test_a_crash_between_submission_and_note_sends_nothing_twice(self):
        notification = self.example()
        batch_id = self.begin(notification, batch_to("a@x.example", "b@x.example"))
        self.end_of(notification, batch_id)
        notification.kill()
        folder = notification.path("batches", batch_id)
        os.remove(os.path.join(folder, "submitted.json"))
        shutil.rmtree(os.path.join(folder, "delivered"))
        notification.start_ready()
        self.assertEqual(self.end_of(notification, batch_id)["delivered"], 2)
        metrics = notification.account(self.scheduler).get("/api/v1/metrics").json
        self.assertEqual(metrics["total"], 2)
        self.assertEqual(len(os.listdir(notification.path("outbox"))), 2)

    def test_a_refused_batch_has_failed_and_says_why(self):
        notification = self.example("--public-url", "http://10.1.2.3:80")
        counts = self.counts(notification, self.begin(notification))
        self.assertEqual((counts["status"], counts["failed"], counts["pending"]), ("FAILED", 240, 0))
        self.assertIn("the scheduler refused: ", counts["errorMessage"])

    def test_who_does_not_fit_the_quota_waits_for_room(self):
        notification = self.example()
        account = notification.account(self.scheduler)
        tenant_id = notification.credentials()["tenantId"]
        operator(self.scheduler).call("PATCH", f"/api/v1/admin/tenants/{tenant_id}/limits", {"unfinishedMax": 2})
        account.call("POST", "/api/v1/queues/notifications/pause")
        batch_id = self.begin(notification, batch_to(*(f"{name}@x.example" for name in "abcde")))
        waiting = self.counts(notification, batch_id)
        self.assertEqual((waiting["pending"], waiting["failed"]), (5, 0))
        self.assertIn("waits: ", waiting["errorMessage"])
        account.call("POST", "/api/v1/queues/notifications/resume")
        counts = self.end_of(notification, batch_id)
        self.assertEqual((counts["status"], counts["delivered"], counts["errorMessage"]), ("FINISHED", 5, None))
        self.assertEqual(len(os.listdir(notification.path("outbox"))), 5)

    def test_fields_and_subjects_arrive_as_they_were_written(self):
        notification = self.example()
        batch = (b'{"subject":"=?utf-8?q?=C3=BC?= {{name}}","body":"{{none}}|{{price}}|",'
                 b'"recipients":[{"email":"a@x.example","name":"Ada","none":null,"price":1.10}]}')
        self.end_of(notification, self.begin(notification, batch))
        name, = os.listdir(notification.path("outbox"))
        with open(notification.path("outbox", name), "rb") as file:
            mail = email.message_from_binary_file(file, policy=email.policy.default)
        self.assertEqual(mail["Subject"], "=?utf-8?q?=C3=BC?= Ada")
        self.assertEqual(mail.get_content().rstrip("\n"), "|1.10|")

    def test_bad_batches_are_refused(self):
        notification = self.example()
        for batch, status in ((b"{", 400), ({}, 422), (batch_to(), 422),
                              (batch_to("a@b.c\r\nBcc: x@y.z"), 422), (batch_to("a b@c"), 422),
                              (batch_to("a..b@x.example"), 422)):
            self.assertEqual(notification.post("/api/notifications/send-batch", batch)[0], status)
        self.assertEqual(notification.get("/api/notifications/batches/../..")[0], 404)
        forged = b'{"type":"task.completed","taskId":"0-1","status":"COMPLETED"}'
        self.assertEqual(notification.post("/api/notifications/callback", forged,
                                           signed(forged, "whsec_" + "A" * 44))[0], 401)

    def test_bad_flags_are_told(self):
        status, said = run_to_its_end("notification", "--smtp-tls", "maybe",
                                      env={"SMTP_URL": "http://mail"})
        self.assertEqual(status, 2)
        self.assertIn("--smtp-tls must be off, offered or required", said)
        self.assertIn("--smtp-url must begin with smtp:// or smtps://", said)

    def test_a_sender_that_no_server_accepts_is_refused_at_start(self):
        for sender in ("", "nobody", "noreply@example.com", "a@mail.example.org", "a@shop.invalid"):
            status, said = run_to_its_end("notification", "--smtp-url", "smtp://127.0.0.1:25",
                                          "--smtp-from", sender)
            self.assertEqual(status, 2, sender)
            self.assertIn("--smtp-from must be an address", said)
        status, said = run_to_its_end("notification", "--smtp-url", "smtp://127.0.0.1:25")
        self.assertEqual(status, 2)
        self.assertIn("--smtp-from must be an address", said)
        for wait in ("0", "3601", "1.5", "soon"):
            status, said = run_to_its_end("notification", "--retry-seconds", wait)
            self.assertEqual(status, 2, wait)
            self.assertIn("--retry-seconds must be 1 to 3600", said)


class Mail(Beside):
    def setUp(self):
        super().setUp()
        self.folder = tempfile.TemporaryDirectory(prefix="belfry-mail-")
        self.addCleanup(self.folder.cleanup)

    def server(self, *args):
        server = MailServer(*args)
        self.addCleanup(server.close)
        return server

    def secure(self):
        file = certificate(self.folder.name)
        return self.server(file), file + ".crt"

    def test_refused_for_good_is_tried_once_and_put_off_is_tried_again(self):
        mail, ca = self.secure()
        mail.answers = {"gone@x.example": ["550 5.1.1 no such mailbox"],
                        "late@x.example": ["451 4.7.1 greylisted", "250 ok"]}
        notification = self.example(*sending(mail), "--smtp-tls", "required",
                                    "--smtp-ca", ca, "--retry-seconds", "1")
        counts = self.end_of(notification, self.begin(notification, batch_to(
            "ok@x.example", "gone@x.example", "late@x.example")))
        self.assertEqual((counts["status"], counts["delivered"], counts["failed"]),
                         ("FINISHED", 2, 1))
        self.assertEqual(sorted(mail.asked), ["gone@x.example"] + ["late@x.example"] * 2 +
                         ["ok@x.example"])
        self.assertEqual(sorted(m[0] for m in mail.mails), ["late@x.example", "ok@x.example"])
        self.assertTrue(all(over_tls for _, over_tls, _ in mail.mails))

    def test_a_refused_sender_fails_no_recipient(self):
        mail = self.server()
        mail.answers = {"MAIL": ["553-5.1.8 We do not\r\n553 5.1.8 know this sender", "250 ok"]}
        notification = self.example(*sending(mail), "--retry-seconds", "1")
        batch_id = self.begin(notification, batch_to("a@x.example"))
        task = until("a failed attempt", lambda: self.first_retried(notification))
        self.assertIn(r"553-5.1.8 We do not\n553 5.1.8 know this sender", task["errorMessage"])
        self.assertEqual(self.end_of(notification, batch_id)["delivered"], 1)
        self.assertIn("From: <service@sender.test>\r\n", mail.mails[0][2])

    def test_a_message_is_retried_for_days(self):
        mail = self.server()
        mail.answers = {"a@x.example": ["451 4.7.1 greylisted"]}
        notification = self.example(*sending(mail))
        self.begin(notification, batch_to("a@x.example"))
        task = until("a failed attempt", lambda: self.first_retried(notification))
        self.assertEqual(task["maxRetries"], 100)
        one = notification.account(self.scheduler).get("/api/v1/tasks/" + task["taskId"]).json
        self.assertEqual({name: one["retry"][name] for name in ("initialMs", "maxMs", "backoff")},
                         {"initialMs": 60_000, "maxMs": 3_600_000, "backoff": "exponential"})

    def test_recipients_who_are_put_off_stop_no_other(self):
        mail = self.server()
        late = [f"late{i}@x.example" for i in range(20)]
        good = [f"good{i}@x.example" for i in range(60)]
        mail.answers = {one: ["451 4.7.1 greylisted"] for one in late}
        notification = self.example(*sending(mail))
        batch_id = self.begin(notification, batch_to(*late, *good))
        until("the mails to all others", lambda: len(mail.mails) == len(good))
        self.assertEqual({m[0] for m in mail.mails}, set(good))
        until("their end", lambda: self.counts(notification, batch_id)["delivered"] == len(good))
        self.assertEqual(self.counts(notification, batch_id)["failed"], 0)

    def test_a_template_that_grows_too_large_fails_for_good(self):
        notification = self.example()
        batch = batch_to("a@x.example")
        batch["body"] = "{{name}}" * 4_000
        batch["recipients"][0]["name"] = "x" * 100_000
        counts = self.end_of(notification, self.begin(notification, batch))
        self.assertEqual((counts["failed"], counts["delivered"]), (1, 0))
        task = notification.account(self.scheduler).get("/api/v1/tasks").json[0]
        self.assertEqual(task["retryCount"], 1)
        self.assertIn("the rendered text exceeds 1 MiB", task["errorMessage"])

    def test_starttls_is_used_when_it_is_offered(self):
        mail, ca = self.secure()
        notification = self.example(*sending(mail), "--smtp-ca", ca)
        self.end_of(notification, self.begin(notification, batch_to("a@x.example")))
        self.assertEqual([over_tls for _, over_tls, _ in mail.mails], [True])

    def test_without_an_offer_mail_goes_in_the_clear_only_if_that_is_allowed(self):
        mail = self.server()
        lax = self.example(*sending(mail))
        self.end_of(lax, self.begin(lax, batch_to("a@x.example")))
        self.assertEqual([over_tls for _, over_tls, _ in mail.mails], [False])
        strict = self.example(*sending(mail), "--smtp-tls", "required")
        self.begin(strict, batch_to("b@x.example"))
        until("a failed attempt", lambda: self.first_retried(strict))
        self.assertEqual(mail.asked, ["a@x.example"])

    def test_a_certificate_nobody_vouches_for_is_not_trusted(self):
        mail, _ = self.secure()
        notification = self.example(*sending(mail))
        self.begin(notification, batch_to("a@x.example"))
        until("a failed attempt", lambda: self.first_retried(notification))
        self.assertEqual(mail.asked, [])

    def test_no_header_can_be_added_by_a_field(self):
        mail = self.server()
        notification = self.example(*sending(mail))
        batch = batch_to("a@x.example")
        batch["recipients"][0]["name"] = "Ada\r\nBcc: eve@x.example\r\n\r\n.\r\nQUIT"
        self.end_of(notification, self.begin(notification, batch))
        head = mail.mails[0][2].partition("\r\n\r\n")[0]
        self.assertNotIn("Bcc", head)
        self.assertEqual(mail.asked, ["a@x.example"])

    def first_retried(self, notification):
        """The service's one task once an attempt has failed, asked with its own key."""
        tasks = notification.account(self.scheduler).get("/api/v1/tasks").json
        return tasks[0] if tasks and tasks[0]["retryCount"] > 0 else None


class SlowMailServer(MailServer):
    """Accepts no recipient before `go` is set."""

    def __init__(self):
        self.go = threading.Event()
        super().__init__()

    def reply_to(self, recipient):
        reply = super().reply_to(recipient)
        self.go.wait(PATIENCE)
        return reply


class Repeats(Beside):
    """Pushes come at least once, and a person may retry what has failed: each mail is sent and each
    task counted once."""

    def sender(self, mail):
        self.addCleanup(mail.close)
        return self.example(*sending(mail), "--smtp-tls", "off", "--retry-seconds", "1")

    def push(self, notification, task_id, attempt):
        body = json.dumps({"subject": "Hello", "body": "once\n",
                           "recipient": {"email": "ada@x.example"}}).encode()
        headers = signed(body, notification.credentials()["webhookSecret"], task_id)
        return notification.post("/api/notifications/deliver", body, {
            **headers, "Belfry-Task-Id": task_id, "Belfry-Attempt": str(attempt)})[0]

    def test_a_repeated_push_sends_once(self):
        mail = MailServer()
        notification = self.sender(mail)
        self.assertEqual([self.push(notification, "0-1", n) for n in (1, 2)], [200, 200])
        self.assertEqual([recipient for recipient, _, _ in mail.mails], ["ada@x.example"])
        self.assertEqual(self.push(notification, "0-2", 1), 200)
        self.assertEqual(len(mail.mails), 2, "another task is another mail")

    def test_a_captured_push_is_not_taken_for_another_task(self):
        mail = MailServer()
        notification = self.sender(mail)
        body = json.dumps({"subject": "Hello", "body": "once\n",
                           "recipient": {"email": "ada@x.example"}}).encode()
        captured = {**signed(body, notification.credentials()["webhookSecret"], "0-1"),
                    "Belfry-Attempt": "1"}
        for task_id, status in (("0-1", 200), ("0-2", 401)):
            self.assertEqual(notification.post("/api/notifications/deliver", body,
                                               {**captured, "Belfry-Task-Id": task_id})[0], status, task_id)
        self.assertEqual(len(mail.mails), 1)

    def test_a_push_beside_its_repeat_sends_once(self):
        mail = SlowMailServer()
        notification = self.sender(mail)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            first = pool.submit(self.push, notification, "0-1", 1)
            until("the first to be sent", lambda: mail.asked)
            second = pool.submit(self.push, notification, "0-1", 2)
            # A second mail would wait for the server, too.
            until("an end of the second", lambda: second.done() or len(mail.asked) > 1)
            mail.go.set()
            self.assertEqual(first.result(), 200)
            self.assertGreaterEqual(second.result(), 500)
        self.assertEqual(len(mail.mails), 1)

    def test_a_task_that_is_retried_by_hand_counts_once(self):
        mail = MailServer()
        mail.answers = {"ada@x.example": ["550 5.1.1 no such mailbox", "250 ok"]}
        notification = self.sender(mail)
        batch_id = self.begin(notification, batch_to("ada@x.example"))
        counts = self.end_of(notification, batch_id)
        self.assertEqual((counts["delivered"], counts["failed"]), (0, 1))
        account = notification.account(self.scheduler)
        task = account.get("/api/v1/tasks?view=summary").json[0]["taskId"]
        self.assertEqual(account.post(f"/api/v1/tasks/{task}/retry").status, 200)

        def delivered():
            counts = self.counts(notification, batch_id)
            return counts if counts["delivered"] else None
        counts = until("the mail of the second run", delivered)
        self.assertEqual((counts["delivered"], counts["failed"]), (1, 0))


if __name__ == "__main__":
    unittest.main()
