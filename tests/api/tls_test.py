"""The API over TLS with a certificate made here, and what does not speak it."""
import datetime
import ipaddress
import os
import shutil
import socket
import ssl
import tempfile
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from belfry import Client, PATIENCE, Scheduler

PLAIN = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def make_certificate(folder, name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.utcnow()
    certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now - datetime.timedelta(days=1))
                   .not_valid_after(now + datetime.timedelta(days=1))
                   .add_extension(x509.SubjectAlternativeName(
                       [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
                   .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
                   .sign(key, hashes.SHA256()))
    files = os.path.join(folder, name + ".crt"), os.path.join(folder, name + ".key")
    with open(files[0], "wb") as file:
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
    with open(files[1], "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()))
    return files


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="belfry-tls-")
        cls.cert, cls.key = make_certificate(cls.folder, "service")
        cls.scheduler = Scheduler("--tls-cert", cls.cert, "--tls-key", cls.key,
                                  tls=ssl.create_default_context(cafile=cls.cert)).start()
        cls.tenant = cls.scheduler.tenant()

    @classmethod
    def tearDownClass(cls):
        cls.scheduler.remove()
        shutil.rmtree(cls.folder)

    def tearDown(self):
        # Whatever came: the next good request succeeds, on an old connection and on a new one.
        self.assertEqual(self.tenant.get("/api/v1/tasks").status, 200)
        self.assertEqual(Client(self.scheduler).get("/healthz").status, 200)

    def shake_hands(self, context, **more):
        plain = socket.create_connection(("127.0.0.1", self.scheduler.port), timeout=PATIENCE)
        try:
            return context.wrap_socket(plain, server_hostname="127.0.0.1", **more)
        except Exception:
            plain.close()
            raise

    def context(self):
        return ssl.create_default_context(cafile=self.cert)

    def all_that_comes(self, data):
        address = ("127.0.0.1", self.scheduler.port)
        with socket.create_connection(address, timeout=PATIENCE) as plain:
            plain.sendall(data)
            plain.shutdown(socket.SHUT_WR)
            received = b""
            while True:
                try:
                    part = plain.recv(65536)
                except ConnectionResetError:
                    return received
                if not part:
                    return received
                received += part

    def test_tasks_run_over_tls(self):
        task = self.tenant.submit(payload="x" * 100_000)
        self.assertEqual(self.tenant.wait(task["taskId"])["status"], "COMPLETED")

    def test_versions(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context()
            context.minimum_version = context.maximum_version = version
            with self.shake_hands(context) as connection:
                connection.sendall(PLAIN)
                self.assertTrue(connection.recv(100).startswith(b"HTTP/1.1 200"))
                name, _, bits = connection.cipher()
                self.assertTrue(name.startswith(("ECDHE", "TLS_")) and bits >= 128, name)
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            context = self.context()
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
            with self.assertRaises((ssl.SSLError, ConnectionResetError)):
                self.shake_hands(context).close()

    def test_ciphers_without_forward_secrecy_are_refused(self):
        context = self.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AES128-GCM-SHA256:AES256-SHA:ECDHE-ECDSA-AES128-SHA")
        with self.assertRaises((ssl.SSLError, ConnectionResetError)):
            self.shake_hands(context).close()

    def test_the_certificate_is_the_one_given(self):
        other, _ = make_certificate(self.folder, "other")
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.shake_hands(ssl.create_default_context(cafile=other)).close()

    def test_application_protocols(self):
        # HTTP/1.1 is spoken whatever is offered; nothing else is ever agreed on.
        for offered in (["http/1.1"], ["h2", "http/1.1"], ["h2"], ["x" * 255]):
            context = self.context()
            context.set_alpn_protocols(offered)
            with self.shake_hands(context) as connection:
                self.assertIn(connection.selected_alpn_protocol(), (None, "http/1.1"))
                connection.sendall(PLAIN)
                self.assertTrue(connection.recv(100).startswith(b"HTTP/1.1 200"))

    def test_plain_http_gets_no_http(self):
        received = self.all_that_comes(PLAIN)
        self.assertNotIn(b"HTTP/", received)
        self.assertNotIn(b"{", received)

    def test_garbage_ends_the_handshake(self):
        hello = b"\x16\x03\x01"
        for data in (b"", b"\0" * 100, b"\xff" * 5000, os.urandom(4096), hello, hello + b"\xff\xff",
                     hello + b"\x00\x00", hello + b"\x00\x05\x01\x00\x00\x01\x00",
                     hello + b"\x40\x00" + os.urandom(1 << 14),
                     b"\x80\x2e\x01\x03\x01" + bytes(50), b"\x15\x03\x03\x00\x02\x02\x28",
                     b"\x17\x03\x03\x00\x10" + bytes(16)):
            with self.subTest(data=data[:16]):
                self.assertNotIn(b"HTTP/", self.all_that_comes(data))
                self.tearDown()

    def test_garbage_after_the_handshake_ends_the_connection(self):
        with self.shake_hands(self.context()) as connection:
            plain = socket.socket(fileno=os.dup(connection.fileno()))
            plain.settimeout(PATIENCE)
            with plain:
                plain.sendall(b"\x17\x03\x03\x00\x20" + os.urandom(32))  # no record of this session
                received = b"."
                while received:
                    try:
                        received = plain.recv(65536)
                    except ConnectionResetError:
                        break
                    self.assertNotIn(b"HTTP/", received)

    def test_a_silent_handshake_holds_nobody_up(self):
        silent = [socket.create_connection(("127.0.0.1", self.scheduler.port)) for _ in range(50)]
        for connection in silent[:25]:
            connection.sendall(b"\x16\x03\x01\x02")
        self.tearDown()
        for connection in silent:
            connection.close()

    def test_a_key_that_does_not_fit_is_told_at_start(self):
        _, other = make_certificate(self.folder, "stranger")
        nowhere = os.path.join(self.folder, "nowhere.pem")
        for flags, words in ((("--tls-cert", self.cert, "--tls-key", other),
                              "cannot use the TLS key"),
                             (("--tls-cert", self.cert), "--tls-key"),
                             (("--tls-cert", nowhere, "--tls-key", nowhere), nowhere)):
            with self.subTest(flags=flags), tempfile.TemporaryFile("w+") as errors:
                with self.assertRaises(RuntimeError):
                    Scheduler(*flags, errors=errors).start()
                errors.seek(0)
                self.assertIn(words, errors.read())


if __name__ == "__main__":
    unittest.main()
