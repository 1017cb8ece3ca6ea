"""What every way to the systems of record must do: in process and over HTTP alike."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from connectors.errors import FoundTwice, NoSuchRecord, OutcomeUnknown, Refused, SlowDown, SystemDown
from connectors.ports import Connectors
from connectors.sim.twin import Faults, Seed, Twin
from models.actions import SYSTEMS, ActionKind, Write
from tests.connectors.conftest import KINDS

Reach = Callable[..., Connectors]
Writes = Mapping[ActionKind, Write]


@pytest.mark.parametrize("kind", KINDS)
def test_a_write_is_kept_as_signed_and_found_by_its_key(
    reach: Reach, twin: Twin, writes: Writes, kind: ActionKind
) -> None:
    write = writes[kind]
    port = reach(twin).for_system(write.system)
    assert port.find(kind, "key-1") is None

    written = port.write(kind, write.body, idempotency_key="key-1")

    assert write.body.items() <= written.record.items()
    assert not written.replayed
    assert port.find(kind, "key-1") == written.model_copy(update={"replayed": True})
    assert port.find(kind, "key-2") is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_repeated_key_makes_no_second_record(
    reach: Reach, twin: Twin, writes: Writes, kind: ActionKind
) -> None:
    write = writes[kind]
    port = reach(twin).for_system(write.system)
    assert port.supports_idempotency_keys
    first = port.write(kind, write.body, idempotency_key="key-1")
    second = port.write(kind, write.body, idempotency_key="key-1")
    assert second == first.model_copy(update={"replayed": True})
    assert len(twin.book.written()) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_without_keys_a_repeat_is_a_duplicate_that_find_reports(
    reach: Reach, tmp_path, writes: Writes, kind: ActionKind
) -> None:
    write = writes[kind]
    port = reach(Twin(tmp_path / "no-keys.db", ignore_keys=True)).for_system(write.system)
    assert not port.supports_idempotency_keys
    ids = {port.write(kind, write.body, idempotency_key="key-1").record_id for _ in range(2)}
    assert len(ids) == 2
    with pytest.raises(FoundTwice) as found:
        port.find(kind, "key-1")
    assert set(found.value.facts["record_ids"].split(", ")) == ids


def test_parallel_writes_with_one_key_make_one_record(reach: Reach, twin: Twin, writes: Writes) -> None:
    erp, write = reach(twin).erp, writes["send_reminder"]
    with ThreadPoolExecutor(12) as threads:
        calls = [
            threads.submit(erp.write, write.operation, write.body, idempotency_key=f"key-{i % 3}")
            for i in range(48)
        ]
        outcomes = [call.result() for call in calls]
    assert len(twin.book.written()) == len({o.record_id for o in outcomes}) == 3
    assert sum(not o.replayed for o in outcomes) == 3


def test_a_key_may_hold_any_text(reach: Reach, twin: Twin, writes: Writes) -> None:
    """It ends with the id of an item, which is the firm's own."""
    psa, write = reach(twin).psa, writes["return_time_entries"]
    keys = ["entry:Zürich/1", "entry:Z%C3%BCrich/1", "entry:a b&c=d", "entry:a\r\nX-Evil: 1", "entry:時"]
    ids = [psa.write(write.operation, write.body, idempotency_key=key).record_id for key in keys]
    assert [psa.write(write.operation, write.body, idempotency_key=key).record_id for key in keys] == ids
    assert [found.record_id for key in keys if (found := psa.find(write.operation, key))] == ids
    assert len(set(ids)) == len(keys)


def test_a_key_used_for_another_request_is_refused(reach: Reach, twin: Twin, writes: Writes) -> None:
    erp, write = reach(twin).erp, writes["send_reminder"]
    erp.write("send_reminder", write.body, idempotency_key="key-1")
    with pytest.raises(Refused, match="used for another request"):
        erp.write("send_reminder", {**write.body, "subject": "Other"}, idempotency_key="key-1")


