"""Kills the server with -9 at random moments under load, restarts it, and proves from the clients'
own records: no acknowledged task missing, none finished twice, no stale token accepted, every task
terminal at the end, every webhook delivered at least once. A server with a planted bug must be
caught by the same checker.

BELFRY_KILL_ROUNDS (default 8; 200 for the full run), BELFRY_SEED; BELFRY_NO_CONTROLS leaves the
planted bugs out: they are about this checker, and need not be caught again by a sanitized build."""
import collections
import http.client
import os
import random
import threading
import time
import unittest

import belfry
from belfry import Client, Receiver, Scheduler

ROUNDS = int(os.environ.get("BELFRY_KILL_ROUNDS", "8"))
SEED = int(os.environ.get("BELFRY_SEED", str(random.randrange(1 << 31))))
CLIENTS = 64
WORKERS = 4
ENDS = {"COMPLETED", "FAILED", "CANCELLED", "EXPIRED"}


class History:
    """What the clients saw; appended to by many threads."""

    def __init__(self):
        self.acknowledged = []       # ids, each after a complete 201
        self.called_back = set()     # those of them with a callbackUrl
        self.completions = collections.Counter()  # accepted answers of workers, by task
        self.stale_accepted = []
        self.probes = 0              # stale tokens tried and answered

    def faults(self, tasks, receiver):
        """`tasks`: every task of the tenant, by id, read after everything has ended."""
        faults = []
        for task_id in self.acknowledged:
            task = tasks.get(task_id)
            if task is None:
                faults.append(f"{task_id}: acknowledged and missing")
            elif task["status"] not in ENDS:
                faults.append(f"{task_id}: still {task['status']}")
        faults += [f"{task_id}: finished {n} times" for task_id, n in self.completions.items() if n > 1]
        faults += [f"{task_id}: a stale token was accepted" for task_id in self.stale_accepted]
        heard = collections.Counter(p.json["taskId"] for p in receiver.of("/callback"))
        faults += [f"{task_id}: its webhook never came" for task_id in self.called_back if not heard[task_id]]
        sequences = collections.defaultdict(set)
        for push in receiver.of("/callback"):
            sequences[push.json["taskId"]].add(push.json["sequence"])
        faults += [f"{task_id}: more than one end, {s}" for task_id, s in sequences.items() if len(s) > 1]
        return faults


