"""Taking a write back: in process and over HTTP alike."""

from collections.abc import Callable, Mapping
from typing import get_args

import pytest

from connectors.errors import NoSuchRecord, OutcomeUnknown, Refused, SlowDown, SystemDown
from connectors.ports import PORTS, UNDONE_REF, Connectors, Verb, undoing
from connectors.sim.twin import Faults, Seed, Twin
from models.actions import ActionKind, Write
from tests.connectors.conftest import KINDS

Reach = Callable[..., Connectors]
Writes = Mapping[ActionKind, Write]
UNDOABLE = [kind for kind in KINDS if kind != "send_reminder"]


def test_every_way_of_undoing_is_used_and_ends() -> None:
    ways = [o.undo for port in PORTS.values() for o in port.operations.values() if o.undo]
    assert {way.verb for way in ways} == set(get_args(Verb))
    assert all(0 < way.within.days <= 90 and way.outcome.endswith(".") for way in ways)


@pytest.mark.parametrize("kind", UNDOABLE)
def test_what_was_written_is_taken_back_once(
    reach: Reach, twin: Twin, seed: Seed, writes: Writes, kind: ActionKind
) -> None:
    twin.plant(seed)
    write = writes[kind]
    port = reach(twin).for_system(write.system)
    assert undoing(write.system, kind) == port.operations[kind].undo
    made = port.write(kind, write.body, idempotency_key="key-1")
    assert port.find_undone(kind, made.record_id, "undo-1") is None

    undone = port.undo(kind, made.record_id, idempotency_key="undo-1")

    assert (undone.record_id, undone.replayed) == (made.record_id, False)
    assert undone.record[UNDONE_REF] == "undo-1"
    assert write.body.items() <= undone.record.items(), "what it was stays to be read"
    again = port.undo(kind, made.record_id, idempotency_key="undo-1")
    assert again == undone.model_copy(update={"replayed": True})
    assert port.find_undone(kind, made.record_id, "undo-1") == again
    assert port.find_undone(kind, made.record_id, "undo-2") is None
    with pytest.raises(Refused, match="taken back already"):
        port.undo(kind, made.record_id, idempotency_key="undo-2")


def test_its_subject_is_as_before(reach: Reach, twin: Twin, seed: Seed, writes: Writes) -> None:
    twin.plant(seed)
    connectors = reach(twin)
    for kind in ("return_time_entries", "hold_invoice"):
        port = connectors.for_system(writes[kind].system)
        made = port.write(kind, writes[kind].body, idempotency_key="key-1")
        port.undo(kind, made.record_id, idempotency_key="undo-1")
    assert connectors.psa.time_entry("T-1").state == "submitted"
    assert not connectors.erp.invoice("I-1").on_hold


def test_an_invoice_held_twice_is_free_after_both(
    reach: Reach, twin: Twin, seed: Seed, writes: Writes
) -> None:
    twin.plant(seed)
    erp, body = reach(twin).erp, writes["hold_invoice"].body
    holds = [erp.write("hold_invoice", body, idempotency_key=f"key-{n}").record_id for n in range(2)]
    for hold, held in zip(holds, (True, False), strict=True):
        erp.undo("hold_invoice", hold, idempotency_key=f"undo-{hold}")
        assert erp.invoice("I-1").on_hold is held


def test_an_invoiced_change_order_stays(reach: Reach, twin: Twin, writes: Writes) -> None:
    crm, write = reach(twin).crm, writes["create_change_order"]
    made = crm.write("create_change_order", write.body, idempotency_key="key-1")
    invoiced = {"id": made.record_id, "contract_id": write.body["contract_id"], "invoiced_on": "2026-03-31"}
    twin.plant(Seed(records={"crm": {"change-orders": [invoiced]}}))
    with pytest.raises(Refused, match="was invoiced on 2026-03-31"):
        crm.undo("create_change_order", made.record_id, idempotency_key="undo-1")
    assert crm.change_order(made.record_id).invoiced_on is not None
    assert crm.find_undone("create_change_order", made.record_id, "undo-1") is None


@pytest.mark.parametrize("keys", [True, False])
def test_an_undo_whose_reply_is_lost_is_found(reach: Reach, tmp_path, writes: Writes, keys: bool) -> None:
    """Without keys too: the record itself says who took it back."""
    twin = Twin(tmp_path / "sim.db", ignore_keys=not keys)
    psa = reach(twin).psa
    made = psa.write("register_risk", writes["register_risk"].body, idempotency_key="key-1")
    twin.faults["psa"] = twin.faults["psa"].model_copy(update={"lose_replies": 1.0})
    with pytest.raises(OutcomeUnknown):
        psa.undo("register_risk", made.record_id, idempotency_key="undo-1")
    assert psa.find_undone("register_risk", made.record_id, "undo-1") is not None


@pytest.mark.parametrize(
    ("faults", "error", "reason"),
    [
        (Faults(down=True), SystemDown, "an outage"),
        (Faults(writes_per_minute=0), SlowDown, "too many"),
        (Faults(reject="The period is closed."), Refused, "its own rules"),
    ],
)
def test_what_is_not_undone_stays(
    reach: Reach, twin: Twin, writes: Writes, faults: Faults, error: type[Exception], reason: str
) -> None:
    psa = reach(twin).psa
    made = psa.write("register_risk", writes["register_risk"].body, idempotency_key="key-1")
    twin.faults["psa"] = faults
    with pytest.raises(error):
        psa.undo("register_risk", made.record_id, idempotency_key="undo-1")
    twin.heal()
    assert psa.find_undone("register_risk", made.record_id, "undo-1") is None, reason


def test_what_is_not_there_cannot_be_undone(reach: Reach, twin: Twin) -> None:
    psa = reach(twin).psa
    for record_id in ("none", "a/b", "../employees/P-1"):
        with pytest.raises(Refused):
            psa.undo("register_risk", record_id, idempotency_key="undo-1")
        with pytest.raises(NoSuchRecord):
            psa.find_undone("register_risk", record_id, "undo-1")
