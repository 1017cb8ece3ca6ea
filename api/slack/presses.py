"""Buttons and forms of cards. Whoever presses is looked up and authorised at the press; what is decided is
decided before Slack is answered, so that the loser of a race hears at once who was quicker. What is refused
only the presser sees."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from slack_sdk.models.views import View

from api import forms
from api.slack import members, modals, prose
from api.slack.blocks import plain
from api.slack.clients import Workspace
from api.slack.listening import Body
from api.slack.modals import Submission
from api.slack.shown import Press, Shown
from api.wiring import Application
from models.access import Principal
from models.errors import ChargehandError
from models.proposal import ProposalState
from workflow.cards import Ability, ProposalCard
from workflow.errors import AlreadyDecided, AlreadyOver, ContentChanged, NotYourDecision

NOTE = "note"  # the callback_id of a modal that only says something

_NEEDS: Mapping[Press, Ability] = {
    "sign": "approve",
    "reject": "reject",
    "edit": "edit",
    "accept_part": "accept_part",
    "ask": "ask",
    "answer": "answer",
}
_DECIDED: Mapping[ProposalState, str] = {
    "approved": "approved",
    "executed": "approved",
    "parked": "approved",
    "failed": "approved",
    "rejected": "rejected",
}


class Presses:
    """Decides, and opens forms."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def pressed(self, workspace: Workspace, body: Body, press: Press) -> None:
        """A button of a card. Raises what is to be told to the presser."""
        if press == "open":
            return
        principal = members.require(self._app, workspace, body["user"]["id"], workspace.quick)
        shown = Shown.model_validate_json(body["actions"][0]["value"])
        if press == "approve":
            self._decide(principal, shown)
        elif press == "withdraw":
            self._app.workflow.withdraw(principal, shown.proposal_id)
        else:
            card = self._app.workflow.open_card(principal, shown.proposal_id)
            check(card, shown, _NEEDS[press])
            view = _form(card, press, shown, principal)
            workspace.quick.views_open(trigger_id=body["trigger_id"], view=view)

    def submitted(self, workspace: Workspace, body: Body) -> Body | None:
        """A form of a card: None where it is done, else what the form shows."""
        view = body["view"]
        if view["callback_id"] == NOTE:
            return None
        try:
            principal = members.require(self._app, workspace, body["user"]["id"], workspace.quick)
            self._do(principal, modals.submitted(view))
        except ValidationError as e:
            return _faulty(view, forms.faults(e))
        except ChargehandError as e:
            if e.status == 422:
                return _faulty(view, {modals.TEXT: e.sentence})
            return {"response_action": "update", "view": note(e.sentence)}
        return None

    def _decide(self, principal: Principal, shown: Shown, verdict: Any = "approve", **said: Any) -> None:
        self._app.workflow.decide(
            principal, shown.proposal_id, content_hash=shown.content_hash, verdict=verdict, **said
        )

    def _do(self, principal: Principal, said: Submission) -> None:
        workflow, shown = self._app.workflow, said.shown
        about = {"content_hash": shown.content_hash}
        match said.press:
            case "sign":
                self._decide(principal, shown, reason=said.text, evidence=said.evidence)
            case "reject":
                self._decide(principal, shown, "reject", reason=said.text)
            case "ask":
                workflow.ask(principal, shown.proposal_id, question=said.text, **about)
            case "answer":
                assert shown.question_id
                workflow.answer(principal, shown.proposal_id, shown.question_id, answer=said.text)
            case "accept_part":
                workflow.accept_part(
                    principal,
                    shown.proposal_id,
                    content_hash=shown.content_hash,
                    keep=said.keep,
                    reason=said.text,
                    evidence=said.evidence,
                )
            case "edit":
                card = workflow.card(principal, shown.proposal_id)
                check(card, shown, "edit")
                action = forms.edited(card.action, said.fields or {})
                workflow.edit(principal, shown.proposal_id, action=action, note=said.text, **about)
            case _:
                raise AssertionError(f"{said.press} has no form")


def check(card: ProposalCard, shown: Shown, needed: Ability) -> None:
    """Raises what stands against opening a form: deciding checks again."""
    if needed == "answer" and shown.question_id in card.mine_to_answer:
        return
    if card.state != "pending":
        signed = [s for step in card.steps for s in step.signatures]
        if signed and card.state in _DECIDED:
            last = max(signed, key=lambda s: s.decided_at)
            raise AlreadyDecided(outcome=_DECIDED[card.state], by=last.person.name)
        raise AlreadyOver(state=card.state, since=f"{card.state_since:%-d %b %Y, %H:%M} UTC")
    if card.content_hash != shown.content_hash:
        raise ContentChanged(version=card.version)
    if needed not in card.may:
        raise NotYourDecision(reason="nothing is asked of you here now")


def _form(card: ProposalCard, press: Press, shown: Shown, principal: Principal) -> Body:
    if press == "answer":
        assert shown.question_id
        return modals.answer(card, shown.question_id)
    if press == "accept_part":
        return modals.accept_part(card, principal.timezone)
    made: Mapping[Press, Callable[[ProposalCard], Body]] = {
        "sign": modals.approve,
        "reject": modals.reject,
        "ask": modals.ask,
        "edit": modals.edit,
    }
    return made[press](card)


def _faulty(view: Body, faults: Mapping[str, str]) -> Body:
    return {"response_action": "errors", "errors": modals.errors(view, faults)}


def note(sentence: str) -> Body:
    """A modal that only says something."""
    title, close, block = plain("Chargehand"), plain("Close"), prose.sentence(sentence)
    return View(type="modal", callback_id=NOTE, title=title, close=close, blocks=[block]).to_dict()


def whisper(workspace: Workspace, body: Body, sentence: str) -> None:
    """Say something to whoever pressed, and to nobody else."""
    container = body.get("container", {})
    if container.get("type") == "message":
        workspace.quick.chat_postEphemeral(
            channel=container["channel_id"],
            user=body["user"]["id"],
            text=prose.escaped(sentence),
            thread_ts=container.get("thread_ts"),
        )
    else:
        workspace.quick.views_open(trigger_id=body["trigger_id"], view=note(sentence))
