"""A fitted model that a subject pins (`models.invoices=DIR`) in place of one that is fitted in the run."""

from datetime import date
from typing import Any, ClassVar

from evals.suite import Setting
from models.errors import ChargehandError, Retry
from models.predict.base import load, load_card


class ModelHasSeenTheRows(ChargehandError):
    """The model in {directory} was fitted on records up to {until}, and suite {suite} judges rows from
    {first} on, which it may have seen: fit it on what was known before that day."""

    status = 409
    retry: ClassVar[Retry] = "with a fix"


class ModelSpanUnknown(ChargehandError):
    """The card of the model in {directory} does not say until when the records go that it was fitted on, so
    that it may have seen what suite {suite} judges: fit it again with 'chargehand score {task} --model'."""

    status = 409
    retry: ClassVar[Retry] = "with a fix"


def pinned(within: Setting, suite: str, task: str, version: int, first: date) -> Any | None:
    """The model that the subject pins for a suite; None where it pins none.

    Args:
        task, version: what the suite needs, as `models.predict.base.load` checks it.
        first: the first day of what the suite judges.

    Raises NoFittedModel, UnusableModel, ModelSpanUnknown or ModelHasSeenTheRows.
    """
    directory = within.subject.models.get(suite)
    if directory is None:
        return None
    model = within.once(f"pinned model of {suite}", lambda: load(directory, task, version))
    card = load_card(directory)
    if card is None or not card.until:
        raise ModelSpanUnknown(directory=str(directory), suite=suite, task=task)
    if date.fromisoformat(card.until) >= first:
        raise ModelHasSeenTheRows(
            directory=str(directory), until=card.until, suite=suite, first=first.isoformat()
        )
    return model
