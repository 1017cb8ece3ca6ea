"""Staffing against the truth of the generated firm: those who fit are found, those who are busy or away do
not lead, and a proposal says who must agree."""

from decimal import Decimal
from typing import Any

import pytest

from models.access import NotFound
from models.actions import ActionAdapter, CreateAssignment
from tests.firm_fixtures import NOW, Firm
from workflow.read import card


def ask(firm: Firm, **more: Any) -> dict[str, Any]:
    wanted = firm.scenario.staffing
    return {
        "project": firm.scenario.project_name,
        "role": wanted.role,
        "skills": [wanted.skill],
        "starts_on": wanted.starts_on.isoformat(),
        "ends_on": wanted.ends_on.isoformat(),
        "hours_per_week": wanted.hours_per_week,
        **more,
    }


def listed(firm: Firm, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = firm.call("project_manager", "find_people", **ask(firm, **more)).data[
        "shortlist"
    ]
    return found


def test_those_who_fit_are_found_first(firm: Firm) -> None:
    """Those of the grade asked for; a colleague of another grade may fit as well."""
    truth = firm.scenario.staffing
    found = [p["person_id"] for p in listed(firm, limit=10)]
    assert set(truth.fits) <= set(found)
    assert found[0] in truth.fits
    ahead_of_the_last_fit = found[: max(map(found.index, truth.fits))]
    assert not {*truth.busy} & set(ahead_of_the_last_fit[:3])


def test_who_is_busy_or_away_does_not_lead_and_the_reason_is_told(firm: Firm) -> None:
    truth = firm.scenario.staffing
    result = firm.call("project_manager", "find_people", **ask(firm, limit=20))
    rank = {p["person_id"]: n for n, p in enumerate(result.data["shortlist"])}
    best = min(rank[p] for p in truth.fits)
    gaps = {p["person_id"]: " ".join(p["gaps"]) for p in result.data["shortlist"]}
    missed = {p["person_id"]: p["why"] for p in result.data["near_misses"]}
    for person in (*truth.busy, *truth.away):
        assert rank.get(person, 99) > best
        told = gaps.get(person, "") + missed.get(person, "")
        assert person not in {*gaps, *missed} or "leave" in told or "hours" in told, told


@pytest.mark.parametrize("margin", [True, False])
def test_cost_and_margin_follow_from_the_rates_on_record(firm: Firm, margin: bool) -> None:
    for person in listed(firm):
        ((cost, bill, currency),) = firm.rows(
            "select cost_rate, bill_rate, currency from firm.person_rate where person_id = %s",
            person["person_id"],
        )
        if margin:
            assert abs(Decimal(person["margin"]) - (bill - cost) / bill) < Decimal("0.001")
        elif currency == "GBP":  # the project's own: nothing to convert
            assert Decimal(person["cost_rate"]["amount"]) == cost
            assert Decimal(person["cost"]["amount"]) == cost * 24 * 12


def test_dearer_people_are_left_out_when_a_rate_is_named(firm: Firm) -> None:
    everyone = listed(firm, limit=20)
    costs = sorted(Decimal(p["cost_rate"]["amount"]) for p in everyone)
    limit = costs[len(costs) // 2]
    cheaper = listed(firm, limit=20, max_cost_rate=str(limit))
    assert {p["person_id"] for p in cheaper} >= {
        p["person_id"] for p in everyone if Decimal(p["cost_rate"]["amount"]) <= limit
    }
    assert all(Decimal(p["cost_rate"]["amount"]) <= limit for p in cheaper)


def test_only_one_office_when_it_is_named(firm: Firm) -> None:
    assert {p["office"] for p in listed(firm, office="Berlin", limit=20)} <= {"Berlin"}


def test_free_hours_are_capacity_less_bookings_and_leave(firm: Firm) -> None:
    """Counted again from the records, for the first of the list."""
    first = listed(firm)[0]
    for week in first["weeks"]:
        ((free,),) = firm.rows(
            "select greatest(0, p.capacity_hours_per_week * (5 - (select count(distinct d) from firm.leave l,"
            "   generate_series(l.starts_on, l.ends_on, interval '1 day') d where l.person_id = p.person_id"
            "   and d between %(m)s::date and %(m)s::date + 4)) / 5.0"
            " - coalesce((select sum(hours_per_week) from firm.assignment a where a.person_id = p.person_id"
            "   and a.state = 'booked' and a.starts_on <= %(m)s::date + 4 and a.ends_on >= %(m)s::date), 0))"
            " from firm.person p where person_id = %(p)s".replace("%(m)s", f"'{week['monday']}'").replace(
                "%(p)s", f"'{first['person_id']}'"
            )
        )
        assert Decimal(week["free"]) == free


def test_an_assignment_is_proposed_as_it_was_shown(own_firm: Firm) -> None:
    firm, scenario = own_firm, own_firm.scenario
    person = scenario.staffing.fits[0]
    made = firm.call("project_manager", "propose_assignment", **ask(firm, person=person, hold=True))
    (proposal_id,) = made.proposals
    with firm.db.tx(firm.person("project_manager"), "agent") as tx:
        shown = card(tx, proposal_id)
    action = ActionAdapter.validate_python(shown.action.model_dump())
    assert isinstance(action, CreateAssignment)
    assert (action.person_id, action.project_id, action.state) == (person, scenario.project_id, "hold")
    assert (action.starts_on, action.hours_per_week) == (scenario.staffing.starts_on, 24)
    assert shown.proposer.person_id == scenario.personas["project_manager"]
    approvers = {a.person.person_id for s in shown.steps for a in s.approvers}
    assert approvers and not approvers & {shown.proposer.person_id, person}
    assert shown.because in made.text
    ((bill,),) = firm.rows("select bill_rate from firm.person_rate where person_id = %s", person)
    if action.bill_rate.currency == "GBP" and firm.rows(
        "select 1 from firm.person_rate where person_id = %s and currency = 'GBP'", person
    ):
        assert action.bill_rate.amount == bill
    assert shown.created_at.tzinfo is not None and NOW.tzinfo is not None


def test_the_same_again_is_the_same_proposal(own_firm: Firm) -> None:
    """A model that loops, or a client that tries again, makes no second one; another wish is another."""
    person = own_firm.scenario.staffing.fits[-1]

    def proposed(**more: Any) -> Any:
        wanted = ask(own_firm, person=person, **more)
        return own_firm.call("project_manager", "propose_assignment", **wanted).proposals[0]

    first = proposed()
    assert proposed() == first
    assert proposed(hold=True) != first


def test_asking_for_an_end_before_the_start_asks_back(own_firm: Firm) -> None:
    """A project that is over: until when, then?"""
    ((over, ended),) = own_firm.rows(
        "select project_id, ends_on from firm.project where ends_on < '2026-03-01'"
        " order by ends_on desc limit 1"
    )
    result = own_firm.call("delivery_director", "find_people", project=over, role="analyst")
    assert result.question is not None and result.question.argument == "ends_on"
    assert f"{ended.year}" in result.text


def test_a_person_that_is_not_there_is_not_found(firm: Firm) -> None:
    with pytest.raises(NotFound):
        firm.call("project_manager", "propose_assignment", **ask(firm, person="Xqzwv Nobody"))
