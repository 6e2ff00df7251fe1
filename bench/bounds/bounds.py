#!/usr/bin/python3
"""The memory of a scheduler whose clients take what they can: resident MiB, beside its limit.

Usage: bounds.py SCHEDULER_BINARY [--quick] [--strict] [CASE...]

Each case starts a scheduler of its own. The clients use many addresses of 127.0.0.0/8, because one
address may have a limited number of connections. --quick runs every case with few connections, and
--strict ends with 1 if a limit was passed."""
import argparse
import os
import select
import socket
import ssl
import statistics
import sys
import tempfile
import time
from pathlib import Path

LIMIT_MIB = 512
PER_ADDRESS = 900
WATCH_SECONDS = 10


def load_clients(binary):
    """The scheduler and the clients of the tests of the API."""
    os.environ["BELFRY_SCHEDULER"] = binary
    sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "api"))
    sys.dont_write_bytecode = True
    import belfry
    import tls_test
    return belfry, tls_test


def connect(port, number):
    """The connection of this number, from one of many addresses."""
    address = f"127.0.{1 + number // PER_ADDRESS}.1"
    return socket.create_connection(("127.0.0.1", port), 60, (address, 0))


def resident_mib(scheduler):
    status = Path(f"/proc/{scheduler.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


class Watch:
    """The peak of the scheduler's memory, and how long a neighbour's calls take meanwhile."""

    def __init__(self, belfry, scheduler):
        self.scheduler = scheduler
        self.neighbour = belfry.Tenant(scheduler, "neighbour")
        self.peak = resident_mib(scheduler)
        self.times = []

    def look(self):
        began = time.monotonic()
        answer = self.neighbour.get("/api/v1/tasks?limit=1&view=summary")
        assert answer.status == 200, answer.raw
        self.times.append(time.monotonic() - began)
        self.peak = max(self.peak, resident_mib(self.scheduler))

    def look_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look()
            time.sleep(0.02)


def request(tenant, method, path, *fields):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: 127.0.0.1",
                        f"Authorization: Bearer {tenant.token}", *fields, "", ""]).encode()


def unread_answers(belfry, _, quick):
    """300 answers of 8 MiB that nobody reads."""
    scheduler = belfry.Scheduler().start()
    try:
        watch = Watch(belfry, scheduler)
        tenant = scheduler.tenant()
        task = {"taskName": "large", "payload": "x" * 250_000, "target": {"type": "worker"}}
        assert tenant.post("/api/v1/tasks/bulk", [task] * 40).status == 200
        peers = [connect(scheduler.port, number) for number in range(30 if quick else 300)]
        for peer in peers:
            peer.sendall(request(tenant, "GET", "/api/v1/tasks?limit=500"))
        watch.look_for(2 if quick else WATCH_SECONDS)
        return watch, len(peers), close_all(scheduler, peers)
    finally:
        scheduler.remove()


def silent_tls(belfry, tls_test, quick):
    """9,900 TLS connections that are silent after their handshake."""
    with tempfile.TemporaryDirectory() as folder:
        files = tls_test.make_certificate(folder, "service")
        context = ssl.create_default_context(cafile=files[0])
        scheduler = belfry.Scheduler("--tls-cert", files[0], "--tls-key", files[1],
                                     tls=context).start()
        try:
            watch = Watch(belfry, scheduler)
            peers = []
            for number in range(100 if quick else 9_900):
                raw = connect(scheduler.port, number)
                peers.append(context.wrap_socket(raw, server_hostname="127.0.0.1"))
                if number % 100 == 0:
                    watch.look()
            watch.look_for(1)
            return watch, len(peers), close_all(scheduler, peers)
        finally:
            scheduler.remove()


