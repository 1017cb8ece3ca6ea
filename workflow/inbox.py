"""Lists of proposals through a person's eyes, the most pressing first. Role: agent, whose rows are theirs.

The rank of a proposal is its deadline brought forward by a day for each point that it weighs:

    ranked_at = expires_at - points x 24 h
    points    = log10(1 + stake / 1000) + risk
    risk      = kind (0.1 a development plan .. 0.8 a change order, 1.0 what is not known)
              + severity (0.3 medium, 0.7 high) + (1 - confidence) / 2

`stake` is the amount in the policy's currency: 10,000 weigh one point, 100,000 two. So 62,400 that expire in
two days come before 900 that expire tomorrow, and what expires in an hour comes before both. Time runs alike
for all, so two proposals never swap places by themselves: the rank is stored, computed by the database when
an amount, a deadline or the content changes (store/migrations/0012_decisions.sql), and pages can be cut by
it."""

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypedDict, get_args
from uuid import UUID

from models.access import NotFound
from models.actions import ActionKind
from models.proposal import ProposalState
from store.db import Tx
from workflow.cards import Box, Page, PersonRef, ProposalSummary, money, person
from workflow.errors import BadCursor

Order = Literal["rank", "deadline", "newest", "money"]
ORDERS: tuple[Order, ...] = get_args(Order)
MOST_ALIKE = 50  # that are shown, and decided, at once


class FilterWords(TypedDict, total=False):
    """The arguments of `Filters`."""

    states: Collection[ProposalState] | None
    kinds: Collection[ActionKind] | None
    project_id: str | None
    practice: str | None
    min_amount: Decimal | None
    due_within_hours: int | None
    rule: str | None
    proposer_id: str | None
    text: str | None


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to; None narrows nothing."""

    states: Collection[ProposalState] | None = None
    kinds: Collection[ActionKind] | None = None
    project_id: str | None = None
    practice: str | None = None
    min_amount: Decimal | None = None  # in the policy's currency
    due_within_hours: int | None = None  # waits, and expires within so many
    rule: str | None = None  # of the policy
    proposer_id: str | None = None
    text: str | None = None  # in the title, in any case

    def parameters(self) -> dict[str, Any]:
        return asdict(self) | {
            "states": list(self.states) if self.states is not None else None,
            "kinds": list(self.kinds) if self.kinds is not None else None,
            "text": f"%{_literal(self.text)}%" if self.text else None,
        }


def inbox(
    tx: Tx,
    *,
    box: Box,
    order: Order = "rank",
    filters: Filters = Filters(),
    limit: int = 50,
    after: str | None = None,
) -> Page[ProposalSummary]:
    """A page of proposals: what waits for me, in `order`; what I proposed, or all I may see, newest first.
    `after` is the page before's. Raises BadCursor."""
    mine = box == "mine"
    after_key, after_id = _cursor(after, _number if mine else datetime.fromisoformat)
    keyed = tx.rows(
        "inbox.mine" if mine else "inbox.newest",
        _keyed,
        **filters.parameters(),
        **({"order": order} if mine else {"own": box == "asked"}),
        after_key=after_key,
        after_id=after_id,
        limit=limit + 1,
    )
    items = tuple(line for _, line in keyed[:limit])
    if len(keyed) <= limit:
        return Page(items=items, after=None)
    return Page(items=items, after=f"{keyed[limit - 1][0]}_{items[-1].proposal_id}")


def alike(tx: Tx, proposal_id: UUID) -> list[UUID]:
    """What waits for me and is like this proposal, which comes first: the same kind of action, project or
    client, rule and proposer. At most MOST_ALIKE. Raises NotFound where it does not wait for me."""
    found = [
        row["proposal_id"] for row in tx.records("inbox.alike", proposal_id=proposal_id, limit=MOST_ALIKE)
    ]
    if proposal_id not in found:
        raise NotFound(what="proposal that waits for you", id=str(proposal_id))
    return found


def _literal(text: str) -> str:
    """For LIKE: nothing in it is a wildcard."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _number(text: str) -> Decimal:
    found = Decimal(text)
    if not found.is_finite():
        raise ValueError(text)
    return found


def _cursor(
    after: str | None, read: Callable[[str], Decimal | datetime]
) -> tuple[Decimal | datetime | None, UUID | None]:
    if after is None:
        return None, None
    key, _, last = after.rpartition("_")
    try:
        return read(key), UUID(last)
    except (InvalidOperation, ValueError):
        raise BadCursor(after=after) from None


def _keyed(
    *,
    key: Decimal | datetime,
    amount: Decimal | None,
    currency: str | None,
    proposer_id: str,
    proposer_name: str | None,
    why_you: str | None,
    place: str | None,
    rule: str,
    action_kind: ActionKind,
    **rest: Any,
) -> tuple[Decimal | datetime, ProposalSummary]:
    proposer: PersonRef = person(proposer_id, proposer_name)
    return key, ProposalSummary(
        amount=money(amount, currency),
        proposer=proposer,
        waits_for_me=why_you is not None,
        why_you=why_you,
        likeness=f"{action_kind}/{place or ''}/{rule}/{proposer_id}",
        action_kind=action_kind,
        **rest,
    )
