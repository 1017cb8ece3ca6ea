"""Secrets that are handed out once and kept only as a hash."""

import hashlib
import secrets


def new_secret(prefix: str = "") -> str:
    """256 bits, safe in an address and in a header."""
    return prefix + secrets.token_urlsafe(32)


def sha256(secret: str) -> bytes:
    """As it is kept. Without salt or stretching: there is nothing to guess in 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()
