"""The ledger of returns: what the audit log of a period is worth under the firm's stated assumptions. Role:
agent; row-level security shows the log to those who may read it, so that every figure can be followed to its
entries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from models.access import require
from models.actions import ActionKind
from models.money import Money
from models.policy import NoExchangeRate, PolicySet, in_policy_currency
from models.roi import Assumptions, Case, Line, returns
from store.db import Tx
from workflow.insight.views import Days
from workflow.policies import active

NEWEST = 10  # proposals whose entries are linked


class Counted(BaseModel):
    """A proposal that counts, for following it to its audit entries (`proposal:ID`)."""

    model_config = ConfigDict(frozen=True)

    proposal_id: UUID
    kind: ActionKind
    verdicts: int
    days: float | None
    amount: Money | None
    last_at: datetime


class Returns(BaseModel):
    """The ledger of one period."""

    model_config = ConfigDict(frozen=True)

    days: Days
    since: datetime
    practice: str | None
    currency: str
    lines: tuple[Line, ...]  # none: nothing to show yet
    proposals: int
    entries: int  # of the audit log
    newest: tuple[Counted, ...]
    without_rate: tuple[str, ...]  # currencies whose money is not counted: the policy has no rate for them
    assumptions: Assumptions


def ledger(
    tx: Tx, now: datetime, days: Days, assumptions: Assumptions, practice: str | None = None
) -> Returns:
    """Raises NotAllowed without audit.read, NoPolicy."""
    require(tx.principal, "audit.read")
    since = now - timedelta(days=days)
    policy, _ = active(tx)
    rows = [_Read.of(row, policy) for row in tx.records("roi.cases", since=since, practice=practice)]
    return Returns(
        days=days,
        since=since,
        practice=practice,
        currency=policy.currency,
        lines=returns([row.case for row in rows], assumptions),
        proposals=len(rows),
        entries=sum(row.case.entries for row in rows),
        newest=tuple(row.counted(policy.currency) for row in rows[:NEWEST]),
        without_rate=tuple(sorted({row.no_rate for row in rows if row.no_rate})),
        assumptions=assumptions,
    )


@dataclass(frozen=True)
class _Read:
    case: Case
    no_rate: str | None

    @classmethod
    def of(cls, row: Mapping[str, Any], policy: PolicySet) -> "_Read":
        amount, no_rate = None, None
        if row["amount"] is not None:
            money = Money(amount=row["amount"], currency=row["currency"])
            try:
                amount = float(in_policy_currency(money, policy))
            except NoExchangeRate:
                no_rate = money.currency
        rest = {k: v for k, v in row.items() if k not in ("amount", "currency")}
        return cls(Case(**rest, amount=amount), no_rate)

    def counted(self, currency: str) -> Counted:
        case = self.case
        amount = None
        if case.amount is not None:
            amount = Money(amount=Decimal(str(case.amount)), currency=currency).rounded()
        return Counted(
            proposal_id=case.proposal_id,
            kind=case.kind,
            verdicts=case.verdicts,
            days=case.days,
            amount=amount,
            last_at=case.last_at,
        )
