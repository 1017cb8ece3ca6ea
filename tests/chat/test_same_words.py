"""One proposal says the same wherever it is read: in Slack, in Teams and to an agent over MCP."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import pytest

from api.chat.facts import CardFacts, facts
from api.mcp.card import markdown
from api.slack.cards import card_blocks
from api.teams.cards import View, proposal_card
from models.proposal import Difference
from tests.chat.cards import (
    ACTIONS,
    QUESTION_ID,
    SIGNED_AT,
    effect,
    made,
    question,
    step,
    who,
)
from tests.slack.test_cards import texts
from tests.teams.test_cards import said
from workflow.cards import DeclinedItem, ProposalCard

URL, ZONE, READER = "https://chargehand.example.com", "UTC", "rita"
NOT_WORDS = frozenset({"path", "question_id", "mine", "verbatim"})

CARDS = {
    **{action.kind: made(action, names={"acme": "Acme Ltd"}) for action in ACTIONS},
    "signed": made(
        steps=[step("Resources", "rita", signed=["rita"]), step("Directors", "dora", "dan")], step=1, may=()
    ),
    "waits for a system": made(state="approved", may=(), effects=[effect(waits_since=SIGNED_AT)]),
    "done": made(state="executed", may={"undo"}, effects=[effect(state="done", external_ref="a-7")]),
    "asked": made(questions=[question()], mine_to_answer={QUESTION_ID}, may={"answer"}),
    "answered": made(
        questions=[question(answered_by=who("paula"), answer="Since Monday.", answered_at=SIGNED_AT)]
    ),
    "went back": made(differences=[Difference(field="invoice i-1: paid on", was="", now="4 Jan 2027")]),
    "a part": made(
        declined_items=[
            DeclinedItem(
                version=1, item_id="t-2", declined_by=who("rita"), reason="Fine.", declined_at=SIGNED_AT
            )
        ]
    ),
    "planted": made(state="rejected", may=(), planted_flaw="The rate is of last year."),
}


def words(value: Any) -> Iterator[str]:
    """Each line of each text in the facts."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name not in NOT_WORDS:
                yield from words(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from words(part)
    elif isinstance(value, str):
        yield from (line for line in value.splitlines() if line)


def in_slack(card: ProposalCard) -> str:
    return "".join(texts(card_blocks(card, READER, ZONE, URL)))


def in_teams(card: ProposalCard) -> str:
    return said(proposal_card(card, View(ZONE, URL, READER)))


def over_mcp(card: ProposalCard) -> str:
    return markdown(card, URL).replace("\\", "")


@pytest.mark.parametrize("told", [in_slack, in_teams, over_mcp])
@pytest.mark.parametrize("what", CARDS)
def test_nothing_is_left_out(what: str, told: Callable[[ProposalCard], str]) -> None:
    card = CARDS[what]
    shown = told(card)
    expected: CardFacts = facts(card, ZONE, "" if told is over_mcp else READER)
    missing = [word for word in words(asdict(expected)) if word not in shown]
    assert not missing


def test_evidence_leads_to_its_page() -> None:
    card = made()
    pages = [URL + e.path for e in facts(card, ZONE).evidence]
    teams = proposal_card(card, View(ZONE, URL, READER)).model_dump()
    for drawn in (card_blocks(card, READER, ZONE, URL), teams):
        assert all(page in str(drawn) for page in pages)
