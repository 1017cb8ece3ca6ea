"""Actions of every kind with whatever a model lets through: made at random from a seed, so that a failure can
be seen again."""

import random
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from models.actions import Action, ActionAdapter, ActionKind, ChangePolicy, PromoteVersion, UndoWrite
from models.money import ISO_4217
from tests.models.test_actions import EXAMPLES

PIECES = (
    "<!channel> ", "<@U012AB3CD>", "<https://evil.example|our page>", "&amp; ", "*bold* ", "~not~ ",
    "`code` ", "\u202e", "\u200b", "\x07", "\n", "\t", "> ", "| ", '"', "\\", ":smile:", "🧮", "日本", "é",
    "word ", "a long way to say it ", "12,000.00 ", "2027-01-04", "Hours: 1",
)  # fmt: skip


def any_action(kind: ActionKind, seed: int) -> Action:
    return ActionAdapter.validate_python({"kind": kind, **MAKERS[kind](random.Random(f"{kind} {seed}"))})


def any_text(dice: random.Random, most: int = 400) -> str:
    """Never empty."""
    text = "".join(dice.choice(PIECES) for _ in range(dice.choice((1, 3, 12, 60))))
    return (text * dice.choice((1, 1, 1, 20)))[:most].strip() or "x"


def _money(dice: random.Random, currency: str) -> dict[str, str]:
    return {"amount": str(Decimal(dice.randrange(0, 10**9)).scaleb(-2)), "currency": currency}


def _days(dice: random.Random) -> dict[str, date]:
    start = date(2026, 1, 1) + timedelta(dice.randrange(900))
    return {"starts_on": start, "ends_on": start + timedelta(dice.randrange(200))}


def _texts(dice: random.Random, *names: str) -> dict[str, str]:
    return {name: any_text(dice) for name in names}


def _assignment(dice: random.Random) -> dict[str, Any]:
    return {
        **_texts(dice, "person_id", "person_name", "project_id", "project_name", "role"),
        **_days(dice),
        "hours_per_week": dice.choice(("0.5", "1E+1", "37.50", "80")),
        "state": dice.choice(("hold", "booked")),
        "bill_rate": _money(dice, "EUR"),
        "request_id": dice.choice((None, any_text(dice))),
    }


def _change_order(dice: random.Random) -> dict[str, Any]:
    currency = dice.choice(sorted(ISO_4217))
    items = []
    for _ in range(dice.choice((1, 2, 9, 40))):
        hours, rate = Decimal(dice.randrange(-50, 500)), _money(dice, currency)
        items.append(
            {
                **_texts(dice, "description", "role"),
                "hours": hours,
                "rate": rate,
                "amount": {"amount": str(hours * Decimal(rate["amount"])), "currency": currency},
            }
        )
    value = sum(Decimal(i["amount"]["amount"]) for i in items)
    return {
        **_texts(dice, "contract_id", "project_id", "client_id", "title", "requested_by", "terms"),
        **_days(dice),
        "items": items,
        "value": {"amount": str(value), "currency": currency},
    }


def _risk(dice: random.Random) -> dict[str, Any]:
    return {
        **_texts(dice, "project_id", "project_name", "category", "statement", "mitigation", "owner_id"),
        "severity": dice.choice(("low", "medium", "high")),
        "review_on": date(2027, 1, 4),
    }


def _returned(dice: random.Random) -> dict[str, Any]:
    entries = [
        {
            **_texts(dice, "person_id", "person_name", "project_id", "reason"),
            "entry_id": f"t-{number}",
            "started_at": datetime(2026, 9, 1, tzinfo=UTC) + timedelta(minutes=dice.randrange(10**5)),
            "minutes": dice.randrange(1, 1440),
            "kinds": [any_text(dice, 40) for _ in range(dice.randrange(3))],
            "at_stake": _money(dice, "EUR"),
        }
        for number in range(dice.choice((1, 2, 11, 60, 1_000)))
    ]
    return {"period_starts_on": "2026-09-01", "period_ends_on": "2026-09-07", "items": entries}


def _reminder(dice: random.Random) -> dict[str, Any]:
    return {
        **_texts(dice, "invoice_id", "client_id", "project_id", "subject"),
        "amount": _money(dice, "EUR"),
        "due_on": "2026-09-01",
        "body": any_text(dice, dice.choice((400, 5_000, 20_000))),
        "tone": dice.choice(("friendly", "firm", "final")),
    }


def _hold(dice: random.Random) -> dict[str, Any]:
    return {
        **_texts(dice, "invoice_id", "client_id", "project_id"),
        "amount": _money(dice, "EUR"),
        "reasons": [f"{n} {' '.join(any_text(dice).split())}" for n in range(dice.choice((1, 3, 30)))],
    }


def _development(dice: random.Random) -> dict[str, Any]:
    return {
        **_texts(dice, "person_id", "person_name", "skill", "why"),
        **_days(dice),
        "hours": str(dice.randrange(1, 200)),
    }


def _undo(dice: random.Random) -> dict[str, Any]:
    record = _change_order(dice)
    changed = UndoWrite.model_validate({**EXAMPLES["undo_write"], "record": record, "reason": any_text(dice)})
    return changed.model_dump(mode="json")


def _policy(dice: random.Random) -> dict[str, Any]:
    names = ("rule", "what", "now", "after")
    differences = [_texts(dice, *names) for _ in range(dice.choice((1, 3, 80)))]
    changed = ChangePolicy.model_validate({**EXAMPLES["change_policy"], "differences": differences})
    return changed.model_dump(mode="json")


def _promotion(dice: random.Random) -> dict[str, Any]:
    before, after = any_text(dice), any_text(dice, dice.choice((400, 5_000)))
    example = EXAMPLES["promote_version"]
    replaces = {"version": "v1", "sha256": sha256(before.encode()).hexdigest(), "text": before}
    lost = [_texts(dice, "case", "text", "fault") for _ in range(dice.choice((0, 1, 10)))]
    compared = example["compared"] | {"lost": len(lost) + dice.choice((0, 7)), "lost_rows": lost}
    changed = PromoteVersion.model_validate(
        {**example, "replaces": replaces, "text": after, "sha256": sha256(after.encode()).hexdigest()}
        | {"compared": compared, **_texts(dice, "name", "why")}
    )
    return changed.model_dump(mode="json")


MAKERS: Mapping[ActionKind, Callable[[random.Random], dict[str, Any]]] = {
    "create_assignment": _assignment,
    "create_change_order": _change_order,
    "register_risk": _risk,
    "return_time_entries": _returned,
    "send_reminder": _reminder,
    "hold_invoice": _hold,
    "plan_development": _development,
    "undo_write": _undo,
    "change_policy": _policy,
    "promote_version": _promotion,
}
