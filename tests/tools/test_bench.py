"""Bench risk against the truth: who rolls off is found with the week, and plans go to those who decide."""

from datetime import date, timedelta

import pytest

from tests.firm_fixtures import Firm
from workflow.read import card


def test_everybody_who_rolls_off_is_found_from_about_the_right_week(firm: Firm) -> None:
    data = firm.call("delivery_director", "bench_outlook", weeks=8).data
    found = {w["person_id"]: w for w in data["rolling_off"]}
    last = date.fromisoformat(data["first_week"]) + timedelta(weeks=7)
    for line in firm.lines("bench"):
        free_from = date.fromisoformat(line["free_from"])
        if free_from > last:
            continue  # after the last week that is looked at
        assert line["person_id"] in found, line
        told = date.fromisoformat(found[line["person_id"]]["bench_from"])
        assert abs((told - free_from).days) <= 7, line


def test_a_week_of_a_practice_adds_up_from_its_people(firm: Firm) -> None:
    data = firm.call("practice_lead", "bench_outlook", practice="Data & AI").data
    assert {w["practice"] for w in data["practices"]} == {"Data & AI"}
    assert len(data["practices"]) == 8
    for week in data["practices"]:
        assert 0 <= float(week["booked"]) <= float(week["capacity"])
        assert abs(float(week["booked"]) / float(week["capacity"]) - float(week["utilisation"])) < 0.001


def test_a_person_and_a_role_are_suggested_once(firm: Firm) -> None:
    moves = firm.call("delivery_director", "bench_outlook").data["suggestions"]
    assert moves
    assert len({m["person_id"] for m in moves}) == len({m["request_id"] for m in moves}) == len(moves)
    assert [m["fit"] for m in moves] == sorted((m["fit"] for m in moves), reverse=True)


def test_roles_of_projects_that_one_does_not_see_are_not_suggested(firm: Firm) -> None:
    moves = firm.call("second_project_manager", "bench_outlook").data["suggestions"]
    with firm.db.tx(firm.person("second_project_manager"), "agent") as tx:
        visible = {p for (p,) in tx.connection.execute("select project_id from firm.project")}
    assert {m["project_id"] for m in moves} <= visible


def test_without_a_model_it_says_so(firm: Firm) -> None:
    assert "No bench model is in service" in firm.call("delivery_director", "bench_outlook").text


def test_a_development_plan_goes_to_the_persons_manager(own_firm: Firm) -> None:
    person = own_firm.lines("bench")[0]["person_id"]
    made = own_firm.call("resource_manager", "propose_development", person=person, skill="dbt", weeks=2)
    with own_firm.db.tx(own_firm.person("resource_manager"), "agent") as tx:
        shown = card(tx, made.proposals[0])
    assert shown.action.kind == "plan_development"
    assert shown.action.ends_on - shown.action.starts_on == timedelta(days=13)
    approvers = {a.person.person_id for s in shown.steps for a in s.approvers}
    ((manager,),) = own_firm.rows("select manager_id from firm.person where person_id = %s", person)
    assert person not in approvers
    assert manager in approvers or own_firm.scenario.personas["resource_manager"] == manager


@pytest.mark.parametrize("weeks", [1, 26])
def test_as_far_ahead_as_asked(firm: Firm, weeks: int) -> None:
    data = firm.call("delivery_director", "bench_outlook", weeks=weeks).data
    mondays = {w["monday"] for w in data["practices"]}
    assert len(mondays) == weeks and min(mondays) == "2026-03-23"
