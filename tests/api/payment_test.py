"""The payment example as a user meets it: the real binary beside the real scheduler."""
import json
import os
import pathlib
import stat
import threading
import unittest

from belfry import Scheduler, operator
from examples import Example, run_to_its_end, signed, until

SAMPLES = pathlib.Path(__file__).parents[2] / "examples" / "payment" / "samples"
EXPECTED = json.loads((SAMPLES / "expected.json").read_text())
KINDS = ("matched", "missingInSettlement", "missingInLedger", "amountMismatch",
         "currencyMismatch", "duplicate")
HEADER = "reference,date,amount,currency\n"


class Payment(unittest.TestCase):
    def setUp(self):
        self.scheduler = Scheduler(keep_port=True).start()
        self.addCleanup(self.scheduler.remove)
        self.payment = self.example()

    def example(self, *flags):
        payment = Example("payment", self.scheduler.port, *flags)
        self.addCleanup(payment.remove)
        return payment

    def begin(self, payment=None, body=None):
        status, run = (payment or self.payment).post("/api/payments/reconcile", body)
        self.assertEqual(status, 202, run)
        return run["runId"]

    def run_of(self, run_id, payment=None):
        return (payment or self.payment).get("/api/payments/runs/" + run_id)[1]

    def end_of(self, run_id, payment=None):
        def ended():
            run = self.run_of(run_id, payment)
            return run if run["status"] in ("COMPLETED", "FAILED") else None
        return until("the run's end", ended)

    def check_report(self, run_id):
        run = self.end_of(run_id)
        self.assertEqual((run["status"], run["errorMessage"]), ("COMPLETED", None))
        report = self.payment.get(f"/api/payments/runs/{run_id}/report")[1]
        for key in ("ledgerRows", "settlementRows", *KINDS):
            self.assertEqual(report["summary"][key], EXPECTED[key], key)
        got = [{"finding": f["finding"], "reference": f["reference"],
                "differences": [{k: d[k] for k in ("currency", "ledgerMinor", "settlementMinor",
                                                   "differenceMinor")} for d in f["differences"]]}
               for f in report["findings"]]
        self.assertEqual(got, EXPECTED["findings"])

    # --- the account ---

    def test_it_registers_once_and_keeps_its_credentials_to_itself(self):
        self.payment.start_ready()
        before = self.payment.credentials()
        mode = stat.S_IMODE(os.stat(self.payment.path("credentials.json")).st_mode)
        self.assertEqual(mode, 0o600)
        self.assertEqual(self.payment.stop(), 0)
        self.payment.start_ready()
        self.assertEqual(self.payment.credentials(), before)
        tenants = operator(self.scheduler).get("/api/v1/admin/tenants").json
        self.assertEqual(json.dumps(tenants).count("payment-service"), 1)

    def test_it_takes_a_given_account(self):
        tenant = self.scheduler.tenant("given")
        payment = self.example("--api-key", tenant.api_key, "--webhook-secret", tenant.secret)
        payment.start_ready()
        run = self.end_of(self.begin(payment), payment)
        self.assertEqual(tenant.task(run["taskId"])["status"], "COMPLETED")
        self.assertFalse(os.path.exists(payment.path("credentials.json")))

    def test_it_waits_for_a_scheduler_that_is_not_up(self):
        self.scheduler.stop()
        self.payment.start()
        self.assertEqual(self.payment.get("/readyz")[0], 503)
        self.assertEqual(self.payment.post("/api/payments/reconcile")[0], 503)
        self.scheduler.start()
        until("being ready", lambda: self.payment.get("/readyz")[0] == 200)
        self.check_report(self.begin())

    def test_it_ends_with_a_reason_where_nobody_may_register(self):
        closed = Scheduler("--registration", "closed").start()
        self.addCleanup(closed.remove)
        status, said = run_to_its_end("payment", "--listen", "127.0.0.1:0", "--data",
                                      self.payment.folder, "--scheduler",
                                      f"http://127.0.0.1:{closed.port}")
        self.assertEqual(status, 1)
        self.assertIn("belfry-payment: cannot register at http://127.0.0.1:", said)

    def test_other_pages_and_other_names_move_nothing(self):
        self.payment.start_ready()
        for headers, status in (({"Host": "rebound.example"}, 403), ({"Origin": "http://page.example"}, 403),
                                ({"Origin": f"http://127.0.0.1:{self.payment.port}"}, 202)):
            for path in ("/api/payments/reconcile", "/api/payments/runs"):
                post = path.endswith("reconcile")
                answer = self.payment.call("POST" if post else "GET", path, headers=headers)
                # Reading across origins is the browser's to refuse: no answer here lets a page read it.
                expected = status if post or "Host" in headers else 200
                self.assertEqual(answer[0], expected, f"{path} {headers}")
        self.assertEqual(len(self.payment.get("/api/payments/runs")[1]), 1)

    def test_listening_everywhere_wants_to_know_the_public_url(self):
        for listen in ("0.0.0.0:0", "[::]:0"):
            status, said = run_to_its_end("payment", "--listen", listen)
            self.assertEqual(status, 2, said)
            self.assertIn("give --public-url too", said)

    def test_bad_flags_are_all_told_at_once(self):
        status, said = run_to_its_end("payment", "--listen", "8081", "--colour", "red", "--api-key",
                                      "k", "--scheduler", "localhost", "--data")
        self.assertEqual(status, 2)
        for sentence in ('--listen must be ADDRESS:PORT, not "8081"', "unknown option --colour",
                         "--api-key and --webhook-secret are of one account",
                         '--scheduler must be an http:// or https:// URL, not "localhost"',
                         "--data needs a value"):
            self.assertIn("belfry-payment: " + sentence, said)

    def test_a_taken_port_is_said(self):
        self.payment.start()
        status, said = run_to_its_end("payment", "--listen", f"127.0.0.1:{self.payment.port}")
        self.assertEqual(status, 1)
        self.assertIn(str(self.payment.port), said)

    # --- runs ---

    def test_the_samples_are_reconciled_to_the_cent(self):
        self.payment.start_ready()
        run_id = self.begin()
        self.check_report(run_id)
        csv = self.payment.get(f"/api/payments/runs/{run_id}/report.csv")[1]
        lines = sum(len(f["differences"]) for f in EXPECTED["findings"])
        self.assertEqual(csv.count("\r\n"), 1 + lines)  # a CRLF inside quotes is only in matches
        first = EXPECTED["findings"][0]
        self.assertIn(f"{first['finding']},{first['reference']},", csv)
        self.assertIn(run_id, [r["runId"] for r in self.payment.get("/api/payments/runs")[1]])

    def test_uploads_are_reconciled_and_bad_rows_refused_by_line(self):
        self.payment.start_ready()
        ledger = "\ufeff" + HEADER + '"a\nb",2026-11-01,10.00,EUR\nc,2026-11-01,5,JPY\n'
        settlement = HEADER + '"a\nb",2026-11-02,9.99,EUR\n'
        run = self.end_of(self.begin(body={"ledgerCsv": ledger, "settlementCsv": settlement}))
        self.assertEqual(run["summary"]["differences"], {"EUR": "-0.01", "JPY": "-5"})
        status, problem = self.payment.post("/api/payments/reconcile", {
            "ledgerCsv": ledger + "d,2026-11-01,1.0.0,EUR\n", "settlementCsv": settlement})
        self.assertEqual(status, 422)
        self.assertEqual(problem["detail"], "ledgerCsv: line 5: has no amount that EUR "
                         'can have, with "." before the decimals')

    def test_files_of_another_program_are_reconciled_by_what_the_query_says(self):
        self.payment.start_ready()
        german = "Datum;Betrag;Belegnr\n23.11.2026;-1.234,50;A-1\n24.11.2026;0,99;A-2\n"
        settlement = HEADER + "A-1,2026-11-23,-1234.50,EUR\nA-2,2026-11-24,1.00,EUR\n"
        files = {"ledgerCsv": german, "settlementCsv": settlement}
        query = ("?ledger.delimiter=%3B&ledger.decimal=,&ledger.thousands=.&ledger.dateFormat=DD.MM.YYYY"
                 "&ledger.reference=Belegnr&ledger.date=Datum&ledger.amount=Betrag&ledger.defaultCurrency=EUR")
        status, answer = self.payment.post("/api/payments/reconcile" + query, files)
        self.assertEqual(status, 202, answer)
        self.assertEqual(self.end_of(answer["runId"])["summary"]["differences"], {"EUR": "0.01"})
        status, problem = self.payment.post("/api/payments/reconcile", files)
        self.assertEqual(status, 422)
        self.assertIn("name it by the query parameter reference", problem["detail"])
        for wrong in ("?delimiter=%3A", "?decimals=,", "?thousands=.", "?amount="):
            status, problem = self.payment.post("/api/payments/reconcile" + wrong, files)
            self.assertEqual(status, 422, wrong)

    def test_a_refused_run_has_failed_and_says_why(self):
        payment = self.example("--public-url", "http://10.1.2.3:80")  # not opened by the scheduler
        payment.start_ready()
        status, run = payment.post("/api/payments/reconcile")
        self.assertEqual((status, run["status"]), (202, "FAILED"))
        self.assertIn("the scheduler refused: ", run["errorMessage"])
        self.assertEqual(self.run_of(run["runId"], payment)["status"], "FAILED")

    def test_a_run_is_handed_over_once_the_scheduler_is_back(self):
        self.payment.start_ready()
        self.scheduler.stop()
        answers = []
        asking = threading.Thread(target=lambda: answers.append(
            self.payment.post("/api/payments/reconcile")))
        asking.start()
        until("the run on disk", lambda: os.path.isdir(self.payment.path("runs")))
        self.scheduler.start()
        asking.join()
        self.check_report(answers[0][1]["runId"])

    def edit_run(self, run_id, **fields):
        """What a crash at the right moment would have left on disk."""
        file = pathlib.Path(self.payment.path("runs", run_id, "run.json"))
        file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))

    def test_a_crash_between_submission_and_note_makes_no_second_task(self):
        self.payment.start_ready()
        run_id = self.begin()
        self.end_of(run_id)
        self.payment.kill()
        self.edit_run(run_id, status="ACCEPTED", taskId=None, taskStatus=None)
        self.payment.start_ready()
        self.check_report(run_id)
        metrics = self.payment.account(self.scheduler).get("/api/v1/metrics").json
        self.assertEqual(metrics["total"], 1)

    def test_a_missed_webhook_is_made_up_for_at_the_next_start(self):
        self.payment.start_ready()
        run_id = self.begin()
        self.end_of(run_id)
        self.payment.stop()
        self.edit_run(run_id, status="RUNNING", taskStatus=None)
        self.payment.start_ready()
        self.check_report(run_id)

    def test_kills_in_the_middle_lose_and_spoil_nothing(self):
        self.payment.start_ready()
        runs = [self.begin() for _ in range(6)]
        self.payment.kill()
        self.assertIn("open", self.states_on_disk())
        self.payment.start_ready()
        runs += [self.begin() for _ in range(6)]
        self.scheduler.kill()
        self.assertIn("open", self.states_on_disk())
        self.scheduler.start()
        for run_id in runs:
            self.check_report(run_id)
        self.assertEqual(self.states_on_disk(), ["ended"] * len(runs))
        metrics = self.payment.account(self.scheduler).get("/api/v1/metrics").json
        self.assertEqual((metrics["total"], metrics["completed"]), (len(runs), len(runs)))

    def states_on_disk(self):
        files = pathlib.Path(self.payment.path("runs")).glob("*/run.json")
        return ["ended" if json.loads(f.read_text())["status"] in ("COMPLETED", "FAILED") else
                "open" for f in files]

    # --- trust ---

    def test_only_the_scheduler_may_push_and_call_back(self):
        self.payment.start_ready()
        run_id = self.begin()
        self.end_of(run_id)
        secret = self.payment.credentials()["webhookSecret"]
        forged = json.dumps({"type": "task.failed", "taskId": "0-1", "status": "FAILED",
                             "errorMessage": "forged", "tags": [run_id]}).encode()
        other = "whsec_" + "A" * 44
        for path in ("/api/payments/callback", "/api/payments/execute"):
            for headers in ({}, signed(forged, other), signed(forged + b" ", secret),
                            signed(forged, secret, at=1)):
                self.assertEqual(self.payment.post(path, forged, headers)[0], 401, (path, headers))
        self.assertEqual(self.run_of(run_id)["status"], "COMPLETED")
        # The same body with the right signature is taken: it was the signature that kept it out.
        self.assertLess(self.payment.post("/api/payments/callback", forged,
                                          signed(forged, secret))[0], 300)
        self.assertEqual(self.run_of(run_id)["errorMessage"], "forged")


if __name__ == "__main__":
    unittest.main()
