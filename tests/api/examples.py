"""The example tenants as child processes, and a scriptable mail server."""
import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time

from belfry import PATIENCE, Client, Listener, lasting_port

NAMES = ("payment", "notification")
BINARIES = {name: os.environ["BELFRY_" + name.upper()] for name in NAMES}


def run_to_its_end(name, *flags, env=None):
    """For mistakes: the exit status and what was said on standard error."""
    done = subprocess.run([BINARIES[name], *flags], capture_output=True, text=True,
                          timeout=PATIENCE, env={**os.environ, **(env or {})}, check=False)
    return done.returncode, done.stderr


def until(what, holds):
    """Polls until `holds` gives something true, and gives that back."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = holds()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("waited in vain for " + what)


class Example:
    """One example service; keeps its port and its folder over restarts."""

    def __init__(self, name, scheduler_port, *flags):
        self.name = name
        self.flags = ("--scheduler", f"http://127.0.0.1:{scheduler_port}", *flags)
        self.folder = tempfile.mkdtemp(prefix=f"belfry-{name}-")
        self.port = lasting_port()
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [BINARIES[self.name], "--listen", f"127.0.0.1:{self.port}", "--data", self.folder,
             *self.flags], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        match = re.match(r"listening on http://127\.0\.0\.1:(\d+)", line)
        if not match:
            raise RuntimeError(f"{self.name} did not start: {line!r}")
        self.port = int(match.group(1))
        return self

    def start_ready(self):
        self.start()
        until(self.name + " being ready", lambda: self.get("/readyz")[0] == 200)
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

    def remove(self):
        """Stops it; what a sanitizer found shows in the exit status."""
        status = self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert status in (None, 0), f"{self.name} ended with {status}"

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def credentials(self):
        with open(self.path("credentials.json")) as file:
            return json.load(file)

    def account(self, scheduler):
        """A client of the scheduler with this service's own key."""
        client = Client(scheduler)
        answer = client.post("/api/v1/auth/token", {"apiKey": self.credentials()["apiKey"]})
        client.token = answer.json["token"]
        return client

    def call(self, method, path, body=None, headers=None):
        """The status, and the body read as JSON if it is any."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
            connection.request(method, path, data,
                               {"Content-Type": "application/json", **(headers or {})})
            response = connection.getresponse()
            raw = response.read()
        finally:
            connection.close()
        kind = response.headers.get("Content-Type", "")
        return response.status, json.loads(raw) if "json" in kind else raw.decode()

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, body=None, headers=None):
        return self.call("POST", path, body, headers)


def signed(body, secret, message_id="msg_1", at=None):
    """Standard Webhooks headers, made independently of the product's own code."""
    stamp = str(int(time.time() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": message_id, "webhook-timestamp": stamp,
            "webhook-signature": "v1," + base64.b64encode(mac).decode()}


class MailServer(Listener):
    """Answers by `answers[recipient]`, a list of replies to RCPT whose last one repeats, and by
    `answers["MAIL"]` likewise; keeps what it took. With a certificate it offers STARTTLS."""

    def __init__(self, certificate=None):
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)
        self.answers = {}
        self.asked = []  # recipients, in the order of RCPT
        self.mails = []  # (recipient, over TLS, text)
        self.lock = threading.Lock()
        super().__init__()

    def serve(self, connection):
        try:
            with connection:
                self.converse(connection)
        except (OSError, ValueError):
            pass

    def converse(self, connection):
        file, secure, recipient = connection.makefile("rwb"), False, None

        def say(text):
            file.write(text.encode() + b"\r\n")
            file.flush()

        say("220 mail.example")
        while line := file.readline().decode().strip():
            word = line.split(" ")[0].upper()
            if word == "EHLO":
                offer = self.tls and not secure
                say("250-mail.example\r\n250 STARTTLS" if offer else "250 mail.example")
            elif word == "STARTTLS":
                say("220 go on")
                connection = self.tls.wrap_socket(connection, server_side=True)
                file, secure = connection.makefile("rwb"), True
            elif word == "MAIL":
                with self.lock:
                    replies = self.answers.get("MAIL", ["250 ok"])
                    reply = replies.pop(0) if len(replies) > 1 else replies[0]
                say(reply)
            elif word == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
                say(self.reply_to(recipient))
            elif word == "DATA":
                say("354 go on")
                text = b""
                while (part := file.readline()) != b".\r\n":
                    text += part
                with self.lock:
                    self.mails.append((recipient, secure, text.decode()))
                say("250 taken")
            else:
                say("221 bye" if word == "QUIT" else "250 ok")

    def reply_to(self, recipient):
        with self.lock:
            self.asked.append(recipient)
            replies = self.answers.get(recipient, ["250 ok"])
            return replies.pop(0) if len(replies) > 1 else replies[0]

    def url(self):
        return f"smtp://localhost:{self.port}"
