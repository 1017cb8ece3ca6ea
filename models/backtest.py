"""What a candidate policy would have asked of proposals that were made, by their facts as they were.

Fewer eyes: a proposal would have met fewer signatures than it did. A share comes with Wilson's interval, and
with a bootstrap over clients, whose proposals are alike; a sum of money with the bootstrap. Little data is
said to be little."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from models.policy import Condition, Facts, NoExchangeRate, PolicySet, Rule, in_policy_currency, signatures
from models.policy_match import checks, match
from models.rates import Interval, wilson

DRAWS = 1_000
FEWEST = 30  # proposals, and
FEWEST_UNITS = 8  # clients, below which nothing is called settled
_FACT_OF: Mapping[str, str] = {"region": "office", "client": "client_id", "proposer_role": "proposer_roles"}

Change = Literal["fewer", "more", "others", "same"]
Verdict = Literal["within", "past", "unsettled"]


@dataclass(frozen=True)
class Past:
    """A proposal that was made."""

    proposal_id: str
    created_at: datetime
    unit: str  # the client, or else the project: whose proposals are alike
    facts: Facts  # as they were
    missing: frozenset[str]  # facts that were not stored yet
    rule: Rule  # that it met
    rejected: bool
    edited: bool  # by somebody else, or only a part was accepted
    hours: float | None  # until the last signature or the rejection; None: it was not decided


@dataclass(frozen=True)
class Replayed:
    """A proposal under the candidate."""

    past: Past
    rule: Rule | None  # None: it asks for a fact that was not stored then
    amount: Decimal | None  # in the candidate's currency; None: no money, or without a rate

    @property
    def difference(self) -> int:
        """Signatures more than then."""
        return signatures(self.rule.gate) - signatures(self.past.rule.gate) if self.rule else 0

    @property
    def change(self) -> Change:
        if self.difference:
            return "fewer" if self.difference < 0 else "more"
        return "same" if self.rule is None or _asks(self.rule) == _asks(self.past.rule) else "others"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class Moved(_Model):
    """Proposals that went from one rule to another."""

    rule_then: str
    rule_now: str
    change: Change
    signatures_then: int
    signatures_now: int
    proposals: int
    amount: Decimal  # in the candidate's currency
    rejected_or_edited: int


class FewerEyes(_Model):
    """What would have passed with fewer signatures than it had."""

    proposals: int
    share: Interval | None  # Wilson; None where nothing was replayed
    share_by_client: tuple[float, float] | None  # bootstrap over clients; None for fewer than two
    amount: Decimal
    amount_interval: tuple[Decimal, Decimal] | None
    without_money: int  # nothing is known of any
    without_rate: int  # in a currency that the candidate has no rate for
    rejected: int  # of them, by a person in reality
    edited: int


class Backtest(_Model):
    """A candidate held against what was."""

    candidate: str
    currency: str
    since: datetime
    until: datetime
    proposals: int
    clients: int
    untold: Mapping[str, int]  # a fact that was not stored then -> proposals that the candidate asks it of
    changes: Mapping[Change, int]
    moved: tuple[Moved, ...]
    fewer_eyes: FewerEyes
    signatures_then: int
    signatures_now: int
    hours_a_signature: float | None  # as long as a signature took, on average
    hours_interval: tuple[float, float] | None
    settled: bool  # enough data to call anything settled

    def verdict(self, limit: Decimal) -> Verdict:
        """Whether no more money than the limit (in the candidate's currency) passes with fewer eyes.

        `unsettled` where the data cannot tell: too little of it, money that has no rate, or an interval that
        reaches past the limit."""
        eyes = self.fewer_eyes
        if eyes.amount > limit:
            return "past"
        if not self.settled or eyes.without_rate or eyes.amount_interval is None:
            return "unsettled"
        return "within" if eyes.amount_interval[1] <= limit else "unsettled"


def replay(policy: PolicySet, past: Past) -> Replayed:
    """One proposal under the candidate. A fact that was not stored then is unknown: where the candidate asks
    for it, nothing is said about the proposal, rather than that it meets the strictest rule."""
    amount = None
    if past.facts.amount is not None:
        try:
            amount = in_policy_currency(past.facts.amount, policy)
        except NoExchangeRate:
            amount = None
    if asked_for(policy, past):
        return Replayed(past, None, amount)
    return Replayed(past, match(policy, past.facts).rule, amount)


def asked_for(policy: PolicySet, past: Past) -> frozenset[str]:
    """The facts that were not stored then and that the rule asks for which decides the case."""
    for rule in policy.rules:
        wanted = _facts_of(rule.when) & past.missing
        known = rule.when.model_copy(update={n: _EMPTY[n] for n in _EMPTY if _fact(n) in past.missing})
        if any(check.holds is False for check in checks(known, past.facts, policy)):
            continue
        return frozenset(wanted)
    return frozenset()


def summarize(policy: PolicySet, replayed: Sequence[Replayed], since: datetime, until: datetime) -> Backtest:
    """What all of them come to."""
    told = [r for r in replayed if r.rule is not None]
    units = sorted({r.past.unit for r in told})
    untold = Counter(fact for r in replayed if r.rule is None for fact in asked_for(policy, r.past))
    decided = [r.past for r in told if r.past.hours is not None]
    pace = _bootstrapped(
        [p.unit for p in decided],
        [p.hours or 0 for p in decided],
        [signatures(p.rule.gate) for p in decided],
    )
    return Backtest(
        candidate=policy.name,
        currency=policy.currency,
        since=since,
        until=until,
        proposals=len(replayed),
        clients=len(units),
        untold=dict(untold),
        changes=Counter(r.change for r in told),
        moved=_moved(told),
        fewer_eyes=_fewer_eyes(told),
        signatures_then=sum(signatures(r.past.rule.gate) for r in told),
        signatures_now=sum(signatures(r.rule.gate) for r in told if r.rule),
        hours_a_signature=_hours_a_signature(decided) if decided else None,
        hours_interval=pace,
        settled=len(told) >= FEWEST and len(units) >= FEWEST_UNITS,
    )


def _moved(told: Sequence[Replayed]) -> tuple[Moved, ...]:
    groups: dict[tuple[str, str, Change, int, int], list[Replayed]] = {}
    for r in told:
        if r.rule is not None and r.change != "same":
            key = (
                r.past.rule.name,
                r.rule.name,
                r.change,
                signatures(r.past.rule.gate),
                signatures(r.rule.gate),
            )
            groups.setdefault(key, []).append(r)
    found = [
        Moved(
            rule_then=key[0],
            rule_now=key[1],
            change=key[2],
            signatures_then=key[3],
            signatures_now=key[4],
            proposals=len(group),
            amount=_money(group),
            rejected_or_edited=sum(r.past.rejected or r.past.edited for r in group),
        )
        for key, group in groups.items()
    ]
    order: Mapping[Change, int] = {"fewer": 0, "more": 1, "others": 2, "same": 3}
    return tuple(sorted(found, key=lambda m: (order[m.change], -m.amount, -m.proposals)))


def _fewer_eyes(told: Sequence[Replayed]) -> FewerEyes:
    fewer = [r for r in told if r.change == "fewer"]
    share = wilson(len(fewer), len(told)) if told else None
    units, is_fewer = [r.past.unit for r in told], [float(r.change == "fewer") for r in told]
    passing = [float(r.amount or 0) * yes for r, yes in zip(told, is_fewer, strict=True)]
    amounts = _bootstrapped(units, passing)
    if not fewer and share is not None and amounts is not None:
        # Every resample says nothing at all: the data rule out no more than this share of the money.
        amounts = (0.0, share.high * float(_money(told)))
    return FewerEyes(
        proposals=len(fewer),
        share=share,
        share_by_client=_bootstrapped(units, is_fewer, [1.0] * len(told)),
        amount=_money(fewer),
        amount_interval=(_cents(amounts[0]), _cents(amounts[1])) if amounts else None,
        without_money=sum(r.past.facts.amount is None for r in fewer),
        without_rate=sum(r.amount is None and r.past.facts.amount is not None for r in fewer),
        rejected=sum(r.past.rejected for r in fewer),
        edited=sum(r.past.edited for r in fewer),
    )


def _bootstrapped(
    units: Sequence[str], top: Sequence[float], bottom: Sequence[float] | None = None
) -> tuple[float, float] | None:
    """The 95% percentile interval of sum(top), or of sum(top) / sum(bottom), over resamples of whole units
    (Davison and Hinkley, Bootstrap Methods and their Application, 1997, 3.8). None for fewer than two units:
    then nothing varies."""
    names, unit_of = np.unique(np.asarray(units, dtype=str), return_inverse=True)
    if len(names) < 2:
        return None
    drawn = np.random.default_rng(0).integers(len(names), size=(DRAWS, len(names)))
    figures = np.bincount(unit_of, weights=top)[drawn].sum(axis=1)
    if bottom is not None:
        figures = figures / np.bincount(unit_of, weights=bottom)[drawn].sum(axis=1)
    low, high = np.quantile(figures, [0.025, 0.975])
    return float(low), float(high)


def _hours_a_signature(decided: Sequence[Past]) -> float:
    hours = sum(p.hours for p in decided if p.hours is not None)
    return hours / sum(signatures(p.rule.gate) for p in decided)


def _money(replayed: Sequence[Replayed]) -> Decimal:
    return sum((r.amount for r in replayed if r.amount is not None), Decimal(0))


def _cents(amount: float) -> Decimal:
    return Decimal(amount).quantize(Decimal("0.01"))


def _asks(rule: Rule) -> object:
    """Who signs what, whatever the words and the deadlines."""
    return [(step.approvers, step.fallback, step.signatures) for step in rule.gate.steps]


def _fact(condition: str) -> str:
    """The field of `Facts` that a field of `Condition` looks at."""
    name = condition.removesuffix("_at_least").removesuffix("_below")
    return _FACT_OF.get(name, name)


def _facts_of(when: Condition) -> set[str]:
    return {_fact(name) for name, value in when if value not in ((), None)}


_EMPTY: Mapping[str, object] = {name: info.default for name, info in Condition.model_fields.items()}
