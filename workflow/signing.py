"""Ed25519 signatures (RFC 8032) for audit anchors, with keys in the PEM forms that OpenSSL reads and writes.

Keys are made and used by the package cryptography. Checking a signature needs no secret and stands in
`verify_export`, which outsiders run without any package; tests hold the two against each other."""

from dataclasses import dataclass, field
from functools import cached_property

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from models.errors import ChargehandError
from workflow.verify_export import key_id


class KeyUnusable(ChargehandError):
    """The key for signing audit anchors cannot be used: {why}. Make one with `chargehand audit key`."""

    retry = "with a fix"


@dataclass(frozen=True)
class SigningKey:
    """A private key."""

    seed: bytes = field(repr=False)  # 32 bytes

    @classmethod
    def generate(cls) -> "SigningKey":
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def from_pem(cls, text: str) -> "SigningKey":
        """Raises KeyUnusable."""
        try:
            key = load_pem_private_key(text.encode(), password=None)
        except TypeError as error:
            raise KeyUnusable(why="it is locked with a password") from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise KeyUnusable(why="there is no private key in PEM") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyUnusable(why="it is not an Ed25519 key")
        return cls(key.private_bytes_raw())

    @property
    def id(self) -> str:
        return key_id(self.public)

    @property
    def pem(self) -> str:
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def public_pem(self) -> str:
        spki = PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(Encoding.PEM, spki).decode()

    @property
    def public(self) -> bytes:
        """32 bytes."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes; the same message has the same one."""
        return self._key.sign(message)

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)
