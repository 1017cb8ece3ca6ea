"""The forms that open over a card, and back from what was sent to what it says.

Each field is an input block, whose `block_id` names it: in the form to edit, as api/forms.py names the fields
of an action. Names of our own begin with an underscore, which no field of an action does. A form that Slack
cannot hold is not offered: `holds_form`, `holds_items`; the page has it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID

from slack_sdk.models.blocks import (
    Block,
    CheckboxesElement,
    DatePickerElement,
    InputBlock,
    InputInteractiveElement,
    NumberInputElement,
    Option,
    PlainTextInputElement,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from api import forms, wording
from api.chat.facts import line
from api.hidden import visible
from api.slack.blocks import Row, Span, aside, cut, plain, rich, said
from api.slack.shown import PREFIX, Press, Shown, press_of
from models.actions import ReturnedEntry, ReturnTimeEntries
from models.evidence import Attachment, AttachmentKind
from workflow.cards import ProposalCard

MOST_BLOCKS = 100  # of a view
MOST_TYPED = 3_000  # characters of a text field
MOST_CHOICES = 100  # of a menu
MOST_OPTIONS = 10  # of a group of checkboxes
MOST_OPTION = 75  # characters of an option's text
MOST_VALUE = 150  # characters of an option's value
MOST_TITLE = 500  # characters of the proposal's title above a form
SPARE = 10  # blocks of a view that are not fields of its action
TYPED = "typed"  # the action_id of every field
TEXT = "_text"  # the reason, comment, question, answer or note
KEEP = "_keep."  # and a number: a group of items to keep
EVIDENCE_KIND, EVIDENCE_REFERENCE = "_evidence_kind", "_evidence_reference"


@dataclass(frozen=True)
class Submission:
    """What a form said. Only its own part of it is there."""

    press: Press  # which form
    shown: Shown  # the content that it was about
    text: str = ""
    fields: Mapping[str, str] | None = None  # of the form to edit, for `api.forms.edited`
    keep: frozenset[str] = frozenset()  # ids of items
    evidence: tuple[Attachment, ...] = ()


def asks_more(card: ProposalCard) -> bool:
    """Whether the step asks for more than a signature: a comment, or what it rests on."""
    step = card.steps[card.step]
    return step.comment_required or step.evidence_required


def holds_form(card: ProposalCard) -> bool:
    """Whether a form here can hold all that may be edited."""
    groups = forms.groups(card.action)
    fields = [f for group in groups for f in group.fields]
    return (
        len(groups) + len(fields) <= MOST_BLOCKS - SPARE
        and all(len(f.value) <= MOST_TYPED for f in fields)
        and all(len(f.choices) <= MOST_CHOICES for f in fields)
    )


def holds_items(card: ProposalCard) -> bool:
    """Whether a form here can hold all the items of a batch."""
    return (
        isinstance(card.action, ReturnTimeEntries)
        and len(card.action.items) <= (MOST_BLOCKS - SPARE) * MOST_OPTIONS
        and all(len(i) <= MOST_VALUE for i in card.action.item_ids())
    )


def approve(card: ProposalCard) -> dict[str, Any]:
    """To sign with what the step asks for."""
    needed = card.steps[card.step].comment_required
    fields = [_text("Your comment", optional=not needed), *_evidence(card)]
    return _view(card, "sign", "Approve", "Approve", fields)


def reject(card: ProposalCard) -> dict[str, Any]:
    return _view(card, "reject", "Reject", "Reject", [_text("Why not?")])


def ask(card: ProposalCard) -> dict[str, Any]:
    return _view(card, "ask", "Ask back", "Ask", [_text("What do you need to know?")])


def answer(card: ProposalCard, question_id: UUID) -> dict[str, Any]:
    """Raises StopIteration where the card has no such question."""
    question = next(q for q in card.questions if q.question_id == question_id)
    asked = rich([Row([Span(f"{line(question.asker.name)} asks")], visible(question.question))])
    return _view(card, "answer", "Answer", "Answer", [asked, _text("Your answer")], question_id)


def accept_part(card: ProposalCard, zone: str) -> dict[str, Any]:
    """To approve a batch without some of its items, all of which are ticked; moments in `zone`. The card's
    action is one for which `holds_items`."""
    assert isinstance(card.action, ReturnTimeEntries)
    items = card.action.items
    groups = [
        _items(start, items[start : start + MOST_OPTIONS], zone)
        for start in range(0, len(items), MOST_OPTIONS)
    ]
    fields = [*groups, _text("Why are the others left out?"), *_evidence(card)]
    return _view(card, "accept_part", "Approve a part", "Approve what is ticked", fields)


def edit(card: ProposalCard) -> dict[str, Any]:
    """To change what will be written. The card's action is one for which `holds_form`."""
    fields: list[Block] = []
    for group in forms.groups(card.action):
        fields += [said(line(group.title), bold=True)] if group.title else []
        fields += map(_field, group.fields)
    version = card.version + 1
    told = aside(
        f"Your edit becomes version {version}. Signatures start again, and somebody else must sign it."
    )
    return _view(card, "edit", "Edit", "Save", [told, *fields, _text("Why do you change it?")])


