"""What was on a card when somebody pressed a button: travels in the button's value and in a form's metadata,
and comes back with the press."""

from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from workflow.cards import ProposalCard

Press = Literal[
    "approve",  # counts at once, after a dialog
    "sign",  # opens the form to approve with a comment or evidence, where the step asks for them
    "reject",
    "edit",
    "accept_part",
    "ask",
    "answer",
    "withdraw",  # counts at once, after a dialog
    "open",  # leads to the page: nothing to do but to acknowledge
]
PRESSES: tuple[Press, ...] = get_args(Press)
PREFIX = "card."  # of a button's action_id and of a form's callback_id


class Shown(BaseModel):
    """Which content of which proposal was read. It is data from outside: what counts is the caller and what
    the workflow checks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    proposal_id: UUID
    version: int
    content_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    question_id: UUID | None = None  # that is to be answered

    @classmethod
    def of(cls, card: ProposalCard, question_id: UUID | None = None) -> "Shown":
        return cls(
            proposal_id=card.proposal_id,
            version=card.version,
            content_hash=card.content_hash,
            question_id=question_id,
        )

    def text(self) -> str:
        """As a button's value or a form's private metadata. `Shown.model_validate_json` reads it, and raises
        pydantic's ValidationError where it is not ours."""
        return self.model_dump_json(exclude_none=True)


def press_of(identifier: str) -> Press | None:
    """Which button or form it was, by its action_id or callback_id; None: none of the card's."""
    return next((p for p in PRESSES if identifier == PREFIX + p), None)
