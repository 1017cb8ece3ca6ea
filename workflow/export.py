"""Exports of the audit log: a line an entry, its text exactly as it was hashed, so that nobody needs this
database or its way of writing JSON to check it. `verify_export` says what a line holds and checks them."""

import json
from pathlib import Path
from typing import IO
from uuid import uuid4

from models.predict.base import Progress, silent
from store.db import Tx
from workflow.verify import Tip
from workflow.verify_export import FORMAT

BATCH = 10_000


def export(
    tx: Tx,
    file: Path,
    *,
    first: int = 1,
    last: int | None = None,
    personal: bool = False,
    progress: Progress = silent,
) -> int:
    """Write entries `first` to `last` (None: the newest) to a file, whole or not at all; how many.
    `personal`: with what people wrote and its salts. The log says that it was done. Role: worker."""
    (tip,) = tx.rows("audit.tip", Tip)
    upto = min(tip.last_seq, last) if last else tip.last_seq
    whole = file.with_name(f".{file.name}.{uuid4().hex}")
    try:
        with whole.open("x", encoding="utf-8", newline="\n") as out:
            head = {"format": FORMAT, "log": str(tx.value("audit.log_id")), "from": first, "to": upto}
            _write(out, head)
            count = _entries(tx, out, first, upto, personal=personal, progress=progress)
        whole.replace(file)
    finally:
        whole.unlink(missing_ok=True)
    tx.audit("audit.exported", "audit:log", first=first, last=upto, personal_values=personal)
    return count


def _entries(tx: Tx, out: IO[str], first: int, upto: int, *, personal: bool, progress: Progress) -> int:
    after, count = first - 1, 0
    while rows := tx.records("audit.export", after=after, upto=upto, batch=BATCH, personal=personal):
        for row in rows:
            line = {"prev": row["prev"], "hash": row["hash"], "text": row["text"]}
            _write(out, line | ({"personal": row["personal"]} if row["personal"] else {}))
        after, count = rows[-1]["seq"], count + len(rows)
        progress("exporting the audit log", count, upto - first + 1)
    return count


def _write(out: IO[str], line: dict[str, object]) -> None:
    out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
