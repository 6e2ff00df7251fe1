"""Signs tokens of any claims with the service's own key, read from its data folder with the master
key beside it: what an attacker could not do, and the only way to show that each claim is judged."""
import base64
import ctypes
import ctypes.util
import json
import os
import sqlite3

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature


def encode(data):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def parts(token):
    header, claims, _ = token.split(".")
    return json.loads(decode(header)), json.loads(decode(claims))


def open_sealed(folder, sealed, place):
    """XChaCha20-Poly1305 by libsodium itself; the product's code has no part in it."""
    with open(os.path.join(folder, "master.key")) as file:
        master = base64.b64decode(file.read())
    box = decode(sealed.split(".")[2])
    sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
    plain = ctypes.create_string_buffer(len(box) - 24 - 16)
    opened = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
        plain, None, None, box[24:], ctypes.c_ulonglong(len(box) - 24), place.encode(),
        ctypes.c_ulonglong(len(place)), box[:24], master)
    assert opened == 0, "the master key does not open the signing key"
    return plain.raw


def private_key_of(scheduler, kid):
    base = sqlite3.connect(f"file:{scheduler.folder}/belfry.db?mode=ro", uri=True)
    try:
        (sealed,), = base.execute("SELECT sealed_jwk FROM signing_keys WHERE kid = ?", (kid,))
    finally:
        base.close()
    sealed = sealed.decode() if isinstance(sealed, bytes) else sealed
    jwk = json.loads(open_sealed(scheduler.folder, sealed, "signing_keys.sealed_jwk:" + kid))
    return ec.derive_private_key(int.from_bytes(decode(jwk["d"]), "big"), ec.SECP256R1())


class Forge:
    def __init__(self, scheduler, token):
        self.header, self.claims = parts(token)
        self.key = private_key_of(scheduler, self.header["kid"])

    def sign(self, header=None, drop=(), key=None, **claims):
        """A token like the good one, with members of its header and claims changed or left out."""
        head = {k: v for k, v in {**self.header, **(header or {})}.items() if k not in drop}
        body = {k: v for k, v in {**self.claims, **claims}.items() if k not in drop}
        text = f"{encode(head)}.{encode(body)}"
        return text + "." + encode(self.raw_signature(text, key or self.key))

    @staticmethod
    def raw_signature(text, key):
        r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
