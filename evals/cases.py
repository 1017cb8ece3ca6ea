"""What a suite is made of: cases, what a subject answered to each, and the verdict on that answer."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

GroupName = Literal[
    "kind",  # of case, as the suite's card lists them
    "difficulty",
    "language",
    "project",
    "client",
    "practice",
    "person",
    "organisation",
    "source",  # where the case comes from: written, demo firm, own records, production
]

StepKind = Literal[
    "said",  # by a person
    "answered",  # by the copilot
    "asked",  # by the copilot, who waits
    "remarked",  # by the copilot, about the turn itself
    "called",  # a tool, with its arguments
    "found",  # by a tool
    "refused",  # a tool's or a gate's refusal
    "proposed",
    "decided",
    "failed",
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Case(_Frozen):
    """One thing to be measured. Suites derive theirs."""

    id: str
    text: str  # the case, as a person reads it
    expected: str  # in words
    groups: Mapping[GroupName, str] = {}
    cluster: str = ""  # cases that resemble one another, such as those of one document; empty: by itself


class Step(_Frozen):
    """One step of the trace from chat to tool to proposal."""

    kind: StepKind
    by: str = ""  # whose step it is: a person's id, a tool's name
    text: str = ""
    data: Mapping[str, Any] = {}  # JSON: arguments, findings, the proposal's id and state
    milliseconds: int | None = None


class Usage(_Frozen):
    """What an answer took."""

    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    cost: Decimal | None = None  # in the currency of the subject's price list; None where it has none


class Answer(_Frozen):
    """What the subject came to. Suites derive theirs; whatever the judge needs is in it, so that a log can be
    judged again."""

    text: str = ""
    trace: tuple[Step, ...] = ()
    usage: Usage = Usage()


class Verdict(_Frozen):
    """What a judge says of an answer."""

    score: float = Field(ge=0, le=1)
    passed: bool
    got: str  # in words, beside the case's `expected`
    fault: str = ""  # why it did not pass
    values: Mapping[str, float] = {}  # what metrics are computed of, such as a probability and the truth
    expected_label: str = ""  # for the table of what was taken for what
    got_label: str = ""


def right(got: str, *, label: str = "", **values: float) -> Verdict:
    """The verdict on an answer that is as it should be."""
    return Verdict(score=1, passed=True, got=got, values=values, expected_label=label, got_label=label)


def wrong(got: str, fault: str, *, expected_label: str = "", got_label: str = "", **values: float) -> Verdict:
    """The verdict on an answer that is not."""
    return Verdict(
        score=0,
        passed=False,
        got=got,
        fault=fault,
        values=values,
        expected_label=expected_label,
        got_label=got_label,
    )


class Row(_Frozen):
    """A case and what became of it in one epoch: what runs keep and everything else is computed of."""

    id: str
    epoch: int = 1
    text: str
    expected: str
    groups: Mapping[GroupName, str] = {}
    cluster: str
    verdict: Verdict
    usage: Usage = Usage()
    trace: tuple[Step, ...] = ()


def sha_of(cases: Sequence[Case]) -> str:
    """Of the cases: the same for the same ones, although sets have another order in each process."""
    text = json.dumps([case.model_dump() for case in cases], sort_keys=True, default=_steady)
    return hashlib.sha256(text.encode()).hexdigest()


def _steady(value: object) -> object:
    """What JSON has no word for."""
    return sorted(map(str, value)) if isinstance(value, set | frozenset) else str(value)
