"""What people do in a scene about a proposal, and what is seen of it: plain data."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from evals.scenes.actions import Wanted
from evals.scenes.plants import Plant
from models.actions import ActionKind

Doing = Literal[
    "approve", "reject", "edit", "accept_part", "hand_over", "withdraw", "delegate", "revoke", "wait", "plant"
]


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Delegation(_Plain):
    """Whom somebody lets sign for them, for the next days unless it is for their leave."""

    to: str
    of: str | None = None  # whose signature; one's own, if not given
    on_leave: bool = False
    kinds: tuple[ActionKind, ...] = ()
    amount_limit: Decimal | None = None


class Act(_Plain):
    """One thing that somebody does, or that happens, after the proposal. People by id."""

    does: Doing
    who: str = ""
    reason: str = ""
    evidence: str = ""  # a ticket that is attached to a signature
    stale: bool = False  # what they read is the first version
    changes: Mapping[str, Any] = {}  # of an edit
    keep: int = 1  # how many items a part keeps
    to: str = ""  # who takes a seat over
    delegation: Delegation | None = None
    hours: float = 0  # that pass, counted from the proposal
    plant: Plant | None = None

    @property
    def words(self) -> str:
        """In a line."""
        said = self.model_dump(mode="json", exclude={"does", "who"}, exclude_defaults=True)
        return " ".join([self.who, self.does.replace("_", " "), str(said) if said else ""]).strip()


class Opening(_Plain):
    """How a scene begins: what was altered before, and what is proposed by whom."""

    plant: tuple[Plant, ...] = ()
    delegations: Mapping[str, Delegation] = {}  # by who gives them
    proposes: str
    on_behalf_of: str | None = None
    action: Wanted
    overrides: Mapping[str, Any] = {}  # values that are not the records'
    confidence: Decimal | None = Decimal(1)


class StepSeen(_Plain):
    """A step of a gate as it stands."""

    name: str
    signatures: int
    all_of: bool
    asks: tuple[str, ...]  # in their own seats
    stand_ins: tuple[str, ...]  # "P-1 for P-2"
    comment: bool
    evidence: bool


class Gate(_Plain):
    rule: str
    steps: tuple[StepSeen, ...]

    @property
    def words(self) -> str:
        return f"{self.rule}: " + " > ".join(
            " | ".join((*step.asks, *step.stand_ins)) or "nobody" for step in self.steps
        )


class Happened(_Plain):
    """What became of an act: the proposal's state after it, or the kind of error that refused it."""

    came: str
    gate: Gate | None
