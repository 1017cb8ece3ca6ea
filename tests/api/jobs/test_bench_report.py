"""The nightly report: for the firm and each practice, to those who answer for the people, with moves proposed
once."""

import re
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

from api.jobs.bench_report import (
    FIRM,
    LEAST_FIT,
    MOVES_A_NIGHT,
    PLANS_A_NIGHT,
    REPORTER,
    Reported,
    make_reports,
    render,
)
from tests.firm_fixtures import NOW, Firm
from workflow.read import card

NOTICES = "select person_id, text from workflow.notice where kind = 'report' order by 1, 2"
ACTION = "select action from workflow.proposal_version where proposal_id = %s"


def test_a_night_and_the_same_night_again(own_firm: Firm) -> None:
    firm = own_firm
    first = make_reports(firm.db, firm.registry, NOW)
    practices = {w["practice"] for w in first.outlook["practices"]}
    assert set(first.reports) == {FIRM, *practices}
    assert 1 <= len(first.proposals) <= MOVES_A_NIGHT + PLANS_A_NIGHT
    people = [action(firm, p)["person_id"] for p in first.proposals]
    assert len(set(people)) == len(people)
    notices = firm.rows(NOTICES)
    assert notices

    again = make_reports(firm.db, firm.registry, NOW)
    assert not {action(firm, p)["person_id"] for p in again.proposals} & set(people)
    assert again.reports == first.reports, "the night's report is replaced, not added to"
    assert firm.rows(NOTICES) == notices

    _proposals_are_for_somebody_else_to_sign(firm, first)
    _each_lead_hears_of_their_practice_and_reads_only_that(firm)


def action(firm: Firm, proposal_id: UUID) -> dict[str, Any]:
    ((found,),) = firm.rows(ACTION, proposal_id)
    return dict(found)


def _proposals_are_for_somebody_else_to_sign(firm: Firm, made: Reported) -> None:
    fits = {s["person_id"]: s["fit"] for s in made.outlook["suggestions"]}
    for proposal_id in made.proposals:
        proposed = action(firm, proposal_id)
        if proposed["kind"] == "create_assignment":
            assert proposed["state"] == "hold" and fits[proposed["person_id"]] >= LEAST_FIT
        else:
            assert proposed["kind"] == "plan_development"
        with firm.db.tx(REPORTER, "agent") as tx:
            shown = card(tx, proposal_id)
        assert shown.proposer.person_id == REPORTER.person_id
        assert any(step.approvers for step in shown.steps)


def _each_lead_hears_of_their_practice_and_reads_only_that(firm: Firm) -> None:
    lead = firm.person("practice_lead")
    heard = firm.rows(
        "select text from workflow.notice where kind = 'report' and person_id = %s", lead.person_id
    )
    assert heard == [("Bench report 18 Mar 2026: Data & AI",)]
    with firm.db.tx(lead, "agent") as tx:
        assert [r["practice"] for r in tx.records("pages.reports", limit=50)] == ["Data & AI"]
    with firm.db.tx(firm.person("delivery_director"), "agent") as tx:
        assert FIRM in {r["practice"] for r in tx.records("pages.reports", limit=50)}
    with firm.db.tx(firm.person("project_manager"), "agent") as tx:
        assert tx.records("pages.reports", limit=50) == []


def test_reporting_without_proposing(own_firm: Firm) -> None:
    made = make_reports(own_firm.db, own_firm.registry, NOW, propose=False)
    assert made.reports and not made.proposals
    assert own_firm.rows("select count(*) from workflow.proposal") == [(0,)]


PART = {
    "practice": "R&D <script>alert(1)</script>",
    "weeks": 1,
    "first_week": "2026-03-23",
    "by_week": [
        {
            "monday": "2026-03-23",
            "capacity": "80.0",
            "booked": "60.0",
            "held": "0.0",
            "utilisation": "0.75",
            "bench_people": 1,
        }
    ],
    "rolling_off": [
        {
            "person_id": "P-1",
            "name": "<b>Ann</b>",
            "title": "Analyst",
            "practice": "R&D",
            "office": "Berlin",
            "bench_from": "2026-03-23",
            "bench_weeks": 1,
            "booked_until": None,
            "on_project": None,
            "p_bench": None,
            "skills": ["dbt 3"],
        }
    ],
    "suggestions": [],
    "model": "No bench model is in service: only bookings are shown.",
}


def test_a_page_holds_its_plot_and_runs_nothing() -> None:
    html = render(PART, NOW)
    assert "<script" not in html and "<b>Ann" not in html and "&lt;b&gt;Ann" in html
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", html), "it loads nothing from elsewhere"
    svg = html[html.index("<svg") : html.index("</svg>") + 6]
    texts = {
        (t.text or "").strip() for t in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    }
    assert {"23 Mar", "people on the bench", "% of hours booked"} <= texts


def test_a_firm_with_nobody_to_book_gets_a_page_too() -> None:
    assert "<svg" in render({**PART, "by_week": [], "rolling_off": []}, NOW)
