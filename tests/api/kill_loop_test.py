"""Kills the server with -9 at random moments under load, restarts it, and lets kill_history judge
from the clients' own records. Servers with planted bugs must be caught by the same checker.

BELFRY_KILL_ROUNDS (default 8; 200 for the full run), BELFRY_SEED."""
import collections
import http.client
import os
import random
import threading
import time
import unittest

import belfry
from belfry import Client, Receiver, Scheduler
from kill_history import History

ROUNDS = int(os.environ.get("BELFRY_KILL_ROUNDS", "8"))
SEED = int(os.environ.get("BELFRY_SEED", str(random.randrange(1 << 31))))
CLIENTS = 64
WATCHED_CLIENTS = 8  # of the tenant whose endpoint hears every event
WORKERS = 4
KINDS = ("echo", "push", "pull", "callback", "cancel")
GHOST_TRIES = 20     # void tokens that are tried after the last kill, at least
VOID_KEPT = 2000     # void tokens kept, to try them again after restarts


class Patient:
    """A client whose requests are repeated until the server lives to answer them."""

    def __init__(self, loop, tenant):
        self.loop = loop
        self.client = Client(loop.scheduler, tenant.token)

    def once(self, method, path, body=None, **more):
        """The answer, or None if the server went away under the request."""
        try:
            return self.client.call(method, path, body, **more)
        except (http.client.HTTPException, OSError):
            time.sleep(0.005)  # it is dead for a moment; nothing to wait for but its return
            return None

    def surely(self, method, path, body=None, **more):
        while True:
            answer = self.once(method, path, body, **more)
            if answer is not None and answer.status != 503:
                return answer


