"""Signatures of the Standard Webhooks specification, version 1: HMAC-SHA256 over `id.timestamp.body`.

The secret of an endpoint is derived from the installation's key, so that it is kept nowhere: who reads the
database, or its backup, signs nothing. Another key means other secrets for all."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID

PREFIX = "whsec_"


def secret_of(key: bytes, webhook_id: UUID, generation: int) -> str:
    """The secret as the receiver keeps it: `whsec_` and 32 bytes in base64."""
    derived = hmac.new(key, f"webhook:{webhook_id}:{generation}".encode(), hashlib.sha256).digest()
    return PREFIX + base64.b64encode(derived).decode()


def message_id(event_id: UUID) -> str:
    """An event's id as `webhook-id`."""
    return f"msg_{event_id.hex}"


def signatures(secrets: Sequence[str], message: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature a secret, for receivers that rotate."""
    signed = f"{message}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets)


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
