"""Insight over HTTP: who may read what, as JSON, as pages, and as metrics."""

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.chat.inbound import Inbound
from api.wiring import Application
from tests.api.small_firm import Browser, Program
from tests.workflow import firm

PAGES = (
    "/operations",
    "/operations/flow",
    "/operations/delivery",
    "/operations/approvers",
    "/operations/return",
)


@pytest.fixture
def lived(application: Application) -> Application:
    """Something waits, something was approved, something was turned down."""
    workflow = application.workflow
    workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))
    for action, verdict in ((firm.reminder(), "approve"), (firm.reminder("i-2", "5000.00"), "reject")):
        card = workflow.propose(firm.principal("leo"), firm.draft(action))
        workflow.decide(
            firm.principal("fay"),
            card.proposal_id,
            content_hash=card.content_hash,
            verdict=verdict,
            reason="The amount is wrong.",
        )
    return application


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        ("dora", set(PAGES)),
        ("audrey", set(PAGES)),
        ("leo", set(PAGES) - {"/operations/return"}),
        ("paula", {"/operations/approvers"}),
        ("carl", {"/operations/approvers"}),
    ],
)
def test_who_may_open_which_page(lived: Application, browser: Browser, who: str, allowed: set[str]) -> None:
    opened = browser(who)
    for path in PAGES:
        answer = opened.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == (200 if path in allowed else 403), path


def test_a_page_says_what_happened_and_has_its_plot(lived: Application, browser: Browser) -> None:
    opened = browser("dora")
    flow = opened.get("/operations/flow?days=7").text
    assert (
        "Payment reminder" in flow and flow.count('<svg class="chart"') >= 3 and "too few for a share" in flow
    )
    assert "style=" not in flow, "the content policy allows no inline style"
    returned = opened.get("/operations/return").text
    assert "Hours of coordination avoided" in returned and "/audit?subject=proposal:" in returned
    assert opened.get("/operations/flow?days=8").status_code == 422


def test_an_empty_firm_is_told_what_to_do(browser: Browser) -> None:
    opened = browser("dora")
    for path, words in (
        ("/operations", "Nothing waits."),
        ("/operations/flow", "Nothing ended in these 30 days"),
        ("/operations/approvers", "No verdicts in these 30 days"),
        ("/operations/return", "Nothing to show yet"),
    ):
        assert words in opened.get(path).text, path


def test_the_same_as_json(lived: Application, program: Program) -> None:
    api = program("dora")
    assert api.get("/v1/operations/waiting").json()["waiting"] == 1
    flow = api.get("/v1/operations/flow", params={"days": 7}).json()
    assert (flow["total"]["approved"], flow["total"]["rejected"]) == (1, 1)
    assert [p["person_id"] for p in api.get("/v1/operations/approvers").json()["people"]] == ["fay"]
    assert api.get("/v1/operations/return").json()["lines"][0]["name"] == "hours_avoided"
    assert api.get("/v1/operations/billing").status_code == api.get("/v1/operations/hours").status_code == 200
    assert program("leo").get("/v1/operations/return").status_code == 403


def test_consent_is_given_on_the_page_and_a_planted_item_comes(
    lived: Application, browser: Browser, program: Program
) -> None:
    rejected = next(
        p for p in program("dora").get("/v1/proposals?box=all").json()["items"] if p["state"] == "rejected"
    )
    wanted: dict[str, Any] = {"source": rejected["proposal_id"], "person": "fay", "flaw": "It is not due."}
    assert browser("dora").post("/operations/plants", data=wanted).status_code == 422, "fay did not agree"
    assert browser("fay").post("/operations/plants/consent", data={"agrees": "true"}).status_code == 303
    assert browser("dora").post("/operations/plants", data=wanted).status_code == 303
    waiting = program("fay").get("/v1/proposals?box=mine").json()["items"]
    assert [p["title"] for p in waiting] == [rejected["title"]]


def test_metrics_say_how_it_stands_and_name_nobody(lived: Application, program: Program) -> None:
    Inbound(lived.db).take("slack", "T1", "Ev1", "event", {"text": "paula?"}, ordering="C1")
    text = program("rita", "operations.read").get("/metrics").text
    samples = {
        (s.name, *sorted(s.labels.items())): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }
    assert samples[("chargehand_database_up",)] == 1
    assert samples["chargehand_queue_waiting", ("rule", "assignment"), ("step", "Availability")] == 1
    assert samples["chargehand_verdicts_total", ("kind", "send_reminder"), ("verdict", "reject")] == 1
    assert (
        samples["chargehand_proposals_ended_total", ("kind", "send_reminder"), ("outcome", "rejected")] == 1
    )
    assert samples["chargehand_decision_seconds_count", ("kind", "send_reminder")] == 2
    assert samples["chargehand_effects", ("state", "ready"), ("system", "erp")] == 1
    assert samples["chargehand_circuit_open", ("system", "erp")] == 0
    received = (("state", "ready"), ("surface", "slack"), ("what", "received"))
    assert samples["chargehand_surface_waiting", *received] == 1
    assert not any(person in text for person in ("paula", "fay", "leo", "Fink"))
