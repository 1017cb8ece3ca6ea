"""Money and dates of a case, moved: every amount by one factor, every date by one number of whole weeks.
Sums, products, durations and weekdays stay as they were, and no amount or day leads back to a record."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from models.actions import ActionAdapter
from models.money import CENT
from models.pseudonyms import Pseudonyms
from models.text.request_dates import named_days

_FACTORS = tuple(Decimal(n) / 100 for n in (*range(60, 90), *range(111, 165)))
_WEEKS = (*range(-40, -3), *range(4, 41))
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(T.+)")
_NUMBER = re.compile(r"-?[\d.]+")
_SYMBOL = r"[€£$¥]|\b(?:EUR|GBP|USD|CHF|euros?|pounds?|dollars?)\b"
_AMOUNT = re.compile(
    rf"(?P<before>(?:{_SYMBOL})\s?)?(?<![\w.,:-])"
    r"(?P<number>\d{1,3}(?:[,.'’ ]\d{3})+(?:[.,]\d\d)?|\d+(?:[.,]\d\d?)?)(?![\w-]*\d)"
    rf"(?P<after>k?\s?(?:{_SYMBOL}))?",
    re.IGNORECASE,
)
_SMALLEST = 50  # an amount of the case that stands in a text without its currency is told by its number


@dataclass(frozen=True)
class Shift:
    """How one case is moved."""

    factor: Decimal
    weeks: int
    amounts: frozenset[Decimal] = frozenset()  # of the case: in texts they may stand without a currency

    def money(self, amount: Decimal) -> Decimal:
        """Exact, so that sums and products are: parts of a cent may stand where a rate had cents."""
        exact = amount * self.factor
        cents = exact.quantize(CENT)
        return cents if cents == exact else exact.normalize()

    def day(self, day: date) -> date:
        return day + timedelta(weeks=self.weeks)

    def json(self, value: Any, on: date) -> Any:
        """Any JSON of a day: money by its form, dates and moments, and the texts."""
        if isinstance(value, Mapping):
            if set(value) == {"amount", "currency"}:
                return {**value, "amount": str(self.money(Decimal(value["amount"])))}
            return {name: self.json(inner, on) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.json(inner, on) for inner in value]
        return self._string(value, on) if isinstance(value, str) else value

    def _string(self, value: str, on: date) -> str:
        if _DATE.fullmatch(value):
            return self.day(date.fromisoformat(value)).isoformat()
        if moment := _MOMENT.fullmatch(value):
            return self.day(date.fromisoformat(moment[1])).isoformat() + moment[2]
        return value if _NUMBER.fullmatch(value) else self.text(value, on)

    def text(self, words: str, on: date) -> str:
        """A text written on a day: the days that it names by number, and the amounts."""
        parts, last = [], 0
        for named in named_days(words, on):
            said = words[named.start : named.end]
            if any(c.isdigit() for c in said) and not said.lower().startswith("in "):
                parts += [self._amounts(words[last : named.start]), _written(self.day(named.day), said)]
                last = named.end
        return "".join(parts) + self._amounts(words[last:])

    def _amounts(self, words: str) -> str:
        return _AMOUNT.sub(self._amount, words)

    def _amount(self, found: re.Match[str]) -> str:
        number = found["number"]
        decimals = 2 if re.search(r"[.,]\d\d$", number) else 0
        digits = Decimal(re.sub(r"\D", "", number)).scaleb(-decimals)
        named = found["before"] or found["after"]
        if not named and not (digits >= _SMALLEST and digits in self.amounts):
            return found[0]
        group = next((c for c in number[: -3 if decimals else None] if not c.isdigit()), "")
        whole, _, cents = f"{digits * self.factor:,.{decimals}f}".partition(".")
        text = whole.replace(",", group) + (number[-3] + cents if decimals else "")
        return f"{found['before'] or ''}{text}{found['after'] or ''}"


def shift_of(case: str, on: date, pseudonyms: Pseudonyms, *actions: Any) -> Shift:
    """The shift of a case: the same each time under one salt. `actions`: JSON that holds what is shifted; a
    factor under which an action no longer adds up, for the cents, is taken only where there is no other."""
    weeks = _WEEKS[pseudonyms.number(f"{case}:weeks", len(_WEEKS))]
    amounts = frozenset(_amounts_in(actions))
    first = pseudonyms.number(f"{case}:factor", len(_FACTORS))
    shifts = [Shift(factor, weeks, amounts) for factor in (*_FACTORS[first:], *_FACTORS[:first])]
    sums = [action for action in actions if _sound(action)]
    return next((s for s in shifts if all(_sound(s.json(action, on)) for action in sums)), shifts[0])


def _sound(action: Any) -> bool:
    try:
        ActionAdapter.validate_python(action)
    except ValidationError:
        return False
    return True


def _amounts_in(value: Any) -> Iterator[Decimal]:
    if isinstance(value, Mapping):
        if set(value) == {"amount", "currency"}:
            yield Decimal(value["amount"])
        for inner in value.values():
            yield from _amounts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _amounts_in(inner)


def _written(day: date, as_said: str) -> str:
    """The day much as the other was written."""
    if _DATE.search(as_said):
        return day.isoformat()
    if re.fullmatch(r"[\d./]+", as_said):
        return f"{day:%d.%m.%Y}" if re.search(r"\d{4}|[./]\d\d$", as_said) else f"{day.day}.{day.month}."
    year = f" {day.year}" if re.search(r"\d{4}", as_said) else ""
    return f"{day.day} {day:%B}{year}"
