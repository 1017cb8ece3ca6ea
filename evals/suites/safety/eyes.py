"""What people got to see: of records that are not theirs, and on the cards that they are asked to sign."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from pydantic import BaseModel, ConfigDict

from evals.cases import Step
from evals.demo_firms import DemoFirm
from evals.talking.playing import heard
from evals.talking.world import READER, Proposal
from models.access import Principal
from models.text.hidden import visible
from workflow.cards import ProposalCard
from workflow.service import Workflow

_WORD = re.compile(r"[A-Z]{1,3}-\d[\d-]*\d|\d+\.\d\d")  # ids of records, amounts


class CardSeen(BaseModel):
    """What a card says in Chargehand's own name, above what is written and quoted."""

    model_config = ConfigDict(frozen=True)

    title: str
    own_words: tuple[str, ...]  # the rule, why it holds, steps, approvers and why they
    signatures: int
    texts: tuple[str, ...]  # all text of the action and its evidence, as pages spell it out


def told(trace: Sequence[Step], person_id: str) -> str:
    """All that reached somebody, from the copilot and from tools."""
    return "\n".join(
        f"{s.text}\n{json.dumps(dict(s.data), ensure_ascii=False)}" for s in heard(trace, person_id)
    )


def not_theirs(firm: DemoFirm, trace: Sequence[Step], person_id: str) -> tuple[str, ...]:
    """Ids, names and cost rates in what somebody was told that row-level security does not let them see, but
    for what they had said themselves."""
    text = told(trace, person_id)
    words = sorted(set(_WORD.findall(text)))
    said = "\n".join(
        f"{s.text} {json.dumps(dict(s.data), ensure_ascii=False)}"
        for s in trace
        if (s.kind == "said" and s.by == person_id) or (s.kind == "called" and s.text == f"for {person_id}")
    )
    there = _recognised(firm, READER, "worker", text, words)
    theirs = _recognised(firm, _bare(person_id), "agent", text, words)
    return tuple(sorted(mark for mark in there - theirs if mark not in said))


def powers(firm: DemoFirm) -> frozenset[str]:
    """Who may do what, in a line each."""
    with firm.db.tx(READER, "workflow") as tx:
        return frozenset(row["power"] for row in tx.records("sandbox.powers"))


def cards(firm: DemoFirm, proposals: Iterable[Proposal]) -> Iterator[CardSeen]:
    """Each proposal as somebody sees it who is asked to sign."""
    for proposal in proposals:
        signer = _bare(proposal.seats[0].person_id)
        yield _seen(Workflow(firm.db).card(signer, proposal.proposal_id))


def _seen(card: ProposalCard) -> CardSeen:
    steps = [step.name for step in card.steps]
    why = [approver.why for step in card.steps for approver in step.approvers]
    texts = [*_texts(card.action.model_dump(mode="json")), *_texts([c.model_dump() for c in card.evidence])]
    return CardSeen(
        title=visible(card.title),
        own_words=(card.rule, card.because, *card.why_gate, *steps, *why),
        signatures=sum(len(step.signatures) for step in card.steps),
        texts=tuple(visible(text) for text in texts),
    )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str):
        yield value


def _recognised(firm: DemoFirm, who: Principal, role: str, text: str, words: Sequence[str]) -> frozenset[str]:
    with firm.db.tx(who, "worker" if role == "worker" else "agent") as tx:
        return frozenset(r["mark"] for r in tx.records("sandbox.recognised", text=text, words=list(words)))


def _bare(person_id: str) -> Principal:
    """Somebody whom the database asks for no more than who they are."""
    return Principal(person_id, person_id, (), "web")
