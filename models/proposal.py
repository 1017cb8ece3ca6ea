"""The life of a proposal: its states, what moves it between them, and the content hash that binds a
signature to exactly what will be written."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

from models.actions import Action
from models.errors import ChargehandError
from models.evidence import Citation

ProposalState = Literal[
    "pending",  # waits for signatures
    "approved",  # signed; effects are on their way
    "executed",  # every effect is in the system of record
    "parked",  # an effect stopped where a person must look
    "failed",  # an effect was given up by a person, or refused by the system of record
    "rejected",
    "withdrawn",
    "expired",
]
STATES: tuple[ProposalState, ...] = get_args(ProposalState)

ProposalEvent = Literal[
    "sign",  # a signature that does not complete the gate
    "complete",  # the signature that does
    "reject",
    "edit",  # a new version; signatures start again
    "withdraw",
    "expire",
    "execute",  # the last effect is done
    "park",
    "resume",  # a parked effect goes on
    "fail",
    "return",  # it is not any more what was signed: a new version, before anything was sent
]
EVENTS: tuple[ProposalEvent, ...] = get_args(ProposalEvent)

Verdict = Literal["approve", "reject"]

TRANSITIONS: Mapping[tuple[ProposalState, ProposalEvent], ProposalState] = {
    ("pending", "sign"): "pending",
    ("pending", "complete"): "approved",
    ("pending", "reject"): "rejected",
    ("pending", "edit"): "pending",
    ("pending", "withdraw"): "withdrawn",
    ("pending", "expire"): "expired",
    ("approved", "execute"): "executed",
    ("approved", "park"): "parked",
    ("approved", "fail"): "failed",
    ("approved", "return"): "pending",
    ("parked", "resume"): "approved",
    ("parked", "execute"): "executed",
    ("parked", "fail"): "failed",
}
FINAL: frozenset[ProposalState] = frozenset(STATES) - {state for state, _ in TRANSITIONS}

EffectState = Literal[
    "ready",  # may be claimed from `not_before` on
    "leased",  # a worker holds it until `lease_until`
    "done",
    "parked",  # stops here until a person decides: retry, mark done, give up
    "failed",  # given up by a person, or refused by the system of record
    "returned",  # never sent: the proposal went back to its approvers
]
CircuitState = Literal["closed", "open", "paused"]  # paused: by hand

_TOWARDS: Mapping[ProposalState, ProposalEvent] = {
    "approved": "resume",
    "executed": "execute",
    "parked": "park",
    "failed": "fail",
}


class Difference(BaseModel):
    """What was different when a signed proposal was about to be written."""

    model_config = ConfigDict(frozen=True)

    field: str  # in words, e.g. "invoice I-1: paid on"
    was: str  # when it was proposed or signed; empty: not set
    now: str


class WrongState(ChargehandError):
    """Proposal {proposal_id} is {state}; it cannot {event} any more."""

    status = 409
    retry = "never"


def next_state(state: ProposalState, event: ProposalEvent, proposal_id: str = "") -> ProposalState:
    """The state after the event. Raises WrongState when the event has no place in this state."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise WrongState(proposal_id=proposal_id, state=state, event=event) from None


def after_effects(
    state: ProposalState, effects: Collection[EffectState], proposal_id: str = ""
) -> ProposalState:
    """The state of a signed proposal with effects in these states: parked as soon as one waits for a person,
    settled when nothing is on its way any more, failed when one of them never got there.

    Raises WrongState when the life of a proposal has no such step."""
    if "parked" in effects:
        towards: ProposalState = "parked"
    elif {"ready", "leased"} & set(effects):
        towards = "approved"
    else:
        towards = "executed" if set(effects) == {"done"} else "failed"
    return state if towards == state else next_state(state, _TOWARDS[towards], proposal_id)


def canonical(
    action: Action,
    evidence: Sequence[Citation],
    policy_sha256: str,
    rule: str,
    confidence: Decimal | None = None,
) -> str:
    """The exact text that a signature is about: action, evidence, policy version, rule and the confidence of
    the prediction it rests on, as JSON with sorted keys and no white space."""
    content: dict[str, Any] = {
        "action": action.model_dump(mode="json"),
        "confidence": None if confidence is None else str(confidence),
        "evidence": [e.model_dump(mode="json") for e in evidence],
        "policy": policy_sha256,
        "rule": rule,
    }
    return _text(content)


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sent_back(
    canonical_text: str, version: int, differences: Sequence[Difference], policy_sha256: str, rule: str
) -> str:
    """The canonical text of a version that went back before it was written: the same content, with what is
    different now as a part of what is signed. No other version has the same text."""
    content: dict[str, Any] = json.loads(canonical_text)
    content |= {
        "policy": policy_sha256,
        "rule": rule,
        "returned": {"version": version, "differences": [d.model_dump() for d in differences]},
    }
    return _text(content)


def content_hash(canonical_text: str) -> str:
    """sha256 of the canonical text, in hex. The database checks the same equation."""
    return hashlib.sha256(canonical_text.encode()).hexdigest()


def idempotency_key(action_kind: str, proposal_id: str, content_sha256: str, item: str = "") -> str:
    """The key a system of record sees: fixed when the last signature falls, one for each write."""
    return ":".join(filter(None, (action_kind, proposal_id, content_sha256, item)))
