"""What people changed of what was proposed, as cases for evals: one JSON object a line, without personal
data. The format is described in docs/insight.md."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from models.overrides import category
from models.pseudonyms import Known, Pseudonyms
from store.db import Tx, dumps

FORMAT = "chargehand-override/1"


def export(tx: Tx, out: Path, salt: bytes, since: datetime | None = None) -> Mapping[str, int]:
    """Write the cases; how many of each event. Role: worker."""
    pseudonyms = Pseudonyms(tx.rows("overrides.known", Known), salt)
    counts: Counter[str] = Counter()
    with out.open("w", encoding="utf-8") as lines:
        for row in tx.records("overrides.all", since=since):
            lines.write(json.dumps(_case(row, pseudonyms), ensure_ascii=False, sort_keys=True) + "\n")
            counts[row["event"]] += 1
    return dict(counts)


def _case(row: Mapping[str, Any], pseudonyms: Pseudonyms) -> dict[str, Any]:
    year, week, _ = row["at"].isocalendar()
    case: dict[str, Any] = {
        "format": FORMAT,
        "case": pseudonyms.of(f"{row['proposal_id']}:{row['version']}:{row['event']}"),
        "event": row["event"],
        "kind": row["kind"],
        "rule": row["rule"],
        "step": row["step"],
        "policy": row["policy"],
        "week": f"{year}-W{week:02d}",  # no moment: it would lead back to the log
        "category": category(row["reason"]),
        "reason": pseudonyms.text(row["reason"]),
        "before": pseudonyms.json(row["before"]),
        "after": pseudonyms.json(row["after"]),
        "facts": pseudonyms.json(row["facts"]),
    }
    plain: dict[str, Any] = json.loads(dumps(case))
    return plain
