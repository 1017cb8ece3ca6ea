"""What people hear outside our pages, and how soon: theirs to say. Role: agent, for oneself alone."""

from collections.abc import Collection
from typing import Literal, get_args

from pydantic import BaseModel

from models.errors import ChargehandError
from store.db import Tx
from workflow.deliveries import SurfaceName

Subject = Literal[
    "card", "reminder", "escalation", "question", "answer", "outcome", "delegation", "report", "operations"
]
SUBJECTS: tuple[Subject, ...] = get_args(Subject)
URGENT = frozenset[Subject]({"reminder", "escalation", "operations"})  # never put off to a digest
DIGEST = "digest"  # kept among what comes at once: it is a message of its own


class BadCadence(ChargehandError):
    """{subject} cannot be part of a digest on {surface}: {reason}"""

    status = 422
    retry = "with a fix"


class Subscription(BaseModel):
    """What you hear on one surface besides these pages."""

    surface: SurfaceName
    kinds: frozenset[Subject]  # at once
    digest: frozenset[Subject]  # once a day, at eight in the morning of your zone; mail only
    weekends: bool  # a digest on Saturdays and Sundays too
    chosen: bool  # by you; else it is what the installation does


def mine(tx: Tx) -> list[Subscription]:
    """The caller's, one for each surface that is connected."""
    return [
        Subscription.model_validate(row | {"kinds": [k for k in row["kinds"] if k != DIGEST]})
        for row in tx.records("deliveries.choices")
    ]


def choose(
    tx: Tx,
    surface: SurfaceName,
    *,
    kinds: Collection[Subject],
    digest: Collection[Subject] = (),
    weekends: bool = False,
) -> None:
    """Hear `kinds` at once and `digest` once a day there from now on, and nothing else. Raises BadCadence."""
    for subject in sorted(digest):
        if surface != "mail":
            raise BadCadence(subject=subject, surface=surface, reason="digests come by mail.")
        if subject in URGENT:
            raise BadCadence(subject=subject, surface=surface, reason="it is urgent.")
        if subject in kinds:
            raise BadCadence(subject=subject, surface=surface, reason="it comes at once already.")
    tx.execute(
        "deliveries.subscribe",
        surface=surface,
        kinds=sorted({*kinds, *([DIGEST] if digest else [])}),
        digest=sorted(set(digest)),
        weekends=weekends,
    )
