"""What the ports make sure of before anything travels."""

import pytest

from connectors.errors import BodyDoesNotFit, CannotUndo, NotItsOperation, UnreadableRecord
from connectors.sim.twin import Seed, Twin
from connectors.testing import in_process
from models.actions import ACTION_KINDS, SYSTEMS
from tests.connectors.conftest import KINDS


@pytest.fixture
def connectors(twin: Twin):
    connectors = in_process(twin)
    yield connectors
    connectors.close()
    twin.book.close()


def test_every_action_is_taken_by_exactly_the_system_it_names(connectors, writes) -> None:
    takers = {
        kind: [s for s in SYSTEMS if kind in connectors.for_system(s).operations] for kind in ACTION_KINDS
    }
    assert takers == {kind: [writes[kind].system] if kind in writes else [] for kind in ACTION_KINDS}


def test_what_was_sent_cannot_be_unsent(connectors, twin: Twin) -> None:
    assert connectors.erp.undo_window("send_reminder") is None
    with pytest.raises(CannotUndo):
        connectors.erp.undo("send_reminder", "erp-1", idempotency_key="key-1")


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_port_knows_its_system(connectors, system) -> None:
    assert connectors.for_system(system).system == system


@pytest.mark.parametrize("kind", KINDS)
def test_another_systems_operation_is_not_sent(connectors, twin: Twin, writes, kind) -> None:
    for system in set(SYSTEMS) - {writes[kind].system}:
        port = connectors.for_system(system)
        with pytest.raises(NotItsOperation):
            port.write(kind, writes[kind].body, idempotency_key="key-1")
        with pytest.raises(NotItsOperation):
            port.find(kind, "key-1")
    assert twin.book.written() == ()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"amount": {"amount": "12.5", "currency": "euro"}}, "amount.currency"),
        ({"due_on": "soon"}, "due_on"),
        ({"bcc": "everybody@example.com"}, "bcc"),
        ({"subject": None}, "subject"),
    ],
)
def test_a_body_that_is_no_such_action_is_not_sent(connectors, twin: Twin, writes, change, where) -> None:
    with pytest.raises(BodyDoesNotFit, match=f": {where}: ") as raised:
        connectors.erp.write(
            "send_reminder", {**writes["send_reminder"].body, **change}, idempotency_key="key-1"
        )
    assert "everybody" not in raised.value.sentence
    assert twin.book.written() == ()


def test_a_record_of_another_form_is_said_to_be_unreadable(connectors, twin: Twin, seed: Seed) -> None:
    twin.book.put([("erp", "invoices", "I-9", {"due_on": "some day"})])
    with pytest.raises(UnreadableRecord, match="I-9"):
        connectors.erp.invoice("I-9")
