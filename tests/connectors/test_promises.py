"""An error is a promise about what the system holds. Random histories of faults try to break it."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import FoundTwice, OutcomeUnknown, Refused, SlowDown, SystemDown
from connectors.sim.twin import Faults, Twin
from connectors.testing import in_process
from models.actions import HoldInvoice
from models.money import Money

BODY = (
    HoldInvoice(
        invoice_id="I-1",
        client_id="K-1",
        project_id="J-1",
        amount=Money(amount="10.00", currency="EUR"),
        reasons=("no purchase order",),
    )
    .writes()[0]
    .body
)
FAULTS = {
    "none": Faults(),
    "down": Faults(down=True),
    "reject": Faults(reject="closed"),
    "limit": Faults(writes_per_minute=0),
    "lose": Faults(lose_replies=1.0),
    "slow": Faults(slow_seconds=0.002),  # slower than the port waits, below
}
STEPS = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(sorted(FAULTS))), max_size=12)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, keys=st.booleans())
def test_what_an_error_says_about_the_record_is_true(steps: list[tuple[str, str]], keys: bool) -> None:
    """Down, slow-down and refused: nothing was written. Written: it is there. Unknown: it is there once the
    time of the write is over. With keys, never twice; without, as often as it was sent."""
    twin = Twin(None, ignore_keys=not keys)
    connectors = in_process(twin, read_seconds=0.0005)
    sent: Counter[str] = Counter()
    ids: dict[str, set[str]] = {"a": set(), "b": set(), "c": set()}
    for key, fault in steps:
        twin.faults["erp"] = FAULTS[fault].model_copy(update={"ignore_keys": not keys})
        try:
            ids[key].add(connectors.erp.write("hold_invoice", BODY, idempotency_key=key).record_id)
        except (SystemDown, SlowDown, Refused) as error:
            assert fault in ("down", "limit", "reject"), error
            continue
        except OutcomeUnknown:
            assert fault in ("lose", "slow")
        sent[key] += 1
    connectors.close()  # waits for the slow ones

    twin.heal()
    held = Counter(entry.external_ref for entry in twin.book.written())
    assert held == (Counter(dict.fromkeys(sent, 1)) if keys else sent)
    for key in "abc":
        try:
            found = connectors.erp.find("hold_invoice", key)
        except FoundTwice as twice:
            assert not keys
            assert ids[key] <= set(twice.facts["record_ids"].split(", "))
        else:
            assert ids[key] <= ({found.record_id} if found else set())
            assert (found is not None) == (key in sent)
    twin.book.close()