class KillLoop:
    def __init__(self, rounds, seed):
        self.random = random.Random(seed)
        self.rounds = rounds
        self.restarts = 0
        self.scheduler = Scheduler().start()
        self.receiver = Receiver()
        self.history = History()
        self.receiver.hear = {"/run": self.history.note_push, "/events": self.history.note_webhook,
                              "/callback": self.history.note_webhook}
        self.crowd = self.scheduler.tenant("kill loop")
        self.watched = self.scheduler.tenant("kill loop, watched")
        # Of its own, so that the crowd's backlog cannot keep its few tasks from being leased.
        self.probed = self.scheduler.tenant("kill loop, probed")
        made = self.watched.post("/api/v1/webhooks", {"url": self.receiver.url("/events")})
        assert made.status == 201, made.raw
        self.stopping = threading.Event()
        self.void = collections.deque(maxlen=VOID_KEPT)  # (client's tenant, task, restarts then)
        self.odd = []  # answers that nothing explains

    # --- the clients ---

    def submitter(self, number):
        choose = random.Random(f"{SEED}/{number}")
        tenant = self.watched if number < WATCHED_CLIENTS else self.crowd
        client = Patient(self, tenant)
        count = 0
        while not self.stopping.is_set():
            count += 1
            kind = choose.choice(KINDS)
            body = {"taskName": kind, "payload": count, "retry": {"initialMs": 10},
                    "maxRetries": 100}
            if kind != "echo":
                body["callbackUrl"] = self.receiver.url("/callback")
            if kind == "push":
                body["target"] = self.receiver.target("/run")
            if kind == "pull":
                body.update(target={"type": "worker"}, queue="pull")
            if kind == "cancel":
                body["delayMs"] = 600_000
            task_id = self.submit(client, body, f"{number}-{count}")
            if task_id is not None and kind == "cancel":
                self.cancel(client, task_id)

    def submit(self, client, body, key):
        # The key makes a repeated request the same one: in the end there is nothing unacknowledged.
        answer = client.surely("POST", "/api/v1/tasks", body, headers={"Idempotency-Key": key})
        if answer.status != 201:
            self.odd.append(f"a submission got {answer.status} {answer.raw[:200]}")
            return None
        task_id = answer.json["taskId"]
        watched = client.client.token == self.watched.token
        self.history.note_submission(task_id, body["taskName"], "callbackUrl" in body, watched)
        return task_id

    def cancel(self, client, task_id):
        answer = client.surely("DELETE", "/api/v1/tasks/" + task_id)
        # 409: an earlier try of ours was done, and killed before its answer.
        if answer.status not in (200, 409):
            self.odd.append(f"{task_id}: a cancellation got {answer.status} {answer.raw[:200]}")
        self.history.note_cancellation(task_id)

    def worker(self, tenant):
        client = Patient(self, tenant)
        while not self.stopping.is_set():
            leased = self.lease(client, "pull", 20, 1000)
            for task in leased:
                if self.complete(client, task):
                    self.void.append((tenant, task, self.restarts))
            if not leased:
                time.sleep(0.01)

    def lease(self, client, queue, count, lease_ms, wait_ms=0):
        body = {"queues": [queue], "max": count, "leaseMs": lease_ms, "waitMs": wait_ms}
        answer = client.once("POST", "/api/v1/leases", body)
        leased = answer.json["tasks"] if answer is not None and answer.status == 200 else []
        for task in leased:
            self.history.note_attempt(task["taskId"], task["attempt"])
        return leased

    def complete(self, client, task):
        """True if the answer came and was taken."""
        answer = client.once("POST", f"/api/v1/tasks/{task['taskId']}/complete",
                             {"leaseToken": task["leaseToken"]})
        if answer is None or answer.status != 200:
            return False
        self.history.note_completion(task["taskId"])
        return True

    def prober(self, number):
        """Lets a lease end, gets the task's next one, and tries the old token while that runs."""
        client, queue, count = Patient(self, self.probed), f"probe-{number}", 0
        while not self.stopping.is_set():
            count += 1
            body = {"taskName": "probe", "queue": queue, "target": {"type": "worker"},
                    "maxRetries": 100}
            self.submit(client, body, f"{queue}-{count}")
            old = self.lease(client, queue, 1, 1000, 1000)
            until = time.monotonic() + 5
            while old and time.monotonic() < until:
                for new in self.lease(client, queue, 1, 3000, 1000):
                    if new["taskId"] == old[0]["taskId"]:
                        self.try_void(client, old[0], "complete", restarted=False)
                        self.void.append((self.probed, old[0], self.restarts))
                        old = []
                    if self.complete(client, new):
                        self.void.append((self.probed, new, self.restarts))

    def ghost(self):
        """A worker that slept through restarts: it answers with tokens that were superseded or used
        in an earlier life of the server."""
        clients = {tenant.id: Patient(self, tenant)
                   for tenant in (self.crowd, self.watched, self.probed)}
        choose = random.Random(f"{SEED}/ghost")
        while not self.stopping.is_set():
            kept = list(self.void)
            tenant, task, then = choose.choice(kept) if kept else (None, None, self.restarts)
            if then == self.restarts:
                time.sleep(0.01)
                continue
            call = choose.choice(("complete", "fail", "heartbeat"))
            self.try_void(clients[tenant.id], task, call, restarted=True)

    def try_void(self, client, task, call, restarted):
        answer = client.once("POST", f"/api/v1/tasks/{task['taskId']}/{call}",
                             {"leaseToken": task["leaseToken"]})
        if answer is not None and answer.status != 503:
            self.history.note_stale(task["taskId"], call, answer, restarted)

    # --- the run ---

    def run(self):
        threads = [threading.Thread(target=self.submitter, args=(i,)) for i in range(CLIENTS)]
        threads += [threading.Thread(target=self.worker, args=(tenant,))
                    for tenant in (self.crowd, self.watched) for _ in range(WORKERS)]
        threads += [threading.Thread(target=self.prober, args=(i,)) for i in range(WORKERS)]
        threads.append(threading.Thread(target=self.ghost))
        for thread in threads:
            thread.start()
        try:
            for _ in range(self.rounds - 1):
                time.sleep(self.random.uniform(0.05, 0.6))  # the random moment
                self.kill()
            time.sleep(4)  # a quiet while: the probes need a lease's time
            self.kill()
            self.wait_for_ghost()
        finally:
            self.stopping.set()
        for thread in threads:
            thread.join()
        return self.settle()

    def kill(self):
        self.scheduler.kill()
        self.scheduler.start()
        self.restarts += 1

    def wait_for_ghost(self):
        """Until it has tried some of what became void before the last kill."""
        enough = self.history.tried_after_restart + GHOST_TRIES
        deadline = time.monotonic() + belfry.PATIENCE
        while self.history.tried_after_restart < enough and time.monotonic() < deadline:
            time.sleep(0.01)

    def settle(self):
        """Works off what is left, waits for every end and webhook, then checks the history."""
        tenants = [Client(self.scheduler, tenant.token)
                   for tenant in (self.crowd, self.watched, self.probed)]
        last, deadline = None, time.monotonic() + belfry.PATIENCE
        while time.monotonic() < deadline:
            leased = [self.work_off(client) for client in tenants]
            counts = [client.get("/api/v1/metrics").json for client in tenants]
            left = sum(c["pending"] + c["scheduled"] + c["running"] for c in counts)
            waiting = sum(len(client.get(f"/api/v1/webhooks/deliveries?state={state}&limit=1").json)
                          for client in tenants for state in ("WAITING", "HELD"))
            if left == 0 and waiting == 0:
                break
            now = (left, sum(map(len, self.history.heard.values())))
            if now != last:  # as long as it moves, it is given time
                last, deadline = now, time.monotonic() + belfry.PATIENCE
            if not any(leased):
                time.sleep(0.05)
        tasks, deliveries, attempts = {}, [], {}
        for client in tenants:
            listed = self.pages(client, "/api/v1/tasks?limit=500&view=summary")
            own = {task["taskId"]: task for task in listed}
            deliveries += self.pages(client, "/api/v1/webhooks/deliveries?limit=500")
            attempts.update({i: client.get("/api/v1/tasks/" + i).json["attempts"]
                             for i, task in own.items() if task["attempt"] > 1})
            tasks.update(own)
        strangers = [f"{i}: is there, and nobody got an acknowledgement"
                     for i in tasks.keys() - self.history.acknowledged.keys()]
        return [*self.odd, *strangers, *self.history.faults(tasks, deliveries, attempts)]

    def work_off(self, client):
        queues = ["pull"] + [f"probe-{i}" for i in range(WORKERS)]
        leased = client.post("/api/v1/leases", {"queues": queues, "max": 1000}).json["tasks"]
        answers = []
        for task in leased:
            self.history.note_attempt(task["taskId"], task["attempt"])
            answers.append({"taskId": task["taskId"], "leaseToken": task["leaseToken"]})
        if answers:
            for result in client.post("/api/v1/leases/complete", answers).json["results"]:
                if result["status"] == 200:
                    self.history.note_completion(result["taskId"])
        return len(leased)

    def pages(self, client, path):
        found = []
        while path:
            answer = client.get(path)
            found += answer.json
            link = answer.headers.get("Link")
            path = link.split(">")[0][1:] if link else None
        return found

    def close(self):
        self.stopping.set()
        self.scheduler.remove()
        self.receiver.close()


