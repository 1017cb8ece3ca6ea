"""Time entries: what is planted is among what is flagged, the money adds up, and a batch goes back."""

from datetime import timedelta
from decimal import Decimal

import pytest

from models.actions import ReturnTimeEntries
from tests.firm_fixtures import TODAY, Firm
from workflow.read import card


def test_planted_entries_are_found(firm: Firm) -> None:
    """In the last five weeks, with no model but what the week itself shows: far more often than by
    chance (0.4% of the entries are planted)."""
    mondays = [TODAY - timedelta(days=TODAY.weekday() + 7 * n) for n in range(1, 6)]
    planted = {line["entry_id"] for line in firm.lines("time")}
    flagged: set[str] = set()
    for monday in mondays:
        week = {"since": monday.isoformat(), "until": (monday + timedelta(days=6)).isoformat()}
        data = firm.call("delivery_director", "check_time", **week).data
        assert len(data["entries"]) <= 12
        flagged |= {e["entry_id"] for e in data["entries"]}
    looked_at = "select entry_id from firm.time_entry where started_at::date between %s and %s"
    due = planted & {e for (e,) in firm.rows(looked_at, mondays[-1], mondays[0] + timedelta(days=6))}
    assert len(due) >= 10
    assert len(flagged & due) >= len(due) / 3
    assert len(flagged & due) >= len(flagged) / 3


def test_a_flagged_entry_says_why_and_what_is_at_stake(firm: Firm) -> None:
    entries = firm.call("delivery_director", "check_time", since="2026-02-16", until="2026-03-15").data[
        "entries"
    ]
    assert entries
    stakes = [Decimal(e["at_stake"]["amount"]) for e in entries]
    assert stakes == sorted(stakes, reverse=True)
    for entry in entries:
        ((minutes, state, bill),) = firm.rows(
            "select t.minutes, t.state, r.bill_rate from firm.time_entry t"
            " left join firm.person_rate r using (person_id) where entry_id = %s",
            entry["entry_id"],
        )
        assert entry["minutes"] == minutes and entry["reason"] and entry["kinds"]
        assert 0 <= Decimal(entry["at_stake"]["amount"]) <= (bill or 0) * minutes / 60 * Decimal("1.6")
        assert state in ("submitted", "approved", "draft")


@pytest.mark.parametrize("days", [("2020-01-01", "2020-01-07")])
def test_nothing_booked_is_told_as_such(firm: Firm, days: tuple[str, str]) -> None:
    data = firm.call("delivery_director", "check_time", since=days[0], until=days[1]).data
    assert data == {"entries": [], "looked_at": 0}


def test_last_week_is_meant_when_no_days_are_said(firm: Firm) -> None:
    data = firm.call("delivery_director", "check_time").data
    assert (data["since"], data["until"]) == ("2026-03-09", "2026-03-15")


def test_entries_go_back_as_one_batch_and_are_not_proposed_twice(own_firm: Firm) -> None:
    firm, days = own_firm, {"since": "2026-02-16", "until": "2026-03-15"}
    flagged = [e["entry_id"] for e in firm.call("delivery_director", "check_time", **days).data["entries"]]
    wanted = flagged[:2]
    made = firm.call("delivery_director", "propose_returns", entry_ids=wanted, **days)
    with firm.db.tx(firm.person("delivery_director"), "agent") as tx:
        action = card(tx, made.proposals[0]).action
    assert isinstance(action, ReturnTimeEntries)
    assert set(action.item_ids()) == set(wanted)
    assert [w.item for w in action.writes()] == list(action.item_ids())
    again = firm.call("delivery_director", "propose_returns", entry_ids=wanted, **days)
    assert not again.proposals and "proposed already" in again.text


def test_what_was_not_flagged_cannot_be_slipped_in(own_firm: Firm) -> None:
    ((innocent,),) = own_firm.rows(
        "select entry_id from firm.time_entry where started_at::date = '2026-03-10'"
        " and extract(hour from started_at) between 9 and 11 and minutes <= 120 order by entry_id limit 1"
    )
    made = own_firm.call("delivery_director", "propose_returns", entry_ids=[innocent])
    assert not made.proposals


def test_without_a_model_it_says_so(firm: Firm) -> None:
    assert "No time model is in service" in firm.call("delivery_director", "check_time").text
