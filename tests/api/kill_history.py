"""What the clients of the kill loop saw, and the checker that judges a run by it.

The checker believes nothing but the clients' own records and what the service says at the very end:
every acknowledged task is there and has ended once, its attempts rise, its events have no gap, its
webhooks came, and no void lease was ever taken."""
import collections
import threading

ENDS = {"task.completed", "task.failed", "task.cancelled", "task.expired"}


class History:
    """Appended to by many threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.acknowledged = {}                       # id: the kind of task, after a complete 201
        self.cancelled = set()                       # ids, after a complete 200
        self.called_back = set()                     # acknowledged ones with a callbackUrl
        self.watched = set()                         # those of the tenant whose endpoint hears all
        self.completions = collections.Counter()     # accepted answers of workers, by task
        self.stale_answers = collections.Counter()   # (status, problem) of void tokens' answers
        self.stale_accepted = []                     # what was answered, other than 409 stale_lease
        self.tried_after_restart = 0
        self.given = collections.defaultdict(list)   # task: attempts as leases and pushes told them
        self.heard = collections.defaultdict(list)   # (task, path): (sequence, type, webhook-id)
        self.webhook_ids = set()

    def note_submission(self, task_id, kind, called_back, watched):
        with self.lock:
            self.acknowledged[task_id] = kind
            if called_back:
                self.called_back.add(task_id)
            if watched:
                self.watched.add(task_id)

    def note_cancellation(self, task_id):
        with self.lock:
            self.cancelled.add(task_id)

    def note_attempt(self, task_id, attempt):
        with self.lock:
            self.given[task_id].append(attempt)

    def note_completion(self, task_id):
        with self.lock:
            self.completions[task_id] += 1

    def note_stale(self, task_id, call, answer, restarted):
        got = (answer.status, answer.problem if answer.status >= 400 else None)
        with self.lock:
            self.stale_answers[got] += 1
            self.tried_after_restart += restarted
            if got != (409, "stale_lease"):
                self.stale_accepted.append((task_id, call, got))

    def note_push(self, push):
        self.note_attempt(push.headers["Belfry-Task-Id"], int(push.headers["Belfry-Attempt"]))

    def note_webhook(self, push):
        body, name = push.json, push.headers["webhook-id"]
        with self.lock:
            self.heard[body["taskId"], push.path].append((body["sequence"], body["type"], name))
            self.webhook_ids.add(name)

    # --- the checker ---

    def faults(self, tasks, deliveries, attempts):
        """`tasks`: every task by id; `deliveries`: every delivery; `attempts`: the attempt lists of
        the tasks with more than one; all read after everything has ended."""
        return [*self.lost_or_open(tasks), *self.wrong_attempts(tasks, attempts),
                *self.wrong_ends(deliveries), *self.wrong_events(),
                *self.wrong_webhooks(deliveries),
                *(f"{task}: a stale token got {got} from {call}"
                  for task, call, got in self.stale_accepted)]

    def lost_or_open(self, tasks):
        for task_id, kind in self.acknowledged.items():
            task = tasks.get(task_id)
            # Nothing here fails by itself: whatever else a task ended as is a fault as well.
            wanted = {"COMPLETED"}
            if kind == "cancel":
                wanted = {"CANCELLED"}
            if task is None:
                yield f"{task_id}: acknowledged and missing"
            elif task["status"] not in wanted:
                yield f"{task_id} ({kind}): is {task['status']}, not {wanted}"
            elif task["run"] != 1:
                yield f"{task_id} ({kind}): is in run {task['run']}, nobody asked for a second"

    def wrong_attempts(self, tasks, attempts):
        for task_id, given in self.given.items():
            if len(set(given)) != len(given):
                yield f"{task_id}: an attempt was given out twice, {given}"
            known = tasks.get(task_id)
            if known is not None and max(given) > known["attempt"]:
                yield f"{task_id}: attempt {max(given)} was given out, {known['attempt']} is stored"
        for task_id, listed in attempts.items():
            numbers = [attempt["number"] for attempt in listed]
            if numbers != sorted(set(numbers)) or numbers[-1] != tasks[task_id]["attempt"]:
                yield f"{task_id}: its attempts do not rise, {numbers}"
            done = [a["number"] for a in listed if a["outcome"] == "completed"]
            if len(done) > 1:
                yield f"{task_id}: finished by the attempts {done}"

    def wrong_ends(self, deliveries):
        for task_id, n in self.completions.items():
            if n > 1:
                yield f"{task_id}: finished {n} times by workers"
        ends = collections.Counter((d["taskId"], d["endpointId"]) for d in deliveries
                                   if d["type"] in ENDS)
        for (task_id, endpoint), n in ends.items():
            if n > 1:
                yield f"{task_id}: {n} ends in the outbox of {endpoint or 'its callback'}"
        for (task_id, path), events in self.heard.items():
            names = {name for _, kind, name in events if kind in ENDS}
            if len(names) > 1:
                yield f"{task_id}: {len(names)} ends were called back to {path}"

    def wrong_events(self):
        for (task_id, path), events in self.heard.items():
            sequences = [sequence for sequence, _, _ in events]
            if sorted(set(sequences)) != list(range(1, max(sequences) + 1)):
                yield f"{task_id}: a gap in the events of {path}, {sequences}"
            if sequences != sorted(sequences):
                yield f"{task_id}: events of {path} out of order, {sequences}"
            if len({(s, kind, name) for s, kind, name in events}) != len(set(sequences)):
                yield f"{task_id}: two events under one number at {path}, {events}"
            if events[-1][1] not in ENDS:
                yield f"{task_id}: the events of {path} do not end, {events}"
        for task_id in self.watched:
            if not self.heard[task_id, "/events"]:
                yield f"{task_id}: the endpoint that wants all events heard nothing"
            elif self.heard[task_id, "/events"][0][1] != "task.submitted":
                yield f"{task_id}: its events do not begin with its submission"

    def wrong_webhooks(self, deliveries):
        listed = {d["id"] for d in deliveries}
        for delivery in deliveries:
            if delivery["id"] not in self.webhook_ids:
                yield f"{delivery['taskId']}: webhook {delivery['id']} never came"
            if delivery["state"] != "DELIVERED":
                yield f"{delivery['taskId']}: webhook {delivery['id']} is {delivery['state']}"
        for name in self.webhook_ids - listed:
            yield f"webhook {name} came and is not in the outbox"
        for task_id in self.called_back:
            if not self.heard[task_id, "/callback"]:
                yield f"{task_id}: its callback never came"
