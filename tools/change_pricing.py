"""What the change order of a compared message comes to: price, margin, dates, the cap, who signs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from models.money import Money, total
from models.policy import NoExchangeRate
from models.scope import Agreement, Compared, Line, after_working_days, start_of_work
from models.text.contract_terms import Term, first
from tools.money import Converter
from tools.registry import ToolContext


@dataclass(frozen=True)
class Order:
    """A change order ready to be proposed."""

    items: tuple[tuple[Compared, Line], ...]
    value: Money
    cost: Money | None  # None where the caller may not see rates, or nobody holds one of the roles
    starts_on: date
    ends_on: date
    warnings: tuple[str, ...]  # what the approver must know: cap, end of contract, deadline

    @property
    def margin(self) -> Decimal | None:
        """A share of the value."""
        if self.cost is None or not self.value.amount:
            return None
        return ((self.value - self.cost).amount / self.value.amount).quantize(Decimal("0.001"))


def change_order(
    ctx: ToolContext, contract: Mapping[str, Any], agreement: Agreement, compared: Sequence[Compared]
) -> Order | None:
    """The order for all work that is out of scope and priced; None where there is none."""
    items = tuple((c, line) for c in compared for line in c.lines)
    if not items:
        return None
    currency = items[0][1].amount.currency
    value = total((line.amount for _, line in items), currency)
    starts_on = start_of_work(compared, agreement, ctx.now.date())
    due = max((d for c, _ in items if (d := c.request.due_on)), default=None)
    done = max(_done(c, starts_on, agreement) for c, _ in items)
    ends_on = max(done, due or done)
    warnings = (
        *_deadline_warnings(done, due),
        *_cap_warnings(ctx, contract, agreement, value),
        *_end_warnings(contract, ends_on),
        *(
            ("A role is assumed: the message names none that the rate card knows.",)
            if any(line.assumed_role for _, line in items)
            else ()
        ),
    )
    return Order(items, value, _cost(ctx, items, currency), starts_on, ends_on, warnings)


def _done(compared: Compared, starts_on: date, agreement: Agreement) -> date:
    """The last working day, when all roles begin together and work full time unless said otherwise."""
    days = max(e.working_days(agreement.card.hours_a_day) for e in compared.request.effort)
    return after_working_days(starts_on, days - 1)


def _deadline_warnings(done: date, due: date | None) -> tuple[str, ...]:
    if due is None or done <= due:
        return ()
    return (f"The effort takes until {_day(done)}, later than the {_day(due)} that is asked for.",)


def _cap_warnings(
    ctx: ToolContext, contract: Mapping[str, Any], agreement: Agreement, value: Money
) -> tuple[str, ...]:
    cap = first(agreement.terms, "fee_cap")
    if cap is None or cap.currency != value.currency:
        return ()
    billed = Money(
        amount=ctx.tx.value("changes.billed", contract_id=contract["contract_id"]),
        currency=contract["currency"],
    )
    limit = Money(amount=cap.amount, currency=cap.currency)
    reached = billed + value
    if not limit < reached:
        return ()
    return (
        f"Billed so far {billed} and this change make {reached}, more than the cap of {limit} in "
        f"{clause_name(cap)}: the order must raise it.",
    )


def _end_warnings(contract: Mapping[str, Any], ends_on: date) -> tuple[str, ...]:
    if contract["ends_on"] is None or ends_on <= contract["ends_on"]:
        return ()
    return (f"The contract ends on {_day(contract['ends_on'])}, before the work does.",)


def _cost(ctx: ToolContext, items: Sequence[tuple[Compared, Line]], currency: str) -> Money | None:
    """Hours at the average cost rate of the people who hold each role."""
    convert = Converter.of(ctx)
    roles = sorted({line.role.lower() for _, line in items})
    rows = ctx.tx.records("changes.cost_rates", titles=roles, day=ctx.now.date())
    rates: dict[str, tuple[Decimal, int]] = {}
    try:
        for row in rows:
            hour = convert(Money(amount=row["cost_rate"], currency=row["currency"]), currency).amount
            summed, people = rates.get(row["title"].lower(), (Decimal(0), 0))
            rates[row["title"].lower()] = summed + hour * row["people"], people + row["people"]
    except NoExchangeRate:
        return None
    if any(role not in rates for role in roles):
        return None
    costs = (line.hours * rates[line.role.lower()][0] / rates[line.role.lower()][1] for _, line in items)
    return Money(amount=sum(costs, Decimal(0)), currency=currency).rounded()


def clause_name(term: Term) -> str:
    """'Clause 7.2', or 'Schedule 1' for what bears a name already."""
    return f"Clause {term.number}" if term.number[:1].isdigit() else term.number or "a clause without number"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
