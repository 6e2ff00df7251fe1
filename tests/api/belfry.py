"""The real scheduler as a child process, a small client, and a scriptable push target."""
import base64
import collections
import hashlib
import hmac
import http.client
import http.server
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import tempfile
import threading
import time
import unittest

BINARY = os.environ["BELFRY_SCHEDULER"]
PATIENCE = 60  # the longest wait for an event that must come; never what a test waits for


def lasting_port():
    """A free port for a service that listens on it again after a restart. It is below those that the
    kernel gives to whoever asks for any, so that nobody gets it in between."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        above = int(file.read().split()[0])
    while True:
        port = random.randrange(min(10_000, above // 2), above)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Scheduler:
    """`keep_port`: the same over restarts, for services that know the address. `errors` is a file
    that standard error goes to; `tls` an SSL context for clients, if the flags name a
    certificate; `clock` a WallClock that the process sees."""

    def __init__(self, *flags, folder=None, keep_port=False, errors=None, tls=None, clock=None):
        self.flags = flags
        self.keep_port = keep_port
        self.port = lasting_port() if keep_port else 0
        self.errors = errors
        self.tls = tls
        self.clock = clock
        self.own_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="belfry-test-")
        self.process = None

    def start(self):
        port = self.port if self.keep_port else 0
        self.process = subprocess.Popen(
            [BINARY, "--listen", f"127.0.0.1:{port}", "--operators-listen", "127.0.0.1:0", "--data",
             self.folder, "--default-target", "echo", "--egress-allow", "127.0.0.0/8",
             "--log-level", "warn", *self.flags],
            stdout=subprocess.PIPE, stderr=self.errors, text=True,
            env=self.clock.environment() if self.clock else None)
        line = self.process.stdout.readline()
        match = re.match(r"listening on https?://127\.0\.0\.1:(\d+)", line)
        if not match:
            status = self.process.wait(PATIENCE)
            self.process.stdout.close()
            self.process = None
            raise RuntimeError(f"the scheduler did not start: {line!r}, it ended with {status}")
        self.port = int(match.group(1))
        self.operators_port = int(self.process.stdout.readline().rsplit(":", 1)[1])
        return self

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return None
        self.process.send_signal(how)
        status = self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.process = None
        return status

    def kill(self):
        return self.stop(signal.SIGKILL)

    def restart(self):
        self.stop()
        return self.start()

    def connection(self):
        if self.tls is not None:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE,
                                               context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def operators(self, path):
        """An answer of the operators' listener: its status and text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.operators_port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def operator_key(self):
        with open(os.path.join(self.folder, "operator.key")) as file:
            return file.read().strip()

    def remove(self):
        self.stop()
        if self.own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def tenant(self, name="test"):
        return Tenant(self, name)


class WallClock:
    """The wall clock of a scheduler, which this moves by way of a preloaded library
    (tests/clock/shifted_clock.cpp). The scheduler's monotonic clock stays true."""

    KERNEL = ("own", "synchronised", "unsynchronised", "denied")  # what adjtimex answers

    def __init__(self, ahead_s=0.0, kernel="unsynchronised"):
        self.library = os.environ.get("BELFRY_SHIFTED_CLOCK") or os.path.join(
            os.path.dirname(os.path.abspath(BINARY)), "libbelfry-shifted-clock.so")
        self.file = tempfile.NamedTemporaryFile(prefix="belfry-clock-")
        self.set(ahead_s, kernel)

    def set(self, ahead_s, kernel="unsynchronised"):
        self.ahead_s = ahead_s
        self.file.seek(0)
        self.file.write(struct.pack("=qq", round(ahead_s * 1000), self.KERNEL.index(kernel)))
        self.file.flush()

    def now(self):
        return time.time() + self.ahead_s

    def environment(self):
        return {**os.environ, "LD_PRELOAD": self.library, "BELFRY_TEST_CLOCK": self.file.name}

    def close(self):
        self.file.close()


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.raw = body

    @property
    def json(self):
        return json.loads(self.raw)

    @property
    def problem(self):
        return self.json["type"].removeprefix("urn:belfry:problem:")


class Client:
    """One keep-alive connection."""

    def __init__(self, scheduler, token=None):
        self.scheduler = scheduler
        self.token = token
        self.connection = None

    def call(self, method, path, body=None, headers=None, raw=None):
        headers = dict(headers or {})
        if self.token and "Authorization" not in headers:
            headers["Authorization"] = "Bearer " + self.token
        data = raw
        if body is not None:
            data = json.dumps(body).encode()
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        if self.connection is None:
            self.connection = self.scheduler.connection()
        try:
            self.connection.request(method, path, data, headers)
            response = self.connection.getresponse()
            return Answer(response, response.read())
        except (http.client.HTTPException, OSError):
            self.close()
            raise

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    __del__ = close

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.call("POST", path, body, **more)


class Listener:
    """Hands each connection to a port of its own to `serve`, in a thread."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def close(self):
        self.listener.close()


def until(holds, what="it never came"):
    """Asks again and again until the answer is true, and gives it."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := holds()):
        if time.monotonic() > deadline:
            raise AssertionError(what)
        time.sleep(0.02)
    return answer