@pytest.mark.parametrize("keys", [True, False])
def test_a_write_whose_reply_is_lost_is_found(reach: Reach, tmp_path, writes: Writes, keys: bool) -> None:
    twin = Twin(tmp_path / "sim.db", ignore_keys=not keys)
    erp, write = reach(twin).erp, writes["send_reminder"]
    twin.faults["erp"] = twin.faults["erp"].model_copy(update={"lose_replies": 1.0})
    with pytest.raises(OutcomeUnknown):
        erp.write("send_reminder", write.body, idempotency_key="key-1")
    found = erp.find("send_reminder", "key-1")
    assert found is not None
    assert [e.id for e in twin.book.written()] == [found.record_id]


def test_a_slow_write_happens_after_its_outcome_became_unknown(
    reach: Reach, twin: Twin, writes: Writes
) -> None:
    """Why the ledger waits before it looks: at once there is nothing to be found yet."""
    psa, write = reach(twin, read_seconds=0.1, max_write_seconds=3.0).psa, writes["register_risk"]
    twin.faults["psa"] = Faults(slow_seconds=0.6)
    with pytest.raises(OutcomeUnknown, match="no answer in time"):
        psa.write("register_risk", write.body, idempotency_key="key-1")
    assert psa.find("register_risk", "key-1") is None
    give_up = time.monotonic() + psa.max_write_seconds
    while (found := psa.find("register_risk", "key-1")) is None and time.monotonic() < give_up:
        time.sleep(0.05)
    assert found is not None


def test_a_slow_write_within_the_time_is_just_a_write(reach: Reach, twin: Twin, writes: Writes) -> None:
    psa, write = reach(twin, read_seconds=5.0, max_write_seconds=5.0).psa, writes["register_risk"]
    twin.faults["psa"] = Faults(slow_seconds=0.1)
    assert not psa.write("register_risk", write.body, idempotency_key="key-1").replayed


def test_a_system_that_is_down_takes_and_tells_nothing(
    reach: Reach, twin: Twin, seed: Seed, writes: Writes
) -> None:
    twin.plant(seed)
    connectors = reach(twin)
    twin.faults["erp"] = Faults(down=True)
    write = writes["send_reminder"]
    with pytest.raises(SystemDown, match="closed for maintenance"):
        connectors.erp.write("send_reminder", write.body, idempotency_key="key-1")
    with pytest.raises(SystemDown):
        connectors.erp.find("send_reminder", "key-1")
    with pytest.raises(SystemDown):
        connectors.erp.invoice("I-1")
    assert connectors.hris.employee("P-1").name == "Ada"  # the others go on
    twin.heal()
    assert connectors.erp.find("send_reminder", "key-1") is None
    assert not connectors.erp.write("send_reminder", write.body, idempotency_key="key-1").replayed


def test_a_refusal_gives_the_reason_of_the_system(reach: Reach, twin: Twin, writes: Writes) -> None:
    crm, write = reach(twin).crm, writes["create_change_order"]
    twin.faults["crm"] = Faults(reject="The contract is closed.")
    with pytest.raises(Refused, match="The contract is closed") as refused:
        crm.write("create_change_order", write.body, idempotency_key="key-1")
    assert refused.value.retry == "never"
    assert twin.book.written() == ()


def test_too_many_writes_are_told_when_to_come_back(reach: Reach, twin: Twin, writes: Writes) -> None:
    hris, write = reach(twin).hris, writes["plan_development"]
    twin.faults["hris"] = Faults(writes_per_minute=2)
    for i in range(2):
        hris.write("plan_development", write.body, idempotency_key=f"key-{i}")
    with pytest.raises(SlowDown) as slow:
        hris.write("plan_development", write.body, idempotency_key="key-2")
    assert 0 < slow.value.retry_after <= 60
    assert len(twin.book.written()) == 2
    assert hris.find("plan_development", "key-0") is not None  # looking is not limited


