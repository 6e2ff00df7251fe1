"""Requests of tenants take turns, however many one of them has sent before."""
import json
import os
import signal
import socket
import unittest

from belfry import PATIENCE, Scheduler, Tenant

GREEDY = 600
PER_ADDRESS = 200


def submission(tenant):
    body = json.dumps({"taskName": "turns", "target": {"type": "worker"}})
    return "\r\n".join(["POST /api/v1/tasks HTTP/1.1", "Host: 127.0.0.1",
                        f"Authorization: Bearer {tenant.token}", "Content-Type: application/json",
                        f"Content-Length: {len(body)}", "Connection: close", "", body]).encode()


def answer(peer):
    text = b""
    while part := peer.recv(65_536):
        text += part
    return text


class Turns(unittest.TestCase):
    def setUp(self):
        self.scheduler = Scheduler("--io-threads", "1").start()
        self.addCleanup(self.scheduler.remove)
        self.greedy = self.scheduler.tenant("greedy")
        self.polite = Tenant(self.scheduler, "polite")

    def connect(self, number):
        """A connection from one of several addresses, since one may have a limited number."""
        peer = socket.create_connection(("127.0.0.1", self.scheduler.port), PATIENCE,
                                        (f"127.0.{1 + number // PER_ADDRESS}.1", 0))
        self.addCleanup(peer.close)
        peer.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        self.assertIn(b" 200 ", peer.recv(65_536))  # it has been accepted
        return peer

    def stop_process(self):
        os.kill(self.scheduler.process.pid, signal.SIGSTOP)
        os.waitpid(self.scheduler.process.pid, os.WUNTRACED)

    def tasks_before_the_last(self, tenant):
        """How many tasks of a flood were made before that of a request which was sent after all of
        it. All is sent before the server reads, so that no load of this machine changes the order."""
        *flood, last = [self.connect(number) for number in range(GREEDY + 1)]
        self.connect(GREEDY)  # what the server talked to last is what it may look at first
        self.stop_process()
        try:
            for peer in flood:
                peer.sendall(submission(self.greedy))
            last.sendall(submission(tenant))
        finally:
            os.kill(self.scheduler.process.pid, signal.SIGCONT)
        own = self.task_id(last)
        return sum(self.task_id(peer) < own for peer in flood)  # ids are in the order of their making

    def task_id(self, peer):
        text = answer(peer)
        self.assertTrue(text.startswith(b"HTTP/1.1 201 "), text)
        return json.loads(text.split(b"\r\n\r\n", 1)[1])["taskId"]

    def test_a_request_of_another_tenant_overtakes_most_of_a_flood(self):
        self.assertLess(self.tasks_before_the_last(self.polite), GREEDY / 2)

    def test_one_of_the_same_tenant_waits_for_its_turn(self):
        """The negative control of the test above: without another tenant nobody overtakes."""
        self.assertGreater(self.tasks_before_the_last(self.greedy), GREEDY * 0.9)


if __name__ == "__main__":
    unittest.main()