class KillLoop:
    def __init__(self, rounds, seed):
        self.random = random.Random(seed)
        self.rounds = rounds
        self.scheduler = Scheduler().start()
        self.receiver = Receiver()
        self.tenant = self.scheduler.tenant("kill loop")
        self.history = History()
        self.lock = threading.Lock()
        self.stopping = threading.Event()

    def again(self, call, *arguments):
        """The call's answer, or None if the server went away under it."""
        try:
            return call(*arguments)
        except (http.client.HTTPException, OSError):
            time.sleep(0.005)  # it is dead for a moment; nothing to wait for but its return
            return None

    def submitter(self, seed):
        choose = random.Random(seed)
        client = Client(self.scheduler, self.tenant.token)
        while not self.stopping.is_set():
            body = {"taskName": "work", "payload": seed, "retry": {"initialMs": 10}, "maxRetries": 100}
            kind = choose.randrange(4)
            if kind == 1:
                body["target"] = self.receiver.target("/run")
            if kind == 2:
                body.update(target={"type": "worker"}, queue="pull")
            called_back = kind in (1, 3) or choose.random() < 0.2
            if called_back:  # two ends of one task would show as two sequence numbers
                body["callbackUrl"] = self.receiver.url("/callback")
            answer = self.again(client.post, "/api/v1/tasks", body)
            if answer is None or answer.status != 201:
                continue
            with self.lock:
                self.history.acknowledged.append(answer.json["taskId"])
                if called_back:
                    self.history.called_back.add(answer.json["taskId"])

    def worker(self):
        client = Client(self.scheduler, self.tenant.token)
        while not self.stopping.is_set():
            leased = self.lease(client, "pull", 20, 1000)
            for task in leased:
                self.complete(client, task)
            if not leased:
                time.sleep(0.01)

    def lease(self, client, queue, count, lease_ms, wait_ms=0):
        body = {"queues": [queue], "max": count, "leaseMs": lease_ms, "waitMs": wait_ms}
        answer = self.again(client.post, "/api/v1/leases", body)
        return answer.json["tasks"] if answer is not None and answer.status == 200 else []

    def prober(self, number):
        """Lets each first lease end, and tries its token when the task runs under another one."""
        client = Client(self.scheduler, self.tenant.token)
        queue = f"probe-{number}"
        old = {}
        while not self.stopping.is_set():
            body = {"taskName": "probe", "queue": queue, "target": {"type": "worker"}, "maxRetries": 100}
            answer = self.again(client.post, "/api/v1/tasks", body)
            if answer is not None and answer.status == 201:
                with self.lock:
                    self.history.acknowledged.append(answer.json["taskId"])
            for task in self.lease(client, queue, 20, 1000, 200):
                if task["taskId"] in old:
                    self.try_stale(client, old.pop(task["taskId"]))
                    self.complete(client, task)
                else:
                    old[task["taskId"]] = task

    def try_stale(self, client, task):
        answer = self.again(client.post, f"/api/v1/tasks/{task['taskId']}/complete", {"leaseToken": task["leaseToken"]})
        with self.lock:
            self.history.probes += 1 if answer is not None else 0
            if answer is not None and answer.status == 200:
                self.history.stale_accepted.append(task["taskId"])

    def complete(self, client, task):
        answer = self.again(client.post, f"/api/v1/tasks/{task['taskId']}/complete", {"leaseToken": task["leaseToken"]})
        if answer is not None and answer.status == 200:
            with self.lock:
                self.history.completions[task["taskId"]] += 1

    def run(self):
        threads = [threading.Thread(target=self.submitter, args=(self.random.random(),)) for _ in range(CLIENTS)]
        threads += [threading.Thread(target=self.worker) for _ in range(WORKERS)]
        threads += [threading.Thread(target=self.prober, args=(i,)) for i in range(WORKERS)]
        for thread in threads:
            thread.start()
        for _ in range(self.rounds):
            time.sleep(self.random.uniform(0.05, 0.6))  # the random moment
            self.scheduler.kill()
            self.scheduler.start()
        time.sleep(4)  # a quiet while: the probes need a lease's time
        self.stopping.set()
        for thread in threads:
            thread.join()
        return self.settle()

    def settle(self):
        """Works off what is left, waits for every end and callback, then checks the history."""
        client = Client(self.scheduler, self.tenant.token)
        queues = ["pull"] + [f"probe-{i}" for i in range(WORKERS)]
        last, deadline = None, time.monotonic() + belfry.PATIENCE
        while time.monotonic() < deadline:
            leased = client.post("/api/v1/leases", {"queues": queues, "max": 1000}).json["tasks"]
            answers = [{"taskId": t["taskId"], "leaseToken": t["leaseToken"]} for t in leased]
            if answers:
                for result in client.post("/api/v1/leases/complete", answers).json["results"]:
                    self.history.completions[result["taskId"]] += 1 if result["status"] == 200 else 0
            counts = client.get("/api/v1/metrics").json
            left = counts["pending"] + counts["scheduled"] + counts["running"]
            waiting = client.get("/api/v1/webhooks/deliveries?state=WAITING&limit=1").json
            if left == 0 and not waiting:
                break
            now = (left, len(self.receiver.of("/callback")))
            if now != last:  # as long as it moves, it is given time
                last, deadline = now, time.monotonic() + belfry.PATIENCE
            if not leased:
                time.sleep(0.05)
        tasks, path = {}, "/api/v1/tasks?limit=500&view=summary"
        while path:
            answer = client.get(path)
            tasks.update({t["taskId"]: t for t in answer.json})
            link = answer.headers.get("Link")
            path = link.split(">")[0][1:] if link else None
        return self.history.faults(tasks, self.receiver)

    def close(self):
        self.stopping.set()
        self.scheduler.remove()
        self.receiver.close()


def faults_of(rounds, seed):
    loop = KillLoop(rounds, seed)
    try:
        faults = loop.run()
        print(f"\nkill loop: seed {seed}, {rounds} kills, {len(loop.history.acknowledged)} acknowledged, "
              f"{sum(loop.history.completions.values())} completed by workers, {loop.history.probes} stale tokens tried, "
              f"{len(loop.history.called_back)} called back, {len(faults)} faults", flush=True)
        return faults, loop.history
    finally:
        loop.close()


class KillLoopTest(unittest.TestCase):
    def test_nothing_is_lost_or_done_twice(self):
        faults, history = faults_of(ROUNDS, SEED)
        self.assertEqual(faults[:10], [])
        self.assertTrue(history.acknowledged and history.probes and history.called_back and history.completions)

    def planted(self, bug):
        belfry.BINARY, real = os.environ["BELFRY_SCHEDULER"] + "-planted", belfry.BINARY
        os.environ["BELFRY_PLANT"] = bug
        try:
            return faults_of(6, SEED)[0]
        finally:
            belfry.BINARY = real

    @unittest.skipIf("BELFRY_NO_CONTROLS" in os.environ, "only in the plain build")
    def test_an_early_acknowledgement_is_caught(self):
        self.assertTrue(any("missing" in fault for fault in self.planted("ack_before_commit")))

    @unittest.skipIf("BELFRY_NO_CONTROLS" in os.environ, "only in the plain build")
    def test_a_missing_token_check_is_caught(self):
        self.assertTrue(any("stale token" in fault or "finished" in fault for fault in self.planted("no_token_check")))


if __name__ == "__main__":
    unittest.main()
