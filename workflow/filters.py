"""What a list of proposals is narrowed to, and the filters that people keep by name. Reading: role agent.
Saving: role workflow, which the copilot does not have: what an inbox opens with decides what is not seen."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from models.access import NotFound
from models.actions import ActionKind
from models.errors import ChargehandError
from models.proposal import ProposalState
from store.db import Tx
from workflow.cards import Box
from workflow.inbox import FilterWords, Order

MOST_FILTERS = 20  # that one person keeps

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
_Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class TooManyFilters(ChargehandError):
    """You keep {most} filters already: forget one first."""

    status = 409
    retry = "with a fix"


class Narrowed(BaseModel):
    """Which proposals, in which order. None narrows nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    box: Box = "mine"
    order: Order = "rank"  # of what waits for me; everything else stands newest first
    kind: ActionKind | None = None
    state: ProposalState | None = None
    project_id: _Word | None = None
    practice: _Word | None = None
    min_amount: Annotated[Decimal, Field(ge=0, le=10**12)] | None = None  # in the policy's currency
    due_within_hours: Annotated[int, Field(ge=1, le=10_000)] | None = None
    rule: _Word | None = None  # of the policy, whose gate it meets
    proposer_id: _Word | None = None
    text: _Word | None = None  # in the title, in any case

    def set_fields(self) -> dict[str, Any]:
        """What differs from an inbox that nothing narrows, as JSON has it."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def filters(self) -> FilterWords:
        """For `Workflow.inbox`. What waits for me has one state."""
        return {
            "states": [self.state] if self.state and self.box != "mine" else None,
            "kinds": [self.kind] if self.kind else None,
            "project_id": self.project_id,
            "practice": self.practice,
            "min_amount": self.min_amount,
            "due_within_hours": self.due_within_hours,
            "rule": self.rule,
            "proposer_id": self.proposer_id,
            "text": self.text,
        }


class SavedFilter(BaseModel):
    """A filter of one's own."""

    model_config = ConfigDict(frozen=True)

    name: str
    narrowed: Narrowed
    opens: bool  # the inbox opens with it


def mine(tx: Tx) -> list[SavedFilter]:
    """The caller's filters, by name."""
    return tx.rows("filters.mine", _saved)


def save(tx: Tx, name: str, narrowed: Narrowed, *, opens: bool) -> None:
    """Keep it under the name, in the place of what has it. At most one opens the inbox: this one, if
    `opens`. Raises TooManyFilters."""
    if tx.value("filters.count", name=name) >= MOST_FILTERS:
        raise TooManyFilters(most=MOST_FILTERS)
    if opens:
        tx.execute("filters.close")
    tx.execute("filters.save", name=name, narrowed=narrowed.set_fields(), opens=opens)
    tx.audit("filter.saved", f"person:{tx.principal.person_id}", opens=opens)


def forget(tx: Tx, name: str) -> None:
    """Drop it. Raises NotFound."""
    if not tx.records("filters.forget", name=name):
        raise NotFound(what="filter of yours", id=name)
    tx.audit("filter.forgotten", f"person:{tx.principal.person_id}")


def _saved(*, name: str, narrowed: Mapping[str, Any], opens: bool) -> SavedFilter:
    return SavedFilter(name=name, narrowed=Narrowed.model_validate(narrowed), opens=opens)
