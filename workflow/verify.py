"""Whether the audit log is whole. A chain alone does not show a tail that was cut off, nor a log that was
written anew from the start: the head row shows the first, signed anchors kept outside the database show the
second. What an anchor is, and how it is checked, stands in `verify_export`, which outsiders run too."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from models.predict.base import Progress, silent
from store.db import Tx
from workflow.verify_export import GENESIS, Anchor, Fault, Log, check_anchors, read_anchors, read_keys

BATCH = 20_000  # rows a statement: no snapshot is held for long, and progress is heard
MOST_ANCHORS = 1_000_000


@dataclass(frozen=True)
class Head:
    """The newest entry."""

    seq: int
    hash: str  # sha256, hex


@dataclass(frozen=True)
class ChainVerdict:
    """What verifying the log found."""

    head: Head | None  # None: nothing was ever logged
    seq: int | None = None  # the first entry that does not hold
    fault: str | None = None
    first: int = 1  # the entry from which rows were checked
    anchors: int | None = None  # how many were checked; None: not asked
    anchor_faults: tuple[Fault, ...] = ()

    @property
    def whole(self) -> bool:
        return self.fault is None and not self.anchor_faults


@dataclass(frozen=True)
class Tip:
    """What the head says, and how the rows end."""

    seq: int
    hash: str
    last_seq: int
    last_hash: str


@dataclass(frozen=True)
class _Checked:
    checked: int
    last_seq: int
    last_hash: str
    seq: int | None
    fault: str | None


@dataclass(frozen=True)
class _Entry:
    seq: int
    hash: str


def verify(tx: Tx, *, first: int = 1, progress: Progress = silent) -> ChainVerdict:
    """Check rows, links and personal fields from entry `first` on, and the head, in batches. What is appended
    meanwhile is left for the next time. Role: agent or worker."""
    (tip,) = tx.rows("audit.tip", Tip)
    head = Head(tip.last_seq, tip.last_hash) if tip.last_seq else None
    after = max(first, 1) - 1
    after_hash = None if after else GENESIS
    while found := tx.row(
        "audit.check_rows", _Checked, after=after, after_hash=after_hash, upto=tip.last_seq, batch=BATCH
    ):
        if found.fault is not None:
            return ChainVerdict(head, found.seq, found.fault, first)
        after, after_hash = found.last_seq, found.last_hash
        progress("checking the audit log", after, tip.last_seq)
        if found.checked < BATCH:
            break
    if (tip.last_seq, tip.last_hash) != (tip.seq, tip.hash):
        fault = f"the log ends at row {tip.last_seq}, its head says {tip.seq}"
        return ChainVerdict(head, tip.seq, fault, first)
    return ChainVerdict(head, first=first)


def verify_with_anchors(
    tx: Tx,
    folder: Path,
    trust: Collection[str] = (),
    *,
    since_anchor: bool = False,
    progress: Progress = silent,
) -> ChainVerdict:
    """Check the log, and every anchor of a folder against it. `trust`: the ids of the keys that count; none:
    those beside the anchors. `since_anchor`: check rows only from the newest anchored entry that holds; what
    lies before it was the same when it was anchored. Raises Unreadable. Role: worker."""
    anchors, unreadable = read_anchors(folder)
    keys = read_keys(folder, trust)
    (tip,) = tx.rows("audit.tip", Tip)
    seqs = sorted({a.seq for a in anchors})
    log = Log(
        log=str(tx.value("audit.log_id")),
        first=1,
        last=tip.last_seq,
        hashes={e.seq: e.hash for e in tx.rows("audit.hashes", _Entry, seqs=seqs)},
        claimed={a["name"]: a["entry"] for a in tx.records("audit.anchored", limit=MOST_ANCHORS)},
    )
    faults = (*unreadable, *check_anchors(anchors, keys, log))
    first = _newest_that_holds(anchors, {f.where for f in faults}) if since_anchor else 1
    chain = verify(tx, first=first, progress=progress)
    return ChainVerdict(chain.head, chain.seq, chain.fault, first, len(anchors), faults)


def _newest_that_holds(anchors: list[Anchor], faulty: Collection[str]) -> int:
    return max((a.seq for a in anchors if a.name not in faulty and a.seq > 0), default=1)
