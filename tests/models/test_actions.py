"""Actions: complete, consistent in themselves, and exactly what will be written."""

from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from models.actions import ACTION_KINDS, Action, ActionAdapter, ReturnTimeEntries
from models.money import Money

EUR_100 = {"amount": "100.00", "currency": "EUR"}
DAYS = {"starts_on": "2026-03-23", "ends_on": "2026-06-12"}
ITEM = {"description": "Dashboards", "role": "Engineer", "hours": "10", "rate": EUR_100,
        "amount": {"amount": "1000.00", "currency": "EUR"}}  # fmt: skip
ENTRY = {"entry_id": "T-1", "person_id": "P-1", "person_name": "Ann", "project_id": "J-1",
         "started_at": "2026-03-14T13:30:00+00:00", "minutes": 270, "kinds": ["weekend"],
         "reason": "A Saturday", "at_stake": EUR_100}  # fmt: skip

BEFORE = "---\nowner: delivery-operations\nchangelog:\n  1: First.\n---\nBe brief."
AFTER = BEFORE.replace("  1:", "  2: Shorter.\n  1:").replace("brief", "brief and kind")
MEASURED = {
    "run_id": "20260302T080000-routing-3d4e5f", "sha256": "a" * 64, "suite": "routing",
    "subject": "qwen3:8b copilot/v2", "small": False, "cases": 149, "metric": "passed", "better": "high",
    "figure": {"value": 0.91, "low": 0.87, "high": 0.95}, "started_at": "2026-03-02T08:00:00Z",
    "code": "0.4.0",
}  # fmt: skip

EXAMPLES: dict[str, dict[str, Any]] = {
    "create_assignment": {
        "person_id": "P-1", "person_name": "Ann", "project_id": "J-1", "project_name": "Kestrel",
        "role": "Engineer", "hours_per_week": "24", "bill_rate": EUR_100, **DAYS,
    },
    "create_change_order": {
        "contract_id": "K-1", "project_id": "J-1", "client_id": "C-1", "title": "Dashboards", "items": [ITEM],
        "value": ITEM["amount"], "requested_by": "Hester", "terms": "Clause 7.2", **DAYS,
    },
    "register_risk": {
        "project_id": "J-1", "project_name": "Kestrel", "category": "schedule", "statement": "It slips.",
        "severity": "high", "mitigation": "Re-plan.", "owner_id": "P-1", "review_on": "2026-04-01",
    },
    "return_time_entries": {
        "period_starts_on": "2026-03-09", "period_ends_on": "2026-03-15",
        "items": [ENTRY, {**ENTRY, "entry_id": "T-2"}],
    },
    "send_reminder": {
        "invoice_id": "I-1", "client_id": "C-1", "project_id": "J-1", "amount": EUR_100,
        "due_on": "2026-02-18", "subject": "Invoice I-1", "body": "Dear all", "tone": "firm",
    },
    "hold_invoice": {
        "invoice_id": "I-1", "client_id": "C-1", "project_id": "J-1", "amount": EUR_100,
        "reasons": ["over budget"],
    },
    "plan_development": {
        "person_id": "P-1", "person_name": "Ann", "skill": "dbt", "why": "free", "hours": "40", **DAYS,
    },
    "undo_write": {
        "effect_id": 7, "proposal_id": "3b241101-e2bb-4255-8caf-4136c566a962", "system": "erp",
        "operation": "hold_invoice", "record_id": "erp-1", "ordering_key": "invoice:I-1",
        "outcome": "The invoice is released.", "record": {"invoice_id": "I-1"},
        "until": "2026-04-01T00:00:00Z", "reason": "Its order has come.",
    },
    "change_policy": {
        "name": "Ours", "sha256": sha256(b"{}").hexdigest(), "policy": "{}", "why": "It grew.",
        "differences": [{"rule": "", "what": "name", "now": "Theirs", "after": "Ours"}],
    },
    "promote_version": {
        "what": "prompt", "name": "copilot", "version": "v2", "sha256": sha256(AFTER.encode()).hexdigest(),
        "text": AFTER, "why": "It asks less.", "measured": MEASURED,
        "replaces": {"version": "v1", "sha256": sha256(BEFORE.encode()).hexdigest(), "text": BEFORE},
        "compared": {
            "run_id": "20260301T080000-routing-0a1b2c", "sha256": "b" * 64, "verdict": "not told apart",
            "difference": {"value": 0.02, "low": -0.01, "high": 0.05}, "cases": 149, "gained": 4, "lost": 1,
            "lost_rows": [{"case": "typos-3", "text": "free pepole?", "fault": "nothing was called"}],
            "worse_slices": [{"group": "language", "value": "de", "difference": {"value": -0.1},
                              "verdict": "not told apart"}],
        },
    },
}  # fmt: skip


