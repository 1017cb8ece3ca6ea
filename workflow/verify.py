"""Whether the audit log is whole. A chain alone does not show a tail that was cut off, nor a log that was
written anew from the start: the head row shows the first, anchors kept outside the database show the
second."""

from collections.abc import Mapping
from dataclasses import dataclass

from store.db import Tx


@dataclass(frozen=True)
class Head:
    """The newest entry: keep it outside the database as an anchor."""

    seq: int
    hash: str  # sha256, hex


@dataclass(frozen=True)
class ChainVerdict:
    """What verifying the log found."""

    head: Head | None  # None: nothing was ever logged
    seq: int | None = None  # the first entry that does not hold
    fault: str | None = None

    @property
    def whole(self) -> bool:
        return self.fault is None


@dataclass(frozen=True)
class _Fault:
    seq: int
    fault: str


def verify(tx: Tx, anchors: Mapping[int, str] | None = None) -> ChainVerdict:
    """Check every row, link and the head, and each anchor (sequence number -> hash). Role: agent or
    worker."""
    head = tx.row("audit.head", Head)
    if fault := tx.row("audit.verify", _Fault):
        return ChainVerdict(head, fault.seq, fault.fault)
    for seq, expected in sorted((anchors or {}).items()):
        if tx.value("audit.hash_of", seq=seq) != expected:
            return ChainVerdict(head, seq, "the entry is not the one that was anchored")
    return ChainVerdict(head)
