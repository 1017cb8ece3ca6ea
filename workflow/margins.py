"""What an assignment does to margins: its own, and that of the project it goes to.

Costs are told as exactly as the proposer may know them (docs/decisions/0009-a-gate-tells-no-cost.md); a
margin is never told as larger than it is."""

from dataclasses import dataclass
from decimal import Decimal

from models.actions import CreateAssignment
from models.money import Money
from models.policy import NoExchangeRate, PolicySet, in_policy_currency
from store.db import Tx


@dataclass(frozen=True)
class MarginEffect:
    """By how many percentage points a project's margin changes; below 0: it falls."""

    points: Decimal | None  # None: no work is booked on the project, so it has no margin yet
    known: bool = True  # False: it has one, and the records do not tell it


@dataclass(frozen=True)
class _Booked:
    """What a project's booked work is worth and costs in one currency."""

    currency: str | None
    price: Decimal | None
    cost: Decimal | None


def margin_of(rate: Money, cost: Money | None, policy: PolicySet) -> Decimal | None:
    """(price - cost) / price of an hour; None when the cost is not known or cannot be converted."""
    if cost is None or rate.amount <= 0:
        return None
    try:
        return _margin(in_policy_currency(rate, policy), in_policy_currency(cost, policy))
    except NoExchangeRate:
        return None


def cost_of(tx: Tx, person_id: str, proposer_id: str) -> Money | None:
    """What an hour with the person costs, or at most, where the proposer does not answer for them. None: the
    proposer sees no rates, or there is none."""
    return tx.row("gates.cost", Money, person_id=person_id, proposer_id=proposer_id)


def margin_effect(
    tx: Tx, project_id: str, action: CreateAssignment, proposer_id: str, cost: Money | None, policy: PolicySet
) -> MarginEffect:
    """The project's margin with the assignment less that without it. Booked work counts at its people's bill
    and cost rates over its calendar weeks, the assignment at the rate it is proposed for."""
    booked = tx.rows("gates.booked", _Booked, project_id=project_id, proposer_id=proposer_id)
    if not booked:
        return MarginEffect(None)
    try:
        price = sum((_converted(b.price, b.currency, policy) for b in booked), Decimal(0))
        spent = sum((_converted(b.cost, b.currency, policy) for b in booked), Decimal(0))
        hours = action.hours_per_week * ((action.ends_on - action.starts_on).days + 1) / 7
        more = in_policy_currency(action.bill_rate * hours, policy)
        costs = _converted(cost.amount if cost else None, cost.currency if cost else None, policy) * hours
    except (NoExchangeRate, _Untold):
        return MarginEffect(None, known=False)
    if price <= 0 or price + more <= 0:
        return MarginEffect(None, known=False)
    return MarginEffect((_margin(price + more, spent + costs) - _margin(price, spent)) * 100)


class _Untold(Exception):
    """The records lack a price or a cost."""


def _converted(amount: Decimal | None, currency: str | None, policy: PolicySet) -> Decimal:
    if amount is None or currency is None:
        raise _Untold
    return in_policy_currency(Money(amount=amount, currency=currency), policy)


def _margin(price: Decimal, cost: Decimal) -> Decimal:
    return ((price - cost) / price).quantize(Decimal("0.0001"))
