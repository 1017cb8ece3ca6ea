"""Reading and deciding proposals over REST."""

from typing import Any

import psycopg
import pytest

from api.wiring import Application
from models.actions import Action
from tests.api.small_firm import Program
from tests.workflow import firm
from workflow.cards import ProposalCard


def propose(application: Application, action: Action, who: str = "paula") -> ProposalCard:
    return application.workflow.propose(firm.principal(who), firm.draft(action))


def path(card: ProposalCard, what: str = "") -> str:
    return f"/v1/proposals/{card.proposal_id}" + (f"/{what}" if what else "")


def test_a_card_says_all_there_is_to_know(application: Application, program: Program) -> None:
    card = propose(application, firm.assignment())
    found = program("rita").get(path(card)).json()
    assert found["content_hash"] == card.content_hash
    assert found["why_you"] and found["because"]
    assert set(found["may"]) == {"approve", "reject", "edit", "ask", "reassign"}
    assert found["writes"][0]["body"]["person_id"] == "carl"
    assert found["amount"] == {"amount": "15360.00", "currency": "EUR"}, "money is never a float"


def test_two_steps_are_signed_by_two_people(application: Application, program: Program) -> None:
    card = propose(application, firm.change_order())
    approve = {"content_hash": card.content_hash, "verdict": "approve"}
    early = program("dora").post(path(card, "decisions"), json=approve)
    assert early.status_code == 403
    assert program("amir").post(path(card, "decisions"), json=approve).json()["state"] == "pending"
    signed = program("dora").post(path(card, "decisions"), json=approve).json()
    assert signed["state"] == "approved" and signed["effects"][0]["state"] == "ready"


@pytest.mark.parametrize(
    ("who", "body", "status", "title"),
    [
        pytest.param("paula", {"verdict": "approve"}, 403, "Own proposal", id="ones own"),
        pytest.param("dora", {"verdict": "approve"}, 403, "Not your decision", id="somebody elses"),
        pytest.param("rita", {"verdict": "reject"}, 422, "Reason needed", id="a rejection without a reason"),
        pytest.param(
            "rita", {"verdict": "approve", "content_hash": "0" * 64}, 409, "Content changed", id="stale"
        ),
        pytest.param("rita", {"verdict": "maybe"}, 422, "Request invalid", id="no verdict"),
        pytest.param(
            "rita", {"verdict": "approve", "as": "leo"}, 422, "Request invalid", id="an extra field"
        ),
    ],
)
def test_a_decision_is_refused_with_a_problem_one_can_act_on(
    application: Application, program: Program, who: str, body: dict[str, Any], status: int, title: str
) -> None:
    card = propose(application, firm.assignment())
    reply = program(who).post(path(card, "decisions"), json={"content_hash": card.content_hash, **body})
    assert (reply.status_code, reply.json()["title"]) == (status, title)
    assert reply.headers["content-type"] == "application/problem+json"
    assert application.workflow.card(firm.principal("rita"), card.proposal_id).state == "pending"


def test_the_one_who_comes_second_hears_who_was_first(application: Application, program: Program) -> None:
    card = propose(application, firm.assignment())
    approve = {"content_hash": card.content_hash, "verdict": "approve"}
    program("rolf").post(path(card, "decisions"), json=approve)
    late = program("rita").post(path(card, "decisions"), json=approve)
    assert late.status_code == 409 and "Rolf Rau" in late.json()["detail"]


def test_a_part_of_a_batch_is_accepted_and_the_rest_declined(
    application: Application, program: Program
) -> None:
    card = propose(application, firm.returned_time("t-1", "t-2", "t-3"), who="dora")
    body = {"content_hash": card.content_hash, "keep": ["t-1", "t-3"], "reason": "t-2 was agreed"}
    done = program("paula").post(path(card, "acceptances"), json=body).json()
    assert [i["item_id"] for i in done["declined_items"]] == ["t-2"]
    assert [e["item"] for e in done["effects"]] == ["t-1", "t-3"]


def test_an_edit_is_a_new_version_that_others_sign(application: Application, program: Program) -> None:
    card = propose(application, firm.assignment())
    action = firm.assignment(hours_per_week="24").model_dump(mode="json")
    body = {"content_hash": card.content_hash, "action": action, "note": "Four days are too many"}
    edited = program("rita").post(path(card, "edits"), json=body).json()
    assert (edited["version"], edited["state"]) == (2, "pending")
    assert edited["content_hash"] != card.content_hash
    own = {"content_hash": edited["content_hash"], "verdict": "approve"}
    assert program("rita").post(path(card, "decisions"), json=own).status_code == 403
    assert program("rolf").post(path(card, "decisions"), json=own).json()["state"] == "approved"


def test_an_edit_may_not_become_another_proposal(application: Application, program: Program) -> None:
    card = propose(application, firm.assignment())
    other = firm.assignment(project_id="borealis", project_name="Borealis").model_dump(mode="json")
    body = {"content_hash": card.content_hash, "action": other, "note": "x"}
    refused = program("rita").post(path(card, "edits"), json=body)
    assert (refused.status_code, refused.json()["title"]) == (422, "Cannot edit")


def test_the_proposer_takes_it_back(application: Application, program: Program) -> None:
    card = propose(application, firm.assignment())
    assert program("paula").post(path(card, "withdrawals"), json={}).json()["state"] == "withdrawn"
    assert program("rita").get("/v1/proposals").json()["items"] == []


