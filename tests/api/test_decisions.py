"""Asking back, handing over and deciding many over REST, and coming back after signing in."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.web.sign_in import local_path
from api.wiring import Application
from tests.api.small_firm import OPERATOR, ORIGIN, Program
from tests.workflow import firm
from workflow.cards import ProposalCard


@pytest.fixture
def card(application: Application) -> ProposalCard:
    return application.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))


def path(card: ProposalCard, what: str) -> str:
    return f"/v1/proposals/{card.proposal_id}/{what}"


def test_a_question_and_its_answer(card: ProposalCard, program: Program) -> None:
    asked = program("rita").post(
        path(card, "questions"), json={"content_hash": card.content_hash, "question": "Why Carl?"}
    )
    [question] = asked.json()["questions"]
    answers = path(card, f"questions/{question['question_id']}/answers")
    stranger = program("rolf").post(answers, json={"answer": "x"})
    assert (stranger.status_code, stranger.json()["title"]) == (403, "Not your question")
    answered = program("paula").post(answers, json={"answer": "He is free."}).json()
    assert answered["questions"][0]["answer"] == "He is free."
    again = program("paula").post(answers, json={"answer": "Or not."})
    assert (again.status_code, again.json()["title"]) == (409, "Already answered")
    told = program("rita").get("/v1/notices").json()
    assert [n["kind"] for n in told] == ["answer"]
    assert [n["kind"] for n in program("paula").get("/v1/notices").json()] == ["question"]


def test_a_seat_is_handed_to_whom_the_policy_accepts(card: ProposalCard, program: Program) -> None:
    rita = program("rita")
    assert [t["person_id"] for t in rita.get(path(card, "takers")).json()] == ["dan", "dora", "leo"]
    body = {"to": "fay", "reason": "She is nice"}
    refused = rita.post(path(card, "handovers"), json=body)
    assert (refused.status_code, refused.json()["title"]) == (422, "Cannot hand over")
    handed = rita.post(path(card, "handovers"), json=body | {"to": "leo"}).json()
    assert handed["handovers"][0]["taker"]["name"] == "Leo Lang"
    approve = {"content_hash": card.content_hash, "verdict": "approve"}
    assert rita.post(path(card, "decisions"), json=approve).status_code == 403
    assert program("leo").post(path(card, "decisions"), json=approve).json()["state"] == "approved"


def test_many_are_decided_at_once_and_the_pace_is_told(application: Application, program: Program) -> None:
    cards = [
        application.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment(role=f"{n}")))
        for n in range(5)
    ]
    rita = program("rita")
    assert len(rita.get(path(cards[0], "alike")).json()) == 5
    choices = [{"proposal_id": str(c.proposal_id), "content_hash": c.content_hash} for c in cards]
    choices.append({"proposal_id": str(uuid4()), "content_hash": "0" * 64})
    reply = rita.post("/v1/proposals/decisions", json={"choices": choices, "verdict": "approve"}).json()
    assert [o["done"] for o in reply["outcomes"]] == [True] * 5 + [False]
    assert reply["outcomes"][-1]["error"] == "not-found"
    assert reply["pace"]["signed"] == 5
    late = rita.post(
        path(cards[0], "decisions"), json={"content_hash": cards[0].content_hash, "verdict": "approve"}
    )
    assert late.status_code == 409, "a warning is a warning: the refusal is about the proposal"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"choices": [], "verdict": "approve"}, "nothing is chosen"),
        ({"choices": [{"proposal_id": str(uuid4())}], "verdict": "approve"}, "what was read is not said"),
        (
            {
                "choices": [{"proposal_id": str(uuid4()), "content_hash": "0" * 64}] * 51,
                "verdict": "approve",
            },
            "more than can be shown",
        ),
    ],
)
def test_what_cannot_be_decided_at_once(body: dict[str, Any], reason: str, program: Program) -> None:
    assert program("rita").post("/v1/proposals/decisions", json=body).status_code == 422, reason


def test_a_list_is_ordered_and_narrowed(application: Application, program: Program) -> None:
    for invoice, amount in (("i-1", "1200.00"), ("i-2", "5000.00"), ("i-3", "70.00")):
        application.workflow.propose(
            firm.principal("leo"), firm.draft(firm.reminder(invoice_id=invoice, amount=amount))
        )
    fay = program("fay")

    def amounts(**params: Any) -> list[str]:
        items = fay.get("/v1/proposals", params=params).json()["items"]
        return [p["amount"]["amount"] for p in items]

    assert amounts() == amounts(order="money") == ["5000.00", "1200.00", "70.00"]
    assert amounts(min_amount="1200") == ["5000.00", "1200.00"]
    assert amounts(text="remin", practice="Data", limit=1) == ["5000.00"]
    assert fay.get("/v1/proposals", params={"order": "odd"}).status_code == 422


@pytest.mark.parametrize(
    ("asked", "goes", "reason"),
    [
        ("/proposals/1?done=ask&x=1", "/proposals/1?done=ask&x=1", "a page of ours"),
        ("/inbox", "/inbox", "a page of ours"),
        ("//evil.example/", "/", "another host, said without a scheme"),
        ("/\\evil.example", "/", "browsers read a backslash as a slash"),
        ("https://evil.example/", "/", "another host"),
        ("javascript:alert(1)", "/", "no page"),
        ("/inbox\r\nSet-Cookie: a=b", "/", "another header"),
        ("/sign-out", "/", "not for coming back to"),
        ("/v1/live", "/", "no page"),
        ("/" + "a" * 2000, "/", "longer than any page's"),
        ("", "/", "nothing was asked for"),
    ],
)
def test_only_pages_of_ours_are_come_back_to(asked: str, goes: str, reason: str) -> None:
    assert local_path(asked) == goes, reason


def test_signing_in_comes_back_once(application: Application, client: TestClient, card: ProposalCard) -> None:
    page = f"/proposals/{card.proposal_id}"
    refused = client.get(page, headers={"Accept": "text/html"})
    assert refused.status_code == 401 and "HttpOnly" in refused.headers["set-cookie"]

    def sign_in() -> str:
        token = application.sessions.make_link(OPERATOR, "rita").token
        return client.post("/sign-in", data={"token": token}, headers={"Origin": ORIGIN}).headers["location"]

    assert sign_in() == page
    assert sign_in() == "/", "the next time begins at the start"
