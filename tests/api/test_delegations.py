"""Delegations over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.wiring import Application
from tests.api.small_firm import Program
from tests.workflow import firm

TODAY = datetime.now(UTC).date()
SOON = {
    "first_day": str(TODAY + timedelta(1)),
    "last_day": str(TODAY + timedelta(9)),
}


def wanted(**changes: Any) -> dict[str, Any]:
    return {"delegate_id": "leo", "reason": "a trip", **SOON, **changes}


def test_made_listed_and_revoked(program: Program) -> None:
    rita = program("rita")
    reply = rita.post("/v1/delegations", json=wanted(kinds=["create_assignment"], amount_limit="20000.00"))
    assert reply.status_code == 201, reply.text
    made = reply.json()
    assert made["amount_limit"] == {"amount": "20000.00", "currency": "EUR"}
    assert (made["state"], made["source"]) == ("coming", "person")
    assert program("leo").get("/v1/delegations").json() == [made]
    assert program("rolf").get("/v1/delegations").json() == []
    path = f"/v1/delegations/{made['delegation_id']}"
    assert program("rolf").delete(path).status_code == 404
    assert rita.delete(path).json()["state"] == "over"


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (wanted(first_day=None), 422, "a last day alone"),
        (wanted(when_on_leave=True), 422, "days and leave"),
        (wanted(first_day=None, last_day=None), 422, "neither"),
        (wanted(kinds=["write_a_poem"]), 422, "no such kind"),
        (wanted(amount_limit="0.001"), 422, "no such money"),
        (wanted(reason=""), 422, "no reason"),
        (wanted(reason="x" * 201), 422, "a long story"),
        (wanted(delegator_id="rolf"), 403, "another's signature"),
        (wanted(made_by="rolf"), 422, "what nobody says"),
        (wanted(delegate_id="nobody"), 404, "who is not there"),
    ],
)
def test_what_is_refused(body: dict[str, Any], status: int, reason: str, program: Program) -> None:
    assert program("rita").post("/v1/delegations", json=body).status_code == status, reason


def test_a_token_that_only_reads_delegates_nothing(program: Program) -> None:
    reply = program("rita", "proposals.read").post("/v1/delegations", json=wanted())
    assert reply.status_code == 403
    assert reply.json()["permission"] == "proposals.decide"


def test_a_card_says_who_signed_for_whom(program: Program, application: Application) -> None:
    begun = wanted(first_day=str(TODAY - timedelta(1)))
    program("rita").post("/v1/delegations", json=begun).raise_for_status()
    proposed = application.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))
    leo = program("leo")
    card = leo.get(f"/v1/proposals/{proposed.proposal_id}").json()
    assert card["why_you"].startswith("stands in for Rita Roth")
    reply = leo.post(
        f"/v1/proposals/{proposed.proposal_id}/decisions",
        json={"content_hash": card["content_hash"], "verdict": "approve"},
    )
    [signature] = reply.json()["steps"][0]["signatures"]
    assert signature["person"]["person_id"] == "leo"
    assert signature["stands_in_for"] == {"person_id": "rita", "name": "Rita Roth"}