def test_pages_follow_one_another_without_gap_or_repeat(application: Application, program: Program) -> None:
    made = {str(propose(application, firm.risk(statement=f"Risk {n}")).proposal_id) for n in range(7)}
    paula, after, seen = program("paula"), None, []
    while True:
        params = {"box": "asked", "limit": 3} | ({"after": after} if after else {})
        page = paula.get("/v1/proposals", params=params).json()
        seen += [p["proposal_id"] for p in page["items"]]
        if (after := page["after"]) is None:
            break
    assert len(seen) == 7 and set(seen) == made


def test_lists_are_filtered_by_kind_state_and_project(application: Application, program: Program) -> None:
    propose(application, firm.assignment())
    risk = propose(application, firm.risk())
    application.workflow.withdraw(firm.principal("paula"), risk.proposal_id)
    dora = program("dora")

    def found(**params: Any) -> list[str]:
        items = dora.get("/v1/proposals", params={"box": "all", **params}).json()["items"]
        return sorted(p["action_kind"] for p in items)

    assert found() == ["create_assignment", "register_risk"]
    assert found(kind="register_risk") == ["register_risk"]
    assert found(state=["pending", "approved"]) == ["create_assignment"]
    assert found(project_id="aurora") == ["create_assignment", "register_risk"]
    assert found(project_id="borealis") == []


@pytest.mark.parametrize(
    "params",
    [{"after": "nonsense"}, {"after": "2026-01-01_x"}, {"box": "theirs"}, {"state": "odd"}, {"limit": 0}],
)
def test_a_query_that_does_not_fit_is_a_problem(program: Program, params: dict[str, Any]) -> None:
    reply = program("rita").get("/v1/proposals", params=params)
    assert reply.status_code == 422 and reply.headers["content-type"] == "application/problem+json"


def test_tools_are_called_under_the_caller(program: Program) -> None:
    tool = program("rita").post("/v1/tools/my_proposals/calls", json={})
    assert tool.status_code == 200 and tool.json()["text"]
    assert program("rita").post("/v1/tools/nothing/calls", json={}).status_code == 404
    wrong = program("rita").post("/v1/tools/find_people/calls", json={"arguments": {"nonsense": 1}})
    assert (wrong.status_code, wrong.json()["tool"]) == (422, "find_people")
    assert program("carl").post("/v1/tools/find_people/calls", json={}).status_code == 403


def test_systems_are_paused_and_resumed_with_a_reason(program: Program) -> None:
    dora = program("dora")
    assert dora.post("/v1/circuits/erp/pauses", json={"reason": ""}).status_code == 422
    assert dora.post("/v1/circuits/erp/pauses", json={"reason": "Year end"}).status_code == 204
    erp = next(c for c in dora.get("/v1/circuits").json() if c["system"] == "erp")
    assert (erp["state"], erp["reason"], erp["changed_by"]) == ("paused", "Year end", "dora")
    assert dora.post("/v1/circuits/erp/resumptions", json={"reason": "Over"}).status_code == 204
    assert dora.post("/v1/circuits/mainframe/pauses", json={"reason": "x"}).status_code == 422


def test_a_hand_on_an_effect_that_is_not_there(program: Program) -> None:
    for effect_id, status in ((1, 404), (0, 422), (2**70, 422)):
        reply = program("dora").post(f"/v1/effects/{effect_id}/retries", json={"reason": "x"})
        assert reply.status_code == status


def test_the_audit_log_is_paged_and_verified(application: Application, program: Program) -> None:
    card = propose(application, firm.assignment())
    audrey = program("audrey")
    newest = audrey.get("/v1/audit?limit=1").json()
    older = audrey.get(f"/v1/audit?limit=1&before={newest['before']}").json()
    assert newest["items"][0]["seq"] == older["items"][0]["seq"] + 1
    about = audrey.get("/v1/audit", params={"subject": f"proposal:{card.proposal_id}"}).json()["items"]
    assert [e["action"] for e in about] == ["proposal.submitted"] or about[0]["actor"] == "paula"
    chain = audrey.get("/v1/audit/verification").json()
    assert chain["whole"] and chain["head_seq"] >= newest["items"][0]["seq"]


def test_undoing_is_proposed_over_rest(application: Application, program: Program) -> None:
    """What is not carried out is not there to be undone."""
    card = propose(application, firm.assignment())
    approve = {"content_hash": card.content_hash, "verdict": "approve"}
    signed = program("rita").post(path(card, "decisions"), json=approve).json()
    effect_id = signed["effects"][0]["effect_id"]
    undo = f"/v1/effects/{effect_id}/undo"
    assert program("paula").post(undo, json={"reason": "A mistake"}).status_code == 404
    with psycopg.connect(application.place.admin) as connection:
        connection.execute(
            "update workflow.effect set state = 'done', external_ref = 'psa-1', settled_at = now()"
        )
    assert program("paula").post(undo, json={"reason": ""}).status_code == 422
    asked = program("paula").post(undo, json={"reason": "A mistake"})
    assert asked.status_code == 201
    assert asked.json()["action"]["record_id"] == "psa-1" and asked.json()["rule"] == "undo"
    twice = program("paula").post(undo, json={"reason": "A mistake"})
    assert (twice.status_code, twice.json()["title"]) == (409, "Being undone")
