"""Anchors: signed statements of the log's newest entry, kept outside the database. Whoever rewrites the log
must also forge them. Each names the one before, so that one taken away is missed; the log names each, so that
the newest taken away is missed too."""

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

from models.errors import ChargehandError
from store.db import Tx
from workflow.signing import SigningKey
from workflow.verify import Tip
from workflow.verify_export import ANCHOR_FORMAT, ANCHOR_SUFFIX, KEY_SUFFIX, anchor_files

ANCHOR_LOCK = 0x43_48_41_4E  # "CHAN"
PATIENCE = 2  # an anchor is overdue after so many times its interval


class AnchorsUnwritable(ChargehandError):
    """The anchor could not be written to {folder}: {why}. The log itself is not touched."""

    status = 503
    retry = "later"


@dataclass(frozen=True)
class Anchored:
    """An anchor as the log tells of it."""

    entry: int  # that tells of it
    at: datetime
    name: str
    seq: int
    hash: str


def last_anchored(tx: Tx) -> Anchored | None:
    """The newest anchor that the log tells of, as the caller may see it."""
    return tx.row("audit.anchored", Anchored, limit=1)


def overdue(last: Anchored | None, now: datetime, every: timedelta) -> bool:
    """Whether the next anchor should have been there long ago."""
    return last is None or now - last.at > PATIENCE * every


def write_if_due(
    tx: Tx, folder: Path, key: Callable[[], SigningKey], now: datetime, every: timedelta
) -> str | None:
    """Write an anchor unless the last one is younger than the interval; its name. Role: worker."""
    tx.value("audit.one_anchors", key=ANCHOR_LOCK)
    last = last_anchored(tx)
    return None if last and now - last.at < every else write(tx, folder, key(), now)


def write(tx: Tx, folder: Path, key: SigningKey, now: datetime) -> str:
    """Write an anchor of the newest entry into the folder, and say so in the log; its name. The public key is
    put beside it. One at a time: each names the one before. Role: worker. Raises AnchorsUnwritable."""
    tx.value("audit.one_anchors", key=ANCHOR_LOCK)
    (tip,) = tx.rows("audit.tip", Tip)
    name = f"{tip.seq:012}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{ANCHOR_SUFFIX}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = anchor_files(folder)
        statement = _canonical(
            {
                "format": ANCHOR_FORMAT,
                "log": str(tx.value("audit.log_id")),
                "seq": tip.seq,
                "hash": tip.hash,
                "at": now.isoformat(),
                "key": key.id,
                "previous": hashlib.sha256(before[-1].read_bytes()).hexdigest() if before else None,
            }
        )
        if not (public := folder / f"{key.id}{KEY_SUFFIX}").exists():
            put(public, key.public_pem.encode(), mode=0o444)
        put(folder / name, statement + b"\n" + key.sign(statement).hex().encode() + b"\n", mode=0o444)
    except OSError as error:
        raise AnchorsUnwritable(folder=str(folder), why=error.strerror or str(error)) from error
    tx.audit("audit.anchored", f"anchor:{name}", name=name, seq=tip.seq, hash=tip.hash, key=key.id)
    return name


def put(path: Path, data: bytes, *, mode: int) -> None:
    """A new file, whole and on the disk, or none. Raises FileExistsError rather than replacing one."""
    whole = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        with os.fdopen(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(whole)
    finally:
        with suppress(FileNotFoundError):
            whole.unlink()
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _canonical(statement: dict[str, object]) -> bytes:
    return json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()