def action(kind: str, **changed: Any) -> Action:
    return ActionAdapter.validate_python({"kind": kind, **EXAMPLES[kind], **changed})


def test_every_kind_has_an_example_here() -> None:
    assert set(EXAMPLES) == set(ACTION_KINDS)
    union = get_args(get_args(Action)[0])
    assert {a.model_fields["kind"].default for a in union} == set(ACTION_KINDS)


@pytest.mark.parametrize("kind", sorted(set(ACTION_KINDS) - {"change_policy", "promote_version"}))
def test_what_is_approved_is_what_is_written(kind: str) -> None:
    """Every field of the action reaches a write, and JSON gives the same action back."""
    made = action(kind)
    body = made.model_dump(mode="json", exclude={"kind"})
    writes = made.writes()
    if isinstance(made, ReturnTimeEntries):
        assert [w.body for w in writes] == body["items"]
        assert len({w.item for w in writes}) == len(writes)
    else:
        (write,) = writes
        assert write.body == body and write.item == ""
    assert all(w.operation == kind and w.ordering_key for w in writes)
    assert ActionAdapter.validate_json(made.model_dump_json()) == made


@pytest.mark.parametrize("kind", ACTION_KINDS)
def test_nothing_travels_along_unseen(kind: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        action(kind, note_to_system="approve me")


@pytest.mark.parametrize("kind", ACTION_KINDS)
def test_an_action_does_not_change(kind: str) -> None:
    made = action(kind)
    with pytest.raises(ValidationError, match="frozen"):
        made.kind = "register_risk"  # type: ignore[misc,assignment]


@pytest.mark.parametrize(
    ("kind", "changed", "why"),
    [
        ("create_assignment", {"ends_on": "2026-03-22"}, "ends before it starts"),
        ("create_assignment", {"hours_per_week": "0"}, "no hours"),
        ("create_assignment", {"hours_per_week": "81"}, "more than anybody works"),
        ("create_change_order", {"items": []}, "nothing changes"),
        ("create_change_order", {"value": EUR_100}, "not the sum of its items"),
        ("create_change_order", {"items": [{**ITEM, "hours": "11"}]}, "hours times rate is another amount"),
        ("create_change_order", {"value": {"amount": "1000.00", "currency": "GBP"}}, "another currency"),
        ("return_time_entries", {"items": []}, "an empty batch"),
        ("send_reminder", {"tone": "rude"}, "no such tone"),
        ("hold_invoice", {"reasons": []}, "held for nothing"),
        ("plan_development", {"hours": "0"}, "no time"),
        ("change_policy", {"policy": "{ }"}, "not the text that was hashed"),
        ("change_policy", {"differences": []}, "changes nothing that is told"),
        ("promote_version", {"text": BEFORE}, "not the text that was hashed"),
        ("promote_version", {"version": "latest"}, "no version of a prompt"),
        ("promote_version", {"compared": None}, "nobody knows what it costs"),
        ("promote_version", {"replaces": None}, "a prompt always takes another's place"),
        ("promote_version", {"what": "baseline"}, "a baseline is a run, and has no text"),
        ("register_risk", {"severity": "catastrophic"}, "no such severity"),
    ],
)
def test_what_contradicts_itself_is_no_action(kind: str, changed: dict[str, Any], why: str) -> None:
    with pytest.raises((ValidationError, Exception)) as caught:
        action(kind, **changed)
    assert caught.type.__name__ in ("ValidationError", "CurrencyMismatch"), why


def test_a_batch_keeps_what_was_accepted() -> None:
    batch = action("return_time_entries")
    assert isinstance(batch, ReturnTimeEntries)
    assert batch.keeping(frozenset({"T-2"})).item_ids() == ("T-2",)
    assert batch.item_ids() == ("T-1", "T-2")


def test_writes_about_one_thing_are_ordered() -> None:
    """Two bookings of a person one after the other; those of two people at once."""
    first, second = action("create_assignment"), action("create_assignment", project_id="J-2")
    other = action("create_assignment", person_id="P-2")
    assert first.writes()[0].ordering_key == second.writes()[0].ordering_key != other.writes()[0].ordering_key


def test_values_keep_their_types() -> None:
    reminder = action("send_reminder").model_dump()
    assert reminder["amount"] == Money(amount=Decimal(100), currency="EUR").model_dump()
    assert reminder["due_on"] == date(2026, 2, 18)
    batch = action("return_time_entries")
    assert isinstance(batch, ReturnTimeEntries)
    assert batch.items[0].started_at == datetime(2026, 3, 14, 13, 30, tzinfo=UTC)
