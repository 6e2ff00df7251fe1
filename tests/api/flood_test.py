"""What clients that waste the server get, under a limit of the process's memory."""
import http.client
import json
import os
import resource
import select
import socket
import ssl
import tempfile
import unittest

from belfry import Client, PATIENCE, Scheduler, Tenant
from tls_test import make_certificate

MIB = 1024 * 1024


def connect(scheduler, number=0):
    """A connection from one of many addresses, since one address may have a limited number."""
    return socket.create_connection(("127.0.0.1", scheduler.port), PATIENCE,
                                    (f"127.0.{1 + number // 100}.1", 0))


def head(tenant, method, path, *fields):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: 127.0.0.1",
                        f"Authorization: Bearer {tenant.token}", *fields, "", ""]).encode()


def status_line(peer):
    """The first line of an answer, without the rest of it."""
    line = b""
    while not line.endswith(b"\r\n"):
        byte = peer.recv(1)
        if not byte:
            break
        line += byte
    return line.decode()


def resident_kib(scheduler):
    with open(f"/proc/{scheduler.process.pid}/status") as file:
        return int(file.read().split("VmRSS:")[1].split()[0])


def setUpModule():
    if os.environ.get("BELFRY_SANITIZE"):
        raise unittest.SkipTest("a sanitizer's own memory is larger than the limits tested here")


class FloodCase(unittest.TestCase):
    FLAGS = ()
    MEMORY_MIB = 400  # of writable memory: stacks, heaps, and what the libraries write

    def setUp(self):
        self.scheduler = Scheduler(*self.FLAGS).start()
        self.addCleanup(self.scheduler.remove)
        self.tenant = self.scheduler.tenant()
        limit = self.MEMORY_MIB * MIB
        resource.prlimit(self.scheduler.process.pid, resource.RLIMIT_DATA, (limit, limit))

    def flood(self, count, text, first=0):
        peers = []
        for number in range(count):
            peer = connect(self.scheduler, first + number)
            self.addCleanup(peer.close)
            peer.sendall(text)
            peers.append(peer)
        return peers


class UnreadAnswers(FloodCase):
    FLAGS = ("--stall-seconds", "30")

    def setUp(self):
        super().setUp()
        task = {"taskName": "large", "payload": "x" * 250_000, "target": {"type": "worker"}}
        self.assertEqual(self.tenant.post("/api/v1/tasks/bulk", [task] * 40).status, 200)

    def refused(self, peers):
        statuses = [status_line(peer) for peer in peers]
        self.assertIn("HTTP/1.1 200 OK\r\n", statuses)
        return [peer for peer, status in zip(peers, statuses) if " 503 " in status]

    def get_again(self, path):
        """Until the server has noticed that the readers are gone."""
        answer = self.tenant.get(path)
        while answer.status == 503:
            answer = self.tenant.get(path)
        self.assertEqual(answer.status, 200, answer.raw)
        return answer

    def assert_overloaded(self, peer):
        text = b""
        while b"}" not in text:
            text += peer.recv(65_536)
        self.assertIn(b"urn:belfry:problem:overloaded", text)
        self.assertIn(b"--answer-mib", text)
        self.assertIn(b"Retry-After: ", text)

    def test_pages_that_nobody_reads_hold_a_share_and_no_more(self):
        peers = self.flood(60, head(self.tenant, "GET", "/api/v1/tasks?limit=500"))
        refused = self.refused(peers)
        self.assertGreater(len(refused), 40)
        self.assert_overloaded(refused[0])
        neighbour = Tenant(self.scheduler, "neighbour")
        self.assertEqual(neighbour.get("/api/v1/tasks?limit=1").status, 200)
        for peer in peers:
            peer.close()
        self.assertGreater(len(self.get_again("/api/v1/tasks?limit=500").json), 30)

    def test_claims_that_nobody_reads_hold_a_share_and_no_more(self):
        task = {"taskName": "large", "payload": "x" * 250_000, "target": {"type": "worker"}}
        for _ in range(6):
            self.assertEqual(self.tenant.post("/api/v1/tasks/bulk", [task] * 60).status, 200)
        body = json.dumps({"max": 1000}).encode()
        text = head(self.tenant, "POST", "/api/v1/leases", "Content-Type: application/json",
                    f"Content-Length: {len(body)}") + body
        peers = self.flood(22, text)
        refused = self.refused(peers)
        self.assertTrue(refused)
        self.assert_overloaded(refused[0])
        # What was refused was not leased.
        for peer in peers:
            peer.close()
        self.assertEqual(len(self.get_again("/api/v1/tasks?status=PENDING&limit=1").json), 1)


