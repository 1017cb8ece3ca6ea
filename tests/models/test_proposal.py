"""The life of a proposal, and what binds a signature to its content."""

import json
from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from models.actions import RegisterRisk
from models.evidence import RecordCitation
from models.proposal import (
    EVENTS,
    FINAL,
    STATES,
    TRANSITIONS,
    Difference,
    EffectState,
    ProposalEvent,
    ProposalState,
    WrongState,
    after_effects,
    canonical,
    content_hash,
    idempotency_key,
    next_state,
    sent_back,
)

EFFECT_STATES: tuple[EffectState, ...] = get_args(EffectState)
SIGNED: frozenset[ProposalState] = frozenset({"approved", "executed", "parked", "failed"})


class Life(RuleBasedStateMachine):
    """Any events in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.state: ProposalState = "pending"
        self.past: list[ProposalEvent] = []

    @rule(event=st.sampled_from(EVENTS))
    def happens(self, event: ProposalEvent) -> None:
        before = self.state
        try:
            self.state = next_state(before, event)
        except WrongState:
            assert (before, event) not in TRANSITIONS
        else:
            assert before not in FINAL
            self.past.append(event)
            if event == "return":  # as if it had never been signed
                self.past.clear()

    @invariant()
    def nothing_is_carried_out_unsigned(self) -> None:
        assert (self.state in SIGNED) == ("complete" in self.past)

    @invariant()
    def it_is_signed_once_and_ends_once(self) -> None:
        assert self.past.count("complete") <= 1
        ends = ("reject", "withdraw", "expire", "execute", "fail")
        assert sum(self.past.count(end) for end in ends) == (self.state in FINAL)

    @invariant()
    def what_is_signed_is_not_edited(self) -> None:
        if "complete" in self.past:
            assert "edit" not in self.past[self.past.index("complete") :]


TestLife = Life.TestCase


@given(st.lists(st.sampled_from(EFFECT_STATES), min_size=1), st.sampled_from(["approved", "parked"]))
def test_a_proposal_is_where_its_effects_are(effects: list[EffectState], before: ProposalState) -> None:
    after = after_effects(before, effects)
    assert (after == "parked") == ("parked" in effects)
    assert (after == "executed") == (set(effects) == {"done"})
    assert (after == "failed") == (
        set(effects) <= {"done", "failed", "returned"} and set(effects) != {"done"}
    ), "what was never sent was not carried out"


@pytest.mark.parametrize("state", sorted(set(STATES) - {"approved", "parked", "executed"}))
def test_effects_do_not_bring_a_proposal_back(state: ProposalState) -> None:
    with pytest.raises(WrongState):
        after_effects(state, ["done"])


RISK = RegisterRisk(
    project_id="p",
    project_name="Müller",
    category="scope",
    statement="It grows.",
    severity="low",
    mitigation="Ask.",
    owner_id="o",
    review_on=date(2027, 1, 1),
)
SEEN = RecordCitation(record="project", id="p", says="active")


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (canonical(RISK.model_copy(update={"severity": "high"}), [SEEN], "sha", "risk"), "another action"),
        (canonical(RISK, [], "sha", "risk"), "without the evidence"),
        (canonical(RISK, [SEEN], "other", "risk"), "under another policy"),
        (canonical(RISK, [SEEN], "sha", "strictest"), "under another rule"),
    ],
)
def test_the_hash_binds_all_that_was_read(other: str, reason: str) -> None:
    assert content_hash(canonical(RISK, [SEEN], "sha", "risk")) != content_hash(other), reason


def test_what_went_back_is_signed_anew() -> None:
    """Who signs again signs that it changed: no earlier signature and no earlier key fits."""
    before, paid = canonical(RISK, [SEEN], "sha", "risk"), Difference(field="paid on", was="", now="today")
    texts = [before, *(sent_back(before, version, [paid], "sha", "risk") for version in (2, 3))]
    assert len({content_hash(t) for t in texts}) == 3
    again = json.loads(sent_back(texts[1], 3, [], "newer", "strictest"))
    assert again["action"] == json.loads(before)["action"]
    assert (again["policy"], again["rule"]) == ("newer", "strictest")
    assert again["returned"] == {"version": 3, "differences": []}


def test_the_canonical_text_is_plain() -> None:
    text = canonical(RISK, [SEEN], "sha", "risk")
    assert "Müller" in text, "not escaped: the database hashes the same bytes"
    assert '": ' not in text and text.index('"action"') < text.index('"evidence"') < text.index('"policy"')


def test_each_write_of_a_batch_has_a_key_of_its_own() -> None:
    assert idempotency_key("return_time_entries", "p", "h", "t-1") == "return_time_entries:p:h:t-1"
    assert idempotency_key("register_risk", "p", "h") == "register_risk:p:h"