def faults_of(rounds, seed):
    loop = KillLoop(rounds, seed)
    began = time.monotonic()
    try:
        faults = loop.run()
        history = loop.history
        kinds = collections.Counter(history.acknowledged.values())
        print(f"\nkill loop: seed {seed}, {rounds} kills, {time.monotonic() - began:.0f} s, "
              f"{len(history.acknowledged)} acknowledged {dict(kinds)}, "
              f"{sum(history.completions.values())} completed by workers, "
              f"{sum(history.stale_answers.values())} stale tokens tried "
              f"({history.tried_after_restart} after restarts), "
              f"{len(history.webhook_ids)} webhooks came "
              f"({sum(map(len, history.heard.values()))} deliveries), "
              f"{len(faults)} faults", flush=True)
        return faults, history
    finally:
        loop.close()


class KillLoopTest(unittest.TestCase):
    def test_nothing_is_lost_or_done_twice(self):
        faults, history = faults_of(ROUNDS, SEED)
        self.assertEqual(faults[:10], [])
        self.assertEqual(set(history.acknowledged.values()), {*KINDS, "probe"})
        self.assertGreaterEqual(history.tried_after_restart, GHOST_TRIES)
        self.assertGreater(sum(history.stale_answers.values()), history.tried_after_restart)
        self.assertTrue(history.completions and history.watched)


class PlantedBugs(unittest.TestCase):
    """These are about this checker, so a sanitized build has none of them."""

    def assert_caught(self, bug, *words):
        real, belfry.BINARY = belfry.BINARY, belfry.BINARY + "-planted"
        os.environ["BELFRY_PLANT"] = bug
        try:
            faults = faults_of(6, SEED)[0]
        finally:
            belfry.BINARY = real
        print(f"{bug}: {faults[:3]}", flush=True)
        self.assertTrue(any(word in fault for fault in faults for word in words), faults[:10])

    def test_ack_before_commit_is_caught(self):
        self.assert_caught("ack_before_commit", "acknowledged and missing")

    def test_no_token_check_is_caught(self):
        self.assert_caught("no_token_check", "a stale token got (200, None)")

    def test_finish_twice_is_caught(self):
        self.assert_caught("finish_twice", "ends were called back")


if __name__ == "__main__":
    unittest.main()