class Readers(FloodCase):
    FLAGS = ("--stall-seconds", "1")

    def test_a_reader_that_takes_nothing_is_disconnected(self):
        task = {"taskName": "large", "payload": "x" * 250_000, "target": {"type": "worker"}}
        self.assertEqual(self.tenant.post("/api/v1/tasks/bulk", [task] * 40).status, 200)
        peer, = self.flood(1, head(self.tenant, "GET", "/api/v1/tasks?limit=500"))
        watch = select.poll()
        watch.register(peer, select.POLLRDHUP)
        self.assertTrue(watch.poll(PATIENCE * 1_000), "the server waits for ever")
        received = 0
        try:
            while part := peer.recv(MIB):
                received += len(part)
        except ConnectionResetError:
            pass
        self.assertLess(received, 8 * MIB)


class ScarceMemory(FloodCase):
    def test_a_read_that_finds_no_memory_is_refused_and_the_service_goes_on(self):
        task = {"taskName": "large", "payload": "x" * 250_000, "target": {"type": "worker"}}
        for _ in range(2):
            self.assertEqual(self.tenant.post("/api/v1/tasks/bulk", [task] * 40).status, 200)
        process = self.scheduler.process.pid
        with open(f"/proc/{process}/status") as file:
            held = int(file.read().split("VmData:")[1].split()[0]) * 1024
        resource.prlimit(process, resource.RLIMIT_DATA, (held + 4 * MIB, self.MEMORY_MIB * MIB))
        try:
            refused = self.tenant.get("/api/v1/tasks?limit=500")
            self.assertEqual((refused.status, refused.problem), (503, "overloaded"), refused.raw[:300])
        except http.client.RemoteDisconnected:
            pass  # There was no memory for an answer either.
        resource.prlimit(process, resource.RLIMIT_DATA, (self.MEMORY_MIB * MIB,) * 2)
        self.assertEqual(self.tenant.get("/api/v1/tasks?limit=500").status, 200)
        self.tenant.submit()


class SilentTls(unittest.TestCase):
    def test_silent_connections_hold_little(self):
        with tempfile.TemporaryDirectory() as folder:
            files = make_certificate(folder, "service")
            context = ssl.create_default_context(cafile=files[0])
            scheduler = Scheduler("--tls-cert", files[0], "--tls-key", files[1],
                                  tls=context).start()
            self.addCleanup(scheduler.remove)
            self.assertEqual(Client(scheduler).get("/healthz").status, 200)
            before = resident_kib(scheduler)
            peers = []
            for number in range(600):
                raw = connect(scheduler, number)
                peers.append(context.wrap_socket(raw, server_hostname="127.0.0.1"))
                self.addCleanup(peers[-1].close)
            each = (resident_kib(scheduler) - before) / len(peers)
            self.assertLess(each, 45, "KiB per connection; 9,900 must stay under 512 MiB")


class LongHeads(FloodCase):
    def test_streams_hold_nothing_of_their_heads(self):
        fields = [f"X-Fill-{number}: {'x' * 7_500}" for number in range(3)]
        before = resident_kib(self.scheduler)
        peers = self.flood(600, head(self.tenant, "GET", "/api/v1/events", *fields))
        for peer in peers:
            self.assertEqual(status_line(peer), "HTTP/1.1 200 OK\r\n")
        each = (resident_kib(self.scheduler) - before) / len(peers)
        self.assertLess(each, 45, "KiB per stream; 9,900 must stay under 512 MiB")


