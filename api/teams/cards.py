"""A proposal as an Adaptive Card, for one reader: exactly what will be written, the evidence, why you, and
the buttons for what the reader may do. Pure: reads nothing, decides nothing."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar
from uuid import UUID

from microsoft_teams.cards.core import (
    Action,
    AdaptiveCard,
    CardElement,
    ExecuteAction,
    RefreshDefinition,
    TextRun,
)

from api.chat.facts import CardFacts, QuestionFacts, WriteFacts, facts
from api.teams.elements import SCHEMA, VERSION, box, heading, labelled, line, link, press, text
from workflow.cards import ProposalCard

MOST_BYTES = 24_000  # Teams refuses a message above 28 KB: there is more around the card
MOST_REFRESHED = 60  # people for whom Teams asks for a view of their own
FULL = 10_000

T = TypeVar("T")


@dataclass(frozen=True)
class View:
    """For whom, and with what beside the proposal, a card is drawn."""

    zone: str  # IANA name
    public_url: str
    reader_id: str = ""  # empty: nobody is 'you'
    notice: str = ""  # about what was just tried, e.g. who was quicker
    tone: Literal["good", "attention"] = "attention"
    refresh: bool = True  # Teams asks for a fresh card when the reader sees it
    user_ids: Sequence[str] = ()  # for whom it does, by their ids in Teams; empty: for every reader


@dataclass(frozen=True)
class _Measure:
    """How much of each part is shown."""

    rows: int
    letters: int


MEASURES = (_Measure(FULL, FULL), _Measure(40, 1_500), _Measure(16, 500), _Measure(8, 200), _Measure(3, 120))


def proposal_card(card: ProposalCard, view: View) -> AdaptiveCard:
    """The card, as whole as fits. One that does not show all that will be written offers no approval: that is
    for the page, which shows it."""
    said = facts(card, view.zone, view.reader_id)
    for measure in MEASURES:
        cut = _Cut(measure)
        body = list(_body(card, said, view, cut))
        drawn = _framed(card.proposal_id, view, body, _actions(card, view, whole=not cut.writes_cut))
        if size(drawn) <= MOST_BYTES:
            break
    return drawn


def shared_card(proposal_id: UUID, view: View) -> AdaptiveCard:
    """What everybody in a conversation may read of a proposal that somebody brought there: that it exists.
    Who may see it gets a card of their own."""
    body = [
        text(TextRun(text="A proposal in Chargehand", weight="Bolder", size="Medium")),
        line("Whoever may see it reads it here; others see this line.", is_subtle=True),
    ]
    return _framed(proposal_id, view, body, [link("Open", f"{view.public_url}/proposals/{proposal_id}")])


def gone_card(view: View) -> AdaptiveCard:
    """In place of a card whose reader may not see it any more."""
    return notice_card("You may not see this proposal any more.", view)


def notice_card(said: str, view: View, *, title: str = "Chargehand") -> AdaptiveCard:
    """A few words where a card was asked for."""
    body = [text(TextRun(text=title, weight="Bolder")), line(said)]
    return AdaptiveCard(
        version=VERSION,
        ac_schema=SCHEMA,
        fallback_text=said,
        body=body,
        actions=[link("Open Chargehand", f"{view.public_url}/inbox")],
    )


def size(card: AdaptiveCard) -> int:
    """In bytes, as it is sent."""
    return len(json.dumps(card.model_dump(exclude_none=True), ensure_ascii=False).encode())


def reference(card: ProposalCard) -> dict[str, Any]:
    """What a button says about what was read: the content that a decision is bound to."""
    return {
        "proposal_id": str(card.proposal_id),
        "version": card.version,
        "content_hash": card.content_hash,
    }


class _Cut:
    """Shortens to a measure, and remembers whether that took anything of what will be written."""

    def __init__(self, measure: _Measure) -> None:
        self._measure = measure
        self.writes_cut = False

    def rows(self, found: Sequence[T], draw: Callable[[T], Iterable[CardElement]]) -> Iterator[CardElement]:
        for item in found[: self._measure.rows]:
            yield from draw(item)
        if (left := len(found) - self._measure.rows) > 0:
            yield line(f"… and {left} more: open the page.", is_subtle=True)

    def letters(self, said: str) -> str:
        most = self._measure.letters
        return said if len(said) <= most else f"{said[:most]} … open the page for the rest."

    def writes(self, found: Sequence[WriteFacts]) -> Iterator[CardElement]:
        rows = self._measure.rows
        longest = (len(value) for write in found for _, value in write.fields)
        self.writes_cut = sum(len(w.fields) + 1 for w in found) > rows or any(
            length > self._measure.letters for length in longest
        )
        for number, write in enumerate(found):
            if rows <= 0:
                yield line(f"… and {len(found) - number} more writes: open the page.", is_subtle=True)
                return
            item = f": {write.item}" if write.item else ""
            yield line(f"{write.system}, {write.operation}{item}", weight="Bolder")
            shortened = replace(write, fields=tuple((k, self.letters(v)) for k, v in write.fields))
            for label, value in shortened.fields[:rows]:
                yield from labelled(label, value)
            if len(write.fields) > rows:
                yield line(f"… and {len(write.fields) - rows} more fields: open the page.", is_subtle=True)
            rows -= len(write.fields) + 1


def _body(card: ProposalCard, said: CardFacts, view: View, cut: _Cut) -> Iterator[CardElement]:
    yield line(f"{said.kind} · {said.state}", is_subtle=True)
    yield line(said.title, weight="Bolder", size="Medium")
    if view.notice:
        yield box(view.tone, line(view.notice, weight="Bolder"))
    if said.planted:
        yield box("emphasis", line(said.planted))
    for single in (said.amount, said.proposer, said.version, said.deadline):
        if single:
            yield line(single)
    if said.why_you:
        yield box("emphasis", text(TextRun(text="Why you", weight="Bolder")), line(said.why_you))
    yield from _listed("Why it went back", said.differences, cut)
    yield from _listed("What became of it", said.outcome, cut)
    yield heading(said.writes_title)
    yield from cut.writes(said.writes)
    yield from _listed("Left out", said.left_out, cut)
    if said.evidence:
        yield heading("Evidence")
        yield from cut.rows(
            said.evidence,
            lambda e: labelled(
                e.where, cut.letters(f"“{e.quote}”" if e.verbatim else e.quote), view.public_url + e.path
            ),
        )
    yield line(said.found, is_subtle=True)
    yield from _listed("Why this gate", said.why_gate, cut)
    yield from _listed("Signatures", (*said.signatures, said.waiting, *said.ahead), cut)
    if said.questions:
        yield heading("Questions")
        yield from cut.rows(said.questions, lambda q: _question(q, cut))


def _listed(title: str, found: Sequence[str], cut: _Cut) -> Iterator[CardElement]:
    lines = [said for said in found if said]
    if lines:
        yield heading(title)
        yield from cut.rows(lines, lambda said: [line(cut.letters(said))])


def _question(asked: QuestionFacts, cut: _Cut) -> Iterator[CardElement]:
    yield from labelled(f"{asked.asker} {asked.about}".rstrip(), cut.letters(asked.question))
    if asked.answer:
        yield from labelled(asked.answered_by, cut.letters(asked.answer))
    elif not asked.mine:
        yield line("It waits for an answer.", is_subtle=True)


def _actions(card: ProposalCard, view: View, *, whole: bool) -> list[Action]:
    """What the reader may do, as far as a card can tell: pressing checks again."""
    about, found = reference(card), []
    step = card.steps[card.step] if card.step < len(card.steps) else None
    if "approve" in card.may and whole:
        more = step is not None and (step.comment_required or step.evidence_required)
        verb = "approve_form" if more else "approve"
        found.append(press("Approve", verb, about, style="positive", inputs=False))
    if "reject" in card.may:
        found.append(press("Reject", "reject_form", about, style="destructive", inputs=False))
    if card.mine_to_answer:
        found.append(press("Answer", "answer_form", about, inputs=False))
    if "accept_part" in card.may and whole:
        found.append(press("Approve a part", "accept_part_form", about, inputs=False, more=True))
    if "edit" in card.may:
        found.append(press("Edit", "edit_form", about, inputs=False, more=True))
    if "ask" in card.may:
        found.append(press("Ask back", "ask_form", about, inputs=False, more=True))
    return [*found, link("Open the page", f"{view.public_url}/proposals/{card.proposal_id}")]


def _framed(
    proposal_id: UUID, view: View, body: Sequence[CardElement], actions: Sequence[Action]
) -> AdaptiveCard:
    refresh = None
    if view.refresh:
        asked = {"proposal_id": str(proposal_id), "verb": "refresh"}
        refresh = RefreshDefinition(
            action=ExecuteAction(verb="refresh", data=asked),
            user_ids=list(view.user_ids[:MOST_REFRESHED]) or None,
        )
    return AdaptiveCard(
        version=VERSION,
        ac_schema=SCHEMA,
        fallback_text="A proposal in Chargehand. Open the page to read it.",
        refresh=refresh,
        body=list(body),
        actions=list(actions),
    )
