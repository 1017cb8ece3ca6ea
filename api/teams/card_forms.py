"""Forms in a card: what a decision needs besides a press, and what was wrong with it, beside its field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from microsoft_teams.cards.core import AdaptiveCard, CardElement, Choice, ChoiceSetInput, TextInput

from api import forms
from api.chat.facts import facts
from api.teams.cards import MOST_BYTES, View, notice_card, reference, size
from api.teams.elements import (
    LONGEST_TEXT,
    SCHEMA,
    VERSION,
    Style,
    area,
    box,
    choices,
    line,
    link,
    press,
)
from api.teams.elements import field as input_of
from api.wording import field as label_of
from api.wording import money
from models.actions import ReturnTimeEntries
from workflow.cards import ProposalCard, QuestionView

FormName = Literal["approve", "reject", "accept_part", "edit", "ask", "answer"]
EDITED = "edit:"  # before a field's path: what is edited cannot pass for a part of the form
ATTACHMENTS = ("document", "ticket", "link", "record")

_TITLES: Mapping[FormName, str] = {
    "approve": "Approve",
    "reject": "Reject",
    "accept_part": "Approve a part",
    "edit": "Edit",
    "ask": "Ask back",
    "answer": "Answer",
}


@dataclass(frozen=True)
class Typed:
    """What was sent from a form, and what was wrong with it."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)  # by the field's name
    problem: str = ""  # with the whole of it


def form_card(name: FormName, card: ProposalCard, view: View, typed: Typed | None = None) -> AdaptiveCard:
    """The form in the place of the card; sending it or going back brings the card again."""
    typed = typed or Typed()
    said = facts(card, view.zone)
    body: list[CardElement] = [
        line(f"{_TITLES[name]}: {said.title}", weight="Bolder", size="Medium", wrap=True),
        *([box("attention", line(typed.problem, weight="Bolder"))] if typed.problem else []),
        *_fields(name, card, typed),
    ]
    about = reference(card)
    if name == "answer" and (asked := _asked(card)):
        about["question_id"] = str(asked.question_id)
    style: Style = "destructive" if name == "reject" else "positive"
    drawn = AdaptiveCard(
        version=VERSION,
        ac_schema=SCHEMA,
        fallback_text="A form of Chargehand. Open the page to decide.",
        body=body,
        actions=[
            press(_TITLES[name], name, about, style=style),
            press("Back", "refresh", about, inputs=False),
        ],
    )
    if size(drawn) > MOST_BYTES:
        page = f"{view.public_url}{said.path}"
        return _too_long(view, f"{page}/edit" if name == "edit" else page)
    return drawn


def _fields(name: FormName, card: ProposalCard, typed: Typed) -> Iterator[CardElement]:
    match name:
        case "approve":
            step = card.steps[card.step]
            yield from _area("reason", "Comment", typed, required=step.comment_required)
            yield from _evidence(typed, required=step.evidence_required)
        case "reject":
            yield from _area("reason", "Why? Who asked is told", typed)
        case "accept_part":
            yield from _parts(card, typed)
            yield from _area("reason", "Why not the others?", typed)
        case "edit":
            yield from _edits(card, typed)
        case "ask":
            yield from _area("question", "Your question to who asked", typed)
        case "answer":
            yield from _answers(card, typed)


def _area(name: str, label: str, typed: Typed, *, required: bool = True) -> Iterator[CardElement]:
    yield area(name, label, typed.values.get(name, ""), required=required)
    if error := typed.errors.get(name):
        yield line(error, color="Attention")


def _evidence(typed: Typed, *, required: bool) -> Iterator[CardElement]:
    if not required:
        return
    kinds = [Choice(title=label_of(kind), value=kind) for kind in ATTACHMENTS]
    kind = typed.values.get("evidence_kind", "document")
    yield ChoiceSetInput(
        id="evidence_kind", label="What you rest it on", choices=kinds, value=kind, style="compact"
    )
    yield TextInput(
        id="evidence_reference",
        label="Where it can be looked up",
        value=typed.values.get("evidence_reference", ""),
        is_required=True,
        error_message="Evidence is needed.",
        max_length=500,
    )


def _parts(card: ProposalCard, typed: Typed) -> Iterator[CardElement]:
    assert isinstance(card.action, ReturnTimeEntries)
    listed = [
        (e.entry_id, f"{e.person_name}, {e.minutes / 60:.1f} h, {money(e.at_stake)}: {e.reason}")
        for e in card.action.items
    ]
    chosen = typed.values.get("keep", ",".join(value for value, _ in listed))
    yield choices("keep", "What you approve; the rest is declined", listed, chosen)
    if error := typed.errors.get("keep"):
        yield line(error, color="Attention")


def _edits(card: ProposalCard, typed: Typed) -> Iterator[CardElement]:
    sent = {k.removeprefix(EDITED): v for k, v in typed.values.items() if k.startswith(EDITED)}
    groups = forms.groups(card.action, sent, typed.errors)
    for group in groups:
        if group.title:
            yield line(group.title, weight="Bolder")
        for entry in group.fields:
            yield from input_of(EDITED + entry.name, entry)
    placed = {entry.name for group in groups for entry in group.fields}
    for name, error in typed.errors.items():
        if name not in placed:
            yield line(error, color="Attention")
    yield TextInput(
        id="note",
        label="Why you change it",
        value=typed.values.get("note", ""),
        is_multiline=True,
        max_length=LONGEST_TEXT,
    )


def _answers(card: ProposalCard, typed: Typed) -> Iterator[CardElement]:
    asked = _asked(card)
    if asked is None:
        yield line("No question waits for you any more.")
        return
    yield line(f"{asked.asker.name}: {asked.question}")
    yield from _area("answer", "Your answer", typed)


def _asked(card: ProposalCard) -> QuestionView | None:
    """The oldest question that waits for the reader."""
    return next((q for q in card.questions if q.question_id in card.mine_to_answer), None)


def _too_long(view: View, url: str) -> AdaptiveCard:
    drawn = notice_card("This form has too many fields for Teams. The page has them all.", view)
    drawn.actions = [link("Open the page", url)]
    return drawn