class Streams(FloodCase):
    FLAGS = ("--streams-max", "6", "--streams-per-tenant", "4")

    def assert_limited(self, answer, flag):
        self.assertEqual((answer.status, answer.problem), (429, "rate_limited"))
        self.assertIn(flag, answer.json["detail"])
        self.assertTrue(answer.headers["Retry-After"])

    def test_streams_and_long_polls_are_limited_per_tenant_and_in_total(self):
        stream = head(self.tenant, "GET", "/api/v1/events")
        streams = self.flood(4, stream)
        for peer in streams:
            self.assertEqual(status_line(peer), "HTTP/1.1 200 OK\r\n")
        self.assert_limited(self.tenant.get("/api/v1/events"), "--streams-per-tenant")
        self.assert_limited(self.tenant.post("/api/v1/leases", {"waitMs": 20_000}),
                            "--streams-per-tenant")
        self.assertEqual(self.tenant.post("/api/v1/leases", {}).status, 200, "it does not wait")
        other = self.scheduler.tenant("other")
        for peer in self.flood(2, head(other, "GET", "/api/v1/events")):
            self.assertEqual(status_line(peer), "HTTP/1.1 200 OK\r\n")
        self.assert_limited(other.get("/api/v1/events"), "--streams-max")
        streams[0].close()
        status = ""
        while status != "HTTP/1.1 200 OK\r\n":  # once the server has noticed
            peer, = self.flood(1, stream)
            status = status_line(peer)


class Connections(FloodCase):
    FLAGS = ("--connections-per-address", "3")

    def test_one_address_leaves_room_for_others(self):
        peers = [socket.create_connection(("127.0.0.1", self.scheduler.port), PATIENCE,
                                          ("127.0.9.9", 0)) for _ in range(4)]
        for peer in peers:
            self.addCleanup(peer.close)
        text = peers[3].recv(65_536)
        self.assertTrue(text.startswith(b"HTTP/1.1 429 "), text)
        self.assertIn(b"--connections-per-address", text)
        self.assertEqual(self.tenant.get("/healthz").status, 200)


class BulkBodies(FloodCase):
    def test_unfinished_bodies_of_one_tenant_leave_room_for_others(self):
        text = head(self.tenant, "POST", "/api/v1/tasks/bulk", "Content-Type: application/json",
                    f"Content-Length: {16 * MIB}")
        for peer in self.flood(6, text):
            try:
                peer.sendall(b"[" + b" " * (12 * MIB))
            except OSError:
                pass  # refused already
        other = self.scheduler.tenant("other")
        tasks = [{"taskName": "t", "payload": "x" * 10_000}] * 500
        self.assertEqual(other.post("/api/v1/tasks/bulk", tasks).status, 200)

    def test_unfinished_bodies_of_strangers_leave_room_for_other_addresses(self):
        text = (b"POST /api/v1/auth/token HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                b"Content-Type: application/json\r\nContent-Length: 16384\r\n"
                b"Expect: 100-continue\r\n\r\n")

        def begin_from(address):
            """Who is invited to send its body holds room for it until the body has come."""
            peer = socket.create_connection(("127.0.0.1", self.scheduler.port), PATIENCE, (address, 0))
            self.addCleanup(peer.close)
            peer.sendall(text)
            return status_line(peer)

        invited, refused = "HTTP/1.1 100 Continue\r\n", "HTTP/1.1 503 Service Unavailable\r\n"
        # Together they ask for more than all strangers may have.
        self.assertEqual({begin_from("127.0.9.9") for _ in range(520)}, {invited, refused})
        self.assertEqual(begin_from("127.0.9.10"), invited)


if __name__ == "__main__":
    unittest.main()