class Tenant(Client):
    def __init__(self, scheduler, name):
        super().__init__(scheduler)
        made = self.post("/api/v1/auth/register", {"tenantName": name})
        assert made.status == 201, made.raw
        self.id = made.json["tenantId"]
        self.api_key = made.json["apiKey"]
        self.secret = made.json["webhookSecret"]
        self.sign_in()

    def sign_in(self):
        answer = self.post("/api/v1/auth/token", {"apiKey": self.api_key})
        assert answer.status == 200, answer.raw
        self.token = answer.json["token"]

    def submit(self, **fields):
        fields.setdefault("taskName", "test")
        answer = self.post("/api/v1/tasks", fields)
        assert answer.status == 201, answer.raw
        return answer.json

    def task(self, task_id):
        answer = self.get("/api/v1/tasks/" + task_id)
        assert answer.status == 200, answer.raw
        return answer.json

    def wait(self, task_id, *statuses):
        """Polls until the task is in one of the statuses; any end if none is named."""
        wanted = statuses or ("COMPLETED", "FAILED", "CANCELLED", "EXPIRED")
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            task = self.task(task_id)
            if task["status"] in wanted:
                return task
            time.sleep(0.01)
        raise AssertionError(f"the task is {task['status']}, not one of {wanted}")

    def lease(self, queue="default", **more):
        answer = self.post("/api/v1/leases", {"queues": [queue], **more})
        assert answer.status == 200, answer.raw
        return answer.json["tasks"]


class OneScheduler(unittest.TestCase):
    """One scheduler for all tests of a class, and a tenant for each."""
    FLAGS = ()

    @classmethod
    def setUpClass(cls):
        cls.scheduler = Scheduler(*cls.FLAGS).start()
        cls.addClassCleanup(cls.scheduler.remove)

    def setUp(self):
        self.tenant = self.scheduler.tenant(self.id())


def operator(scheduler):
    client = Client(scheduler)
    answer = client.post("/api/v1/auth/token", {"apiKey": scheduler.operator_key()})
    assert answer.status == 200, answer.raw
    client.token = answer.json["access_token"]
    return client


def rows(scheduler):
    """How many rows each table of the store holds, read beside the running server."""
    base = sqlite3.connect(f"file:{scheduler.folder}/belfry.db?mode=ro", uri=True)
    try:
        tables = [name for name, in base.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {name: base.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
                for name in tables}
    finally:
        base.close()


class Push:
    def __init__(self, handler, body):
        self.path = handler.path
        self.method = handler.command
        self.headers = handler.headers
        self.body = body
        self.at = time.time()

    @property
    def json(self):
        return json.loads(self.body)


def signature_fits(push, secret):
    """Standard Webhooks, checked independently of the product's own code."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{push.headers['webhook-id']}.{push.headers['webhook-timestamp']}.".encode() + push.body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return wanted in push.headers["webhook-signature"].split(" ")


class Hold:
    """An answer that never comes; `closed` is set when the caller gives up and closes."""

    def __init__(self):
        self.closed = threading.Event()

    def wait(self, connection):
        connection.settimeout(PATIENCE)
        try:
            if connection.recv(1) == b"":
                self.closed.set()
        except TimeoutError:
            pass
        except OSError:
            self.closed.set()


class Receiver:
    """Records what comes; `script[path]` is a list of answers, the last one repeats.

    An answer is (status, headers, body), a threading.Event that is waited for before 200, or a Hold.
    `hear[path]` is called with each push to that path, one at a time, which is then not kept."""

    def __init__(self, address=("127.0.0.1", 0)):
        self.pushes = collections.defaultdict(list)
        self.script = {}
        self.hear = {}
        self.changed = threading.Condition()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with owner.changed:
                    owner.hear.get(self.path, owner.pushes[self.path].append)(Push(self, body))
                    owner.changed.notify_all()
                    answers = owner.script.get(self.path, [(200, {}, b"")])
                    answer = answers.pop(0) if len(answers) > 1 else answers[0]
                if isinstance(answer, Hold):
                    answer.wait(self.connection)
                    self.close_connection = True
                    return
                if isinstance(answer, threading.Event):
                    answer.wait(PATIENCE)
                    answer = (200, {}, b"")
                status, headers, text = answer
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                except OSError:
                    pass

            do_POST = do_PUT = do_GET = handle_any

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 1024

            def handle_error(self, *_):
                pass

        self.server = Server(address, Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path="/run"):
        return f"http://127.0.0.1:{self.port}{path}"

    def target(self, path="/run", **more):
        return {"type": "http", "url": self.url(path), **more}

    def of(self, path):
        with self.changed:
            return list(self.pushes[path])

    def wait_for(self, path, count=1):
        with self.changed:
            found = self.pushes[path]
            if not self.changed.wait_for(lambda: len(found) >= count, PATIENCE):
                raise AssertionError(f"{len(found)} of {count} came to {path}")
            return list(found)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def raw_exchange(port, data, half_close=False):
    """Sends bytes as they are; all that comes back until the server closes or has answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(data)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while True:
            try:
                part = connection.recv(65536)
            except ConnectionResetError:
                break
            if not part:
                break
            received += part
            head, found, rest = received.partition(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.I)
            if found and length and len(rest) >= int(length.group(1)):
                break
        return received
