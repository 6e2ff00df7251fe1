"""Pushes to a handler that ends its connections as real servers do, and what a handler sees of them."""
import http.client
import os
import shutil
import socket
import ssl
import tempfile
import threading
import unittest
import unittest.mock

import belfry
from belfry import Scheduler
from tls_test import make_certificate

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class PoliteHandler:
    """Answers one request on each TLS connection, then says close_notify and leaves TCP open."""

    def __init__(self, cert, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.requests, self.open = [], []
        self.ended = threading.Semaphore(0)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.converse, args=(plain,), daemon=True).start()

    def converse(self, plain):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = self.context.wrap_bio(incoming, outgoing, server_side=True)
        self.open.append(plain)
        # Else the kernel keeps the close_notify back until the answer is acknowledged, up to 40 ms.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def until_done(step):
            while True:
                try:
                    result = step()
                except ssl.SSLWantReadError:
                    plain.sendall(outgoing.read())
                    incoming.write(plain.recv(65536))
                    continue
                plain.sendall(outgoing.read())
                return result

        until_done(session.do_handshake)
        text = b""
        while b"\r\n\r\n" not in text:
            text += until_done(lambda: session.read(65536))
        self.requests.append(text)
        until_done(lambda: session.write(ANSWER))
        try:
            session.unwrap()  # writes close_notify; the client's is not waited for
        except ssl.SSLWantReadError:
            plain.sendall(outgoing.read())
        self.ended.release()

    def target(self):
        return {"type": "http", "url": f"https://127.0.0.1:{self.port}/run"}

    def close(self):
        self.listener.close()
        for plain in self.open:
            plain.close()


class Connections(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="belfry-connections-")
        cls.cert, cls.key = make_certificate(cls.folder, "handler")
        os.environ["SSL_CERT_FILE"] = cls.cert
        try:
            cls.scheduler = Scheduler().start()
        finally:
            del os.environ["SSL_CERT_FILE"]
        cls.tenant = cls.scheduler.tenant()

    @classmethod
    def tearDownClass(cls):
        cls.scheduler.remove()
        shutil.rmtree(cls.folder)

    def run_tasks(self, attempts):
        handler = PoliteHandler(self.cert, self.key)
        try:
            for number in range(1, 5):
                task = self.tenant.submit(target=handler.target(), payload={"n": number},
                                          maxRetries=attempts)
                ended = self.tenant.wait(task["taskId"])
                self.assertEqual((ended["status"], ended["retryCount"]), ("COMPLETED", 0), number)
                self.assertEqual([attempt["outcome"] for attempt in ended["attempts"]
                                  if attempt["outcome"] != "completed"], [], (number, ended["attempts"]))
                handler.ended.acquire()
                self.assertEqual(len(handler.requests), number)
        finally:
            handler.close()
        return handler.requests

    def test_a_polite_end_between_pushes_costs_no_attempt(self):
        self.run_tasks(attempts=2)

    def test_a_task_with_one_attempt_reaches_such_a_handler(self):
        self.run_tasks(attempts=1)


class TersePeer(belfry.Listener):
    """Answers with a status line that has no phrase, nor the blank before it, as some frameworks do."""

    def serve(self, peer):
        with peer:
            text = b""
            while b"\r\n\r\n" not in text:
                text += peer.recv(65536)
            peer.sendall(b"HTTP/1.1 200\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


class StatusLines(unittest.TestCase):
    def test_a_status_line_without_a_phrase_is_an_answer(self):
        scheduler, peer = Scheduler().start(), TersePeer()
        self.addCleanup(scheduler.remove)
        self.addCleanup(peer.close)
        tenant = scheduler.tenant()
        task = tenant.submit(target={"type": "http", "url": f"http://127.0.0.1:{peer.port}/run"})
        ended = tenant.wait(task["taskId"])
        self.assertEqual((ended["status"], ended["attempt"]), ("COMPLETED", 1), ended["errorMessage"])


class FewDescriptors(unittest.TestCase):
    """Idle clients take every descriptor that they can get of a process that may have 256."""

    def setUp(self):
        folder = tempfile.mkdtemp(prefix="belfry-descriptors-")
        self.addCleanup(shutil.rmtree, folder)
        wrapper = os.path.join(folder, "scheduler")
        with open(wrapper, "w") as file:
            file.write(f'#!/bin/sh\nulimit -n 256\nexec "{belfry.BINARY}" "$@"\n')
        os.chmod(wrapper, 0o755)
        self.receiver = belfry.Receiver()
        self.addCleanup(self.receiver.close)
        with unittest.mock.patch.object(belfry, "BINARY", wrapper):
            self.scheduler = Scheduler().start()
        self.addCleanup(self.scheduler.remove)
        self.tenant = self.scheduler.tenant()

    def submit_among_idle_ones(self):
        """A full server closes what is idle, and turns clients away while many come at once."""
        def submitted():
            self.tenant.close()
            try:
                return self.tenant.submit(target=self.receiver.target(), maxRetries=1)
            except (OSError, http.client.HTTPException):
                return None
        return belfry.until(submitted, "no connection was served")

    def open_idle_ones(self):
        for _ in range(400):
            idle = socket.create_connection(("127.0.0.1", self.scheduler.port))
            self.addCleanup(idle.close)

    def test_idle_clients_do_not_cost_pushes_their_attempts(self):
        self.open_idle_ones()
        for _ in range(5):
            task = self.submit_among_idle_ones()
            self.assertEqual(self.tenant.wait(task["taskId"])["status"], "COMPLETED")

    def test_pushes_run_that_become_due_among_idle_clients(self):
        for _ in range(10):
            self.tenant.submit(target=self.receiver.target("/due"), maxRetries=1, delayMs=2_000)
        self.open_idle_ones()
        self.receiver.wait_for("/due", 10)


if __name__ == "__main__":
    unittest.main()
