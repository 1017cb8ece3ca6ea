"""A contract's rate card: which role is meant, and what an hour of additional work by it costs.

Day rates are divided by the hours that the contract says a day has; what the contract adds to or takes off
its rates for changes, and for work at weekends, is applied to the hour."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rapidfuzz import fuzz

from models.money import Money
from models.text.contract_terms import Term, first

HOURS_A_DAY = Decimal(8)  # where the contract does not say
_ALIKE = 86  # of 100, token-sorted: 'software developper' is a 'Software Developer'
_EXACT_RATE = Decimal("0.0001")  # an hour's rate is kept to a hundredth of a cent


@dataclass(frozen=True)
class RateCard:
    """The rates of one contract."""

    rates: tuple[Term, ...]
    hours_a_day: Decimal
    for_changes: Decimal  # percent on top of the card for changes; negative for a discount
    at_weekends: Decimal  # percent on top of that

    @classmethod
    def of(cls, terms: Sequence[Term]) -> "RateCard":
        day, change, weekend = (first(terms, k) for k in ("working_day", "change_rate", "weekend_work"))
        return cls(
            tuple(t for t in terms if t.kind == "rate"),
            day.hours if day else HOURS_A_DAY,
            change.percent if change else Decimal(0),
            weekend.percent if weekend else Decimal(0),
        )

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(r.what for r in self.rates)

    def matching(self, said: str, preferred: Sequence[str] = ()) -> tuple[Term, ...]:
        """The rates that a role, as said, may mean: one where the name or a preferred role settles it; none
        where it is not on the card. 'engineers' may mean several."""
        words = _words(said)
        if not words:
            return ()
        exact = [r for r in self.rates if _words(r.what) == words]
        wider = [r for r in self.rates if words <= _words(r.what)]
        alike = [r for r in self.rates if fuzz.token_sort_ratio(said.lower(), r.what.lower()) >= _ALIKE]
        found = exact[:1] or wider or alike[:1]
        if len(found) > 1:
            found = [r for r in found if r.what in preferred][:1] or found
        return tuple(found)

    def listed(self, rate: Term) -> Money:
        """An hour at the listed rate."""
        hour = rate.amount / self.hours_a_day if rate.unit == "day" else rate.amount
        return Money(amount=hour, currency=rate.currency)

    def hour(self, rate: Term, *, weekend: bool = False) -> Money:
        """An hour of additional work."""
        factor = (1 + self.for_changes / 100) * (1 + (self.at_weekends / 100 if weekend else 0))
        exact = self.listed(rate) * factor
        return Money(amount=exact.amount.quantize(_EXACT_RATE), currency=exact.currency)


def _words(role: str) -> frozenset[str]:
    return frozenset(w[:-1] if w.endswith("s") else w for w in re.findall(r"[a-z]{2,}", role.lower()))
