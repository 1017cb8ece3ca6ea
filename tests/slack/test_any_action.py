"""Whatever is proposed: its card and its forms are what Slack takes, nothing in it is markup, and a form that
is sent back as it was opened changes nothing."""

import random

import pytest

from api import forms
from api.slack import cards, modals
from models.actions import ACTION_KINDS, Action, ActionKind, CreateChangeOrder
from tests.chat.cards import ZONE, effect, made, question, step
from tests.slack.anything import any_action, any_text
from tests.slack.block_kit import check_message, check_view
from tests.slack.sent import sent
from workflow.cards import ProposalCard

SEEDS = range(8)
URL = "https://chargehand.example.com"


def any_card(kind: ActionKind, seed: int) -> ProposalCard:
    dice = random.Random(seed)
    step_ = step(any_text(dice), "rita", "rolf").model_copy(
        update={"comment_required": seed % 3 == 1, "evidence_required": seed % 3 == 2}
    )
    return made(
        any_action(kind, seed),
        title=" ".join(any_text(dice, 3_000).split()),
        because=any_text(dice, 3_000),
        why_gate=[any_text(dice) for _ in range(dice.choice((0, 1, 40)))],
        why_you=any_text(dice, 3_000),
        steps=[step_, *[step("More", "dora", "dan")] * dice.choice((0, 1, 30))],
        questions=[question(question=any_text(dice, 4_000)) for _ in range(dice.choice((0, 1, 30)))],
        effects=[effect(item=str(n), last_error=any_text(dice)) for n in range(dice.choice((0, 1, 200)))],
        may={"approve", "reject", "edit", "accept_part", "ask", "answer", "withdraw", "reassign", "undo"},
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ACTION_KINDS)
def test_slack_takes_the_card_and_its_forms(kind: ActionKind, seed: int) -> None:
    card = any_card(kind, seed)
    check_message(cards.card_blocks(card, "rita", ZONE, URL))
    views = [modals.approve(card), modals.reject(card), modals.ask(card)]
    views += [modals.answer(card, q.question_id) for q in card.questions[:1]]
    views += [modals.edit(card)] if modals.holds_form(card) else []
    views += [modals.accept_part(card, ZONE)] if modals.holds_items(card) else []
    for view in views:
        check_view(view)
        assert modals.submitted(sent(view)).shown.content_hash == card.content_hash
    assert not set("<>") & set(cards.summary(card))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ACTION_KINDS)
def test_a_form_that_is_sent_as_it_was_opened_changes_nothing(kind: ActionKind, seed: int) -> None:
    action = any_action(kind, seed)
    card = made(action)
    if modals.holds_form(card):
        fields = modals.submitted(sent(modals.edit(card))).fields
        assert fields is not None
        assert same(forms.edited(action, fields), action)


def same(found: Action, action: Action) -> bool:
    """Amounts of a change order that do not come out to the cent are rounded when they are added up."""
    if isinstance(action, CreateChangeOrder):
        return isinstance(found, CreateChangeOrder) and found.value.rounded() == action.value.rounded()
    return found == action