def event_streams(belfry, _, quick):
    """9,900 event streams with heads of 24 kB; four of five are not read under load."""
    scheduler = belfry.Scheduler("--streams-max", "9900").start()
    try:
        watch = Watch(belfry, scheduler)
        count = 100 if quick else 9_900
        tenants = [scheduler.tenant(f"tenant {n}") for n in range(10)]
        fill = [f"X-Fill-{n}: {'x' * 7_600}" for n in range(3)]
        peers = []
        for number in range(count):
            peer = connect(scheduler.port, number)
            peer.sendall(request(tenants[number % 10], "GET", "/api/v1/events", *fill))
            assert b" 200 " in peer.recv(64), "the stream was refused"
            peers.append(peer)
            if number % 100 == 0:
                watch.look()
        watch.look_for(1)
        read = peers[:count // 5]
        tasks = [{"taskName": "quick", "target": {"type": "echo"}}] * 1_000
        for round_ in range(2):
            for tenant in tenants[:1 if quick else 10]:
                assert tenant.post("/api/v1/tasks/bulk", tasks).status == 200
                drain(read)
                watch.look()
        for _ in range(20 if quick else 200):
            drain(read)
            watch.look()
        return watch, len(peers), close_all(scheduler, peers)
    finally:
        scheduler.remove()


def bulk_bodies(belfry, _, quick):
    """The largest legal and illegal bulk bodies, four at a time."""
    scheduler = belfry.Scheduler().start()
    try:
        watch = Watch(belfry, scheduler)
        tenants = [scheduler.tenant(f"tenant {n}") for n in range(4)]
        legal = b'[' + b','.join([b'{"taskName":"t","payload":"%s"}' % (b"x" * 16_600)] * 1_000) + b']'
        headers = b','.join(b'"a b%d":""' % n for n in range(1_200_000))
        illegal = b'[{"taskName":"t","target":{"type":"http","url":"http://h/","headers":{' + headers[
            :16_000_000].rsplit(b',', 1)[0] + b'}}}]'
        for body in (legal, illegal):
            peers = [connect(scheduler.port, number) for number in range(4)]
            for tenant, peer in zip(tenants, peers):
                peer.sendall(request(tenant, "POST", "/api/v1/tasks/bulk",
                                     "Content-Type: application/json", f"Content-Length: {len(body)}"))
            sent = [0] * len(peers)
            while any(count < len(body) for count in sent):
                for index, peer in enumerate(peers):
                    part = body[sent[index]:sent[index] + 200_000]
                    try:
                        sent[index] += peer.send(part) if part else 0
                    except OSError:
                        sent[index] = len(body)  # refused already
            for peer in peers:
                while not select.select([peer], [], [], 0)[0]:
                    watch.look()
            close_all(scheduler, peers)
        return watch, 8, resident_mib(scheduler)
    finally:
        scheduler.remove()


def drain(peers):
    """Reads what has come."""
    poll = select.poll()
    by_number = {peer.fileno(): peer for peer in peers}
    for number in by_number:
        poll.register(number, select.POLLIN)
    for number, _ in poll.poll(0):
        try:
            by_number[number].recv(1 << 20)
        except OSError:
            pass


def close_all(scheduler, peers):
    """The memory that is left once all connections are closed and freed memory was given back."""
    for peer in peers:
        peer.close()
    end = time.monotonic() + 25
    while time.monotonic() < end:
        left = resident_mib(scheduler)
        if left < 150:
            break
        time.sleep(1)
    return left


CASES = {case.__name__: case for case in (unread_answers, silent_tls, event_streams, bulk_bodies)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--strict", action="store_true")
    arguments = parser.parse_intermixed_args()
    for name in arguments.cases:
        if name not in CASES:
            print(f"error: there is no benchmark {name}", file=sys.stderr)
            return 1
    belfry, tls_test = load_clients(arguments.binary)
    held = True
    for name in arguments.cases or CASES:
        watch, count, left = CASES[name](belfry, tls_test, arguments.quick)
        held = held and watch.peak <= LIMIT_MIB
        slowest = max(watch.times) * 1_000
        median = statistics.median(watch.times) * 1_000
        print(f"{name}, {count} at once: peak {watch.peak:.0f} MiB, limit {LIMIT_MIB} MiB; "
              f"{left:.0f} MiB afterwards; a neighbour's calls p50 {median:.1f} ms, "
              f"slowest {slowest:.0f} ms", flush=True)
    return 0 if held or not arguments.strict else 1


if __name__ == "__main__":
    sys.exit(main())
