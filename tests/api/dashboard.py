"""The dashboard's server over real sockets, as a browser's page uses it."""
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading

from belfry import Answer, PATIENCE

BINARY = os.environ.get("BELFRY_DASHBOARD", "")


class Dashboard:
    def __init__(self, scheduler_url, *flags):
        self.process = subprocess.Popen(
            [BINARY, "--listen", "127.0.0.1:0", "--scheduler", scheduler_url, "--log-level", "warn",
             *flags], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        match = re.match(r"listening on https?://127\.0\.0\.1:(\d+)(\S*)", line)
        assert match, f"the dashboard did not start: {line!r}"
        self.port, self.prefix = int(match[1]), match[2]

    def stop(self):
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.process = None
        return status


class Relay:
    """Stands between the dashboard and the scheduler and keeps the tokens that pass."""

    def __init__(self, port):
        self.tokens = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(port,), daemon=True).start()

    def accept(self, port):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", port))
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self.copy, args=ends, daemon=True).start()

    def copy(self, source, sink):
        with source, sink:
            try:
                while part := source.recv(65536):
                    self.tokens += re.findall(rb"Authorization: Bearer (\S+)\r\n", part)
                    sink.sendall(part)
            except OSError:
                pass
            for end in (source, sink):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()


class Browser:
    """One browser: it has a cookie, and sends what a page of the dashboard's own would."""

    def __init__(self, dashboard):
        self.dashboard = dashboard
        self.cookie = None
        self.csrf = ""

    def call(self, method, path, body=None, headers=None, raw=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.dashboard.port, timeout=PATIENCE)
        try:
            data = json.dumps(body).encode() if body is not None else raw
            sent = {"X-CSRF-Token": self.csrf, "Sec-Fetch-Site": "same-origin"}
            if data is not None:
                sent["Content-Type"] = "application/json"
            if self.cookie:
                sent["Cookie"] = self.cookie
            sent.update(headers or {})
            sent = {name: value for name, value in sent.items() if value is not None}
            connection.request(method, self.dashboard.prefix + path, data, sent)
            response = connection.getresponse()
            if given := response.getheader("Set-Cookie"):
                self.cookie = given.split(";")[0]
            return Answer(response, response.read())
        finally:
            connection.close()

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, body=None, **more):
        if body is None and "raw" not in more:
            body = {}
        return self.call("POST", path, body, **more)

    def sign_in(self, key):
        answer = self.post("/api/session", {"apiKey": key})
        if answer.status == 200:
            self.csrf = answer.json["csrf"]
        return answer

    def register(self, name):
        answer = self.post("/api/session/register", {"tenantName": name})
        assert answer.status == 201, answer.raw
        self.csrf = answer.json["session"]["csrf"]
        return answer.json


class Live:
    """An open live stream; `next()` is its next event as (name, data), pings left out."""

    def __init__(self, browser, path="/api/live"):
        self.connection = http.client.HTTPConnection("127.0.0.1", browser.dashboard.port,
                                                     timeout=PATIENCE)
        self.connection.request("GET", browser.dashboard.prefix + path,
                                headers={"Cookie": browser.cookie})
        self.answer = self.connection.getresponse()
        self.status = self.answer.status
        self.browser = browser
        self.watch_path = path.split("?")[0] + "/watch"
        self.id = self.next()[1]["connection"] if self.status == 200 else None

    def next(self):
        name, data = None, None
        while True:
            line = self.answer.readline().decode()
            if line == "":
                return None
            line = line.rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data = json.loads(line[6:])
            elif line == "" and name and name != "ping":
                return name, data

    def until(self, wanted):
        while True:
            event = self.next()
            assert event is not None, "the stream ended"
            if wanted(*event):
                return event

    def watch(self, *ids, tasks=True):
        return self.browser.post(self.watch_path,
                                 {"connection": self.id, "taskIds": list(ids), "tasks": tasks,
                                  "lists": [{}]})

    def close(self):
        self.answer.close()
        self.connection.close()