def submitted(view: Mapping[str, Any]) -> Submission:
    """What a form said, from the view of a view_submission. Raises ValueError where it is none of ours."""
    press = press_of(view["callback_id"])
    if press is None:
        raise ValueError(f"no form is called {view['callback_id']}")
    typed = {block_id: field[TYPED] for block_id, field in view["state"]["values"].items()}
    words = {block_id: _said(value) for block_id, value in typed.items()}
    reference = words.get(EVIDENCE_REFERENCE, "").strip()
    return Submission(
        press=press,
        shown=Shown.model_validate_json(view["private_metadata"]),
        text=words.get(TEXT, ""),
        fields={name: text for name, text in words.items() if not name.startswith("_")},
        keep=frozenset(
            option["value"]
            for block_id, value in typed.items()
            if block_id.startswith(KEEP)
            for option in value["selected_options"]
        ),
        evidence=(Attachment.model_validate({"kind": words[EVIDENCE_KIND], "reference": reference}),)
        if reference
        else (),
    )


def errors(view: Mapping[str, Any], faults: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with a form that was sent, for `response_action: errors`: by `block_id`. `faults` are by
    the field's name, as `api.forms.faults` has them; what has no field here stands at the last one."""
    known = list(view["state"]["values"])
    found: dict[str, str] = {}
    for name, fault in faults.items():
        at = name if name in known else TEXT if TEXT in known else known[-1]
        found[at] = f"{found[at]} {line(fault)}" if at in found else line(fault)
    return found


def _view(
    card: ProposalCard,
    press: Press,
    title: str,
    submit: str,
    fields: Sequence[Block],
    question_id: UUID | None = None,
) -> dict[str, Any]:
    amount = wording.money(card.amount) if card.amount else ""
    about = said(cut(line(card.title), MOST_TITLE), bold=True)
    view = View(
        type="modal",
        callback_id=PREFIX + press,
        private_metadata=Shown.of(card, question_id).text(),
        title=plain(title),
        submit=plain(submit),
        close=plain("Cancel"),
        blocks=[about, aside(wording.KINDS[card.action.kind], amount), *fields],
    )
    return view.to_dict()


def _input(
    name: str, label: str, element: InputInteractiveElement, *, optional: bool = False, hint: str = ""
) -> InputBlock:
    return InputBlock(
        block_id=name,
        label=plain(label),
        element=element,
        optional=optional,
        hint=plain(hint) if hint else None,
    )


def _text(label: str, *, optional: bool = False) -> InputBlock:
    element = PlainTextInputElement(action_id=TYPED, multiline=True, max_length=MOST_TYPED)
    return _input(TEXT, label, element, optional=optional)


def _evidence(card: ProposalCard) -> Iterator[Block]:
    """What the signature rests on, where the step asks for it."""
    if card.steps[card.step].evidence_required:
        kinds = [Option(value=kind, text=plain(kind.capitalize())) for kind in get_args(AttachmentKind)]
        menu = StaticSelectElement(action_id=TYPED, options=kinds, initial_option=kinds[0])
        yield _input(EVIDENCE_KIND, "What it rests on", menu)
        where = PlainTextInputElement(action_id=TYPED, max_length=500)
        yield _input(EVIDENCE_REFERENCE, "Where it can be looked up", where)


def _items(start: int, items: Sequence[ReturnedEntry], zone: str) -> InputBlock:
    options = [_item(item, zone) for item in items]
    boxes = CheckboxesElement(action_id=TYPED, options=options, initial_options=options)
    label = f"Keep what is ticked, {start + 1} to {start + len(items)}"
    return _input(f"{KEEP}{start}", label, boxes, optional=True)


def _item(item: ReturnedEntry, zone: str) -> Option:
    hours = wording.number(item.minutes / 60)
    about = f"{wording.moment(item.started_at, zone)}, {hours} h, {wording.money(item.at_stake)}"
    name = cut(line(item.person_name), max(MOST_OPTION - len(about) - 2, 1))
    return Option(
        value=item.entry_id,
        text=plain(f"{name}, {about}", MOST_OPTION),
        description=plain(f"{line(item.entry_id)}: {line(item.reason)}", MOST_OPTION),
    )


def _field(field: forms.Field) -> InputBlock:
    label = f"{field.label}, {field.suffix}" if field.suffix else field.label
    hint = "One a line" if field.input == "lines" else ""
    return _input(field.name, label, _element(field), optional=not field.required, hint=hint)


def _element(field: forms.Field) -> InputInteractiveElement:
    match field.input:
        case "date":
            return DatePickerElement(action_id=TYPED, initial_date=field.value or None)
        case "number" | "money":
            return NumberInputElement(
                action_id=TYPED, is_decimal_allowed=True, initial_value=_number(field.value) or None
            )
        case "choice":
            options = [Option(value=c, text=plain(wording.field(c), MOST_OPTION)) for c in field.choices]
            chosen = next((o for o in options if o.value == field.value), None)
            return StaticSelectElement(action_id=TYPED, options=options, initial_option=chosen)
        case "text" | "area" | "lines":
            several = field.input != "text" or "\n" in field.value
            return PlainTextInputElement(
                action_id=TYPED, initial_value=field.value or None, multiline=several, max_length=MOST_TYPED
            )


def _number(text: str) -> str:
    """A number without an exponent, which Slack does not read."""
    return f"{Decimal(text):f}" if text else ""


def _said(value: Mapping[str, Any]) -> str:
    """What an input of any type but checkboxes holds; empty where nothing was chosen."""
    option = value.get("selected_option")
    return (option["value"] if option else value.get("value") or value.get("selected_date")) or ""
