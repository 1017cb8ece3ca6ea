"""What a press on a card does. The answer is the card as it is then, for whoever pressed; the database
refuses what the card should not have offered."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from microsoft_teams.cards.core import AdaptiveCard
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api import forms
from api.teams.card_forms import EDITED, FormName, Typed, form_card
from api.teams.cards import View, notice_card, proposal_card
from api.teams.elements import LONGEST_TEXT
from api.wiring import Application
from models.access import Principal, require
from models.errors import ChargehandError
from models.evidence import Attachment
from workflow.cards import ProposalCard

FORMS: Mapping[str, FormName] = {
    "approve_form": "approve",
    "reject_form": "reject",
    "accept_part_form": "accept_part",
    "edit_form": "edit",
    "ask_form": "ask",
    "answer_form": "answer",
}
DONE: Mapping[str, str] = {
    "approve": "You signed it.",
    "reject": "You rejected it. Who asked was told why.",
    "accept_part": "You approved a part of it and declined the rest.",
    "edit": "Your edit is a new version. Somebody else must sign it.",
    "ask": "Your question is asked. The answer comes here.",
    "answer": "Your answer is on the card, and who asked was told.",
}


class Pressed(BaseModel):
    """What a button says: what was read, and what was typed beside it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    verb: str = Field(max_length=40)
    proposal_id: UUID
    content_hash: str = Field(default="", max_length=64)
    question_id: UUID | None = None

    def typed(self) -> dict[str, str]:
        """What was typed, by the field's name."""
        return {name: str(value) for name, value in (self.model_extra or {}).items()}


class NotAPress(ChargehandError):
    """This card is not one of Chargehand's, or of an older version of it. Open the page to decide."""

    status = 422


def pressed(data: Mapping[str, Any], verb: str | None) -> Pressed:
    """What came with a press. Raises NotAPress."""
    try:
        found = Pressed.model_validate({**data, **({"verb": verb} if verb else {})})
    except ValidationError as e:
        raise NotAPress from e
    if any(len(value) > LONGEST_TEXT for value in found.typed().values()):
        raise NotAPress
    return found


def act(app: Application, principal: Principal, press: Pressed, view: View) -> AdaptiveCard:
    """Do it, and show what is so then. Never raises a ChargehandError: who pressed reads it on the card."""
    try:
        require(principal, "proposals.read")
        if press.verb == "refresh":
            return proposal_card(app.workflow.open_card(principal, press.proposal_id), view)
        if press.verb in FORMS:
            card = app.workflow.open_card(principal, press.proposal_id)
            return form_card(FORMS[press.verb], card, view)
        return _do(app, principal, press, view)
    except ChargehandError as error:
        return _refused(app, principal, press, view, error)


def _do(app: Application, principal: Principal, press: Pressed, view: View) -> AdaptiveCard:
    deed = _DEEDS.get(press.verb)
    if deed is None:
        raise NotAPress
    try:
        card = deed(app, principal, press)
    except _Faulty as faulty:
        card = app.workflow.card(principal, press.proposal_id)
        return form_card(faulty.form, card, view, faulty.typed)
    return proposal_card(card, _noted(view, DONE[press.verb], good=True))


def _refused(
    app: Application, principal: Principal, press: Pressed, view: View, error: ChargehandError
) -> AdaptiveCard:
    """The form again where it can be mended there; else the card as it is now, with why not."""
    try:
        card = app.workflow.card(principal, press.proposal_id)
    except ChargehandError:
        return notice_card(error.sentence, view)
    name = _FORM_OF.get(press.verb)
    if name and error.status == 422 and card.content_hash == press.content_hash and name in card.may:
        return form_card(name, card, view, Typed(press.typed(), problem=error.sentence))
    return proposal_card(card, _noted(view, error.sentence, good=False))


def _noted(view: View, notice: str, *, good: bool) -> View:
    return replace(view, notice=notice, tone="good" if good else "attention")


class _Faulty(Exception):
    """A form was not filled in rightly."""

    def __init__(self, form: FormName, typed: Typed) -> None:
        super().__init__(form)
        self.form, self.typed = form, typed


def _needed(press: Pressed, form: FormName, name: str, error: str) -> str:
    said = press.typed().get(name, "").strip()
    if not said:
        raise _Faulty(form, Typed(press.typed(), {name: error}))
    return said


def _approve(app: Application, principal: Principal, press: Pressed) -> ProposalCard:
    typed = press.typed()
    return app.workflow.decide(
        principal,
        press.proposal_id,
        content_hash=press.content_hash,
        verdict="approve",
        reason=typed.get("reason", "").strip(),
        evidence=_attached(press, "approve"),
    )


def _attached(press: Pressed, form: FormName) -> tuple[Attachment, ...]:
    typed = press.typed()
    found = typed.get("evidence_reference", "").strip()
    if not found:
        return ()
    try:
        kind = typed.get("evidence_kind", "document")
        return (Attachment.model_validate({"kind": kind, "reference": found}),)
    except ValidationError as e:
        raise _Faulty(form, Typed(typed, problem="This is no evidence that can be looked up.")) from e


def _reject(app: Application, principal: Principal, press: Pressed) -> ProposalCard:
    reason = _needed(press, "reject", "reason", "Say why: who asked is told.")
    return app.workflow.decide(
        principal, press.proposal_id, content_hash=press.content_hash, verdict="reject", reason=reason
    )


def _accept_part(app: Application, principal: Principal, press: Pressed) -> ProposalCard:
    keep = frozenset(filter(None, press.typed().get("keep", "").split(",")))
    if not keep:
        raise _Faulty("accept_part", Typed(press.typed(), {"keep": "Choose at least one, or reject it."}))
    return app.workflow.accept_part(
        principal,
        press.proposal_id,
        content_hash=press.content_hash,
        keep=keep,
        reason=_needed(press, "accept_part", "reason", "Say why the others are declined."),
    )


def _edit(app: Application, principal: Principal, press: Pressed) -> ProposalCard:
    typed = press.typed()
    card = app.workflow.card(principal, press.proposal_id)
    sent = {k.removeprefix(EDITED): v for k, v in typed.items() if k.startswith(EDITED)}
    try:
        action = forms.edited(card.action, sent)
    except ValidationError as error:
        raise _Faulty("edit", Typed(typed, forms.faults(error))) from error
    return app.workflow.edit(
        principal,
        press.proposal_id,
        content_hash=press.content_hash,
        action=action,
        note=typed.get("note", "").strip(),
    )


def _ask(app: Application, principal: Principal, press: Pressed) -> ProposalCard:
    question = _needed(press, "ask", "question", "Write your question.")
    return app.workflow.ask(principal, press.proposal_id, content_hash=press.content_hash, question=question)


def _answer(app: Application, principal: Principal, press: Pressed) -> ProposalCard:
    answer = _needed(press, "answer", "answer", "Write your answer.")
    if press.question_id is None:
        raise NotAPress
    return app.workflow.answer(principal, press.proposal_id, press.question_id, answer=answer)


Deed = Callable[[Application, Principal, Pressed], ProposalCard]
_DEEDS: Mapping[str, Deed] = {
    "approve": _approve,
    "reject": _reject,
    "accept_part": _accept_part,
    "edit": _edit,
    "ask": _ask,
    "answer": _answer,
}
_FORM_OF: Mapping[str, FormName] = {verb: verb for verb in FORMS.values()}
