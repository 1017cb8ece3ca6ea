"""Money: exact, and never of two currencies at once."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.money import CurrencyMismatch, Money, total

amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False)


def eur(amount: str | int | Decimal) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


@given(st.lists(amounts, max_size=30))
def test_a_sum_is_exact_whatever_the_order(values: list[Decimal]) -> None:
    assert (
        total(map(eur, values), "EUR")
        == total(map(eur, reversed(values)), "EUR")
        == eur(sum(values, Decimal(0)))
    )


@given(amounts)
def test_it_survives_json(value: Decimal) -> None:
    written = eur(value).model_dump_json()
    assert Money.model_validate_json(written) == eur(value)
    assert '"amount":"' in written, "a string: JSON numbers lose cents"


@pytest.mark.parametrize("operate", [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a < b,
    lambda a, b: total([a, b], "EUR"),
])  # fmt: skip
def test_two_currencies_do_not_meet(operate: object) -> None:
    with pytest.raises(CurrencyMismatch, match="EUR"):
        operate(eur(1), Money(amount=Decimal(1), currency="GBP"))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("0.005", "0.00"), ("0.015", "0.02"), ("0.025", "0.02"), ("-1.005", "-1.00"), ("2.675", "2.68")],
)
def test_halves_are_rounded_to_even(value: str, rounded: str) -> None:
    assert eur(value).rounded() == eur(rounded)


@pytest.mark.parametrize("currency", ["eur", "EURO", "", "E1R"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(ValidationError):
        Money(amount=Decimal(1), currency=currency)


def test_it_is_written_as_people_read_it() -> None:
    assert str(eur("1234567.5")) == "EUR 1,234,567.50"
    assert str(eur(100) * Decimal("0.333")) == "EUR 33.30"