def test_records_are_read_as_they_are_now(reach: Reach, twin: Twin, seed: Seed) -> None:
    twin.plant(seed)
    connectors = reach(twin)
    before = connectors.erp.invoice("I-1")
    assert (before.paid_on, before.version, str(before.amount)) == (None, 1, "EUR 900.10")
    assert connectors.crm.contract("C-1").ends_on is None
    assert connectors.psa.time_entry("T-1").minutes == 900

    twin.plant(
        Seed(records={"erp": {"invoices": [{**seed.records["erp"]["invoices"][0], "paid_on": "2026-03-05"}]}})
    )
    after = connectors.erp.invoice("I-1")
    assert (after.paid_on, after.version) == (date(2026, 3, 5), 2)
    assert after.updated_at > before.updated_at


def test_a_written_assignment_can_be_read_back(reach: Reach, twin: Twin, writes: Writes) -> None:
    psa, write = reach(twin).psa, writes["create_assignment"]
    written = psa.write("create_assignment", write.body, idempotency_key="key-1")
    assignment = psa.assignment(written.record_id)
    assert (assignment.person_id, assignment.state, str(assignment.hours_per_week)) == ("P-1", "hold", "32.5")


def test_a_record_that_is_not_there(reach: Reach, twin: Twin, seed: Seed) -> None:
    """Whatever an id holds, it stays one: it does not lead to another resource."""
    twin.plant(seed)
    erp = reach(twin).erp
    for record_id in ["none", "with space", "a/b", "../employees/P-1", "ä?external_ref=1", "%2e", "I-1/"]:
        with pytest.raises(NoSuchRecord):
            erp.invoice(record_id)


def test_writes_change_what_they_are_about(reach: Reach, twin: Twin, seed: Seed, writes: Writes) -> None:
    twin.plant(seed)
    connectors = reach(twin)
    connectors.psa.write("return_time_entries", writes["return_time_entries"].body, idempotency_key="key-1")
    connectors.erp.write("hold_invoice", writes["hold_invoice"].body, idempotency_key="key-2")
    assert connectors.psa.time_entry("T-1").state == "returned"
    assert connectors.erp.invoice("I-1").on_hold


@pytest.mark.parametrize("kind", ["send_reminder", "hold_invoice"])
def test_a_paid_invoice_is_left_alone(
    reach: Reach, twin: Twin, seed: Seed, writes: Writes, kind: ActionKind
) -> None:
    paid = {**seed.records["erp"]["invoices"][0], "paid_on": "2026-03-05"}
    twin.plant(Seed(records={"erp": {"invoices": [paid]}}))
    with pytest.raises(Refused, match="I-1 was paid on 2026-03-05"):
        reach(twin).erp.write(kind, writes[kind].body, idempotency_key="key-1")
    assert twin.book.written() == ()


def test_a_repeat_after_payment_still_tells_of_the_reminder_sent_before(
    reach: Reach, twin: Twin, seed: Seed, writes: Writes
) -> None:
    twin.plant(seed)
    erp, body = reach(twin).erp, writes["send_reminder"].body
    first = erp.write("send_reminder", body, idempotency_key="key-1")
    paid = {**seed.records["erp"]["invoices"][0], "paid_on": "2026-03-05"}
    twin.plant(Seed(records={"erp": {"invoices": [paid]}}))
    assert erp.write("send_reminder", body, idempotency_key="key-1").record_id == first.record_id


def test_each_system_keeps_its_own_keys(reach: Reach, twin: Twin, writes: Writes) -> None:
    connectors = reach(twin)
    first_of = {write.system: write for write in writes.values()}
    assert set(first_of) == set(SYSTEMS)
    for write in first_of.values():
        port = connectors.for_system(write.system)
        assert not port.write(write.operation, write.body, idempotency_key="key-1").replayed
