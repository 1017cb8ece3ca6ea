"""Ed25519 signatures (RFC 8032) for audit anchors, with keys in the PEM forms that OpenSSL reads and writes.

No library of cryptography is among the dependencies, and the stand-alone verifier must have none, so both
share one implementation, tested against the RFC's vectors and against OpenSSL. Python's integers do not take
constant time: keep the private key where no stranger can time the process, and do not sign for strangers."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from functools import cached_property

from models.errors import ChargehandError
from workflow.verify_export import BASE, NEUTRAL, ORDER, SPKI, Unreadable, add, encode, key_id, unarmoured

PKCS8 = bytes.fromhex("302e020100300506032b657004220420")  # what a private key begins with in DER


class KeyUnusable(ChargehandError):
    """The key for signing audit anchors cannot be used: {why}. Make one with `chargehand audit key`."""

    retry = "with a fix"


@dataclass(frozen=True)
class SigningKey:
    """A private key."""

    seed: bytes = field(repr=False)  # 32 bytes

    @classmethod
    def generate(cls) -> "SigningKey":
        return cls(secrets.token_bytes(32))

    @classmethod
    def from_pem(cls, text: str) -> "SigningKey":
        """Raises KeyUnusable."""
        try:
            return cls(unarmoured(text, "PRIVATE KEY", PKCS8))
        except Unreadable as error:
            raise KeyUnusable(why=f"there is {error}") from error

    @property
    def id(self) -> str:
        return key_id(self.public)

    @property
    def pem(self) -> str:
        return _armoured("PRIVATE KEY", PKCS8 + self.seed)

    @property
    def public_pem(self) -> str:
        return _armoured("PUBLIC KEY", SPKI + self.public)

    @cached_property
    def public(self) -> bytes:
        return encode(_times_base(self._scalar))

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes; the same message has the same one."""
        nonce = _number(self._expanded[32:] + message)
        commitment = encode(_times_base(nonce))
        challenge = _number(commitment + self.public + message)
        return commitment + ((nonce + challenge * self._scalar) % ORDER).to_bytes(32, "little")

    @property
    def _expanded(self) -> bytes:
        return hashlib.sha512(self.seed).digest()

    @property
    def _scalar(self) -> int:
        """Clamped: a multiple of 8 with its highest bit set."""
        low = int.from_bytes(self._expanded[:32], "little")
        return (low & ((1 << 254) - 8)) | (1 << 254)


def _number(data: bytes) -> int:
    return int.from_bytes(hashlib.sha512(data).digest(), "little") % ORDER


def _times_base(scalar: int) -> tuple[int, int, int, int]:
    """A multiple of the base point: every bit costs a doubling and an addition, whether it is set or not."""
    total = NEUTRAL
    for bit in reversed(range(255)):
        total = add(total, total)
        more = add(total, BASE)
        total = more if scalar >> bit & 1 else total
    return total


def _armoured(kind: str, der: bytes) -> str:
    return f"-----BEGIN {kind}-----\n{base64.b64encode(der).decode()}\n-----END {kind}-----\n"
