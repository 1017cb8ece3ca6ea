"""Money: an exact amount and its currency. Amounts of different currencies never meet by accident."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, StringConstraints

from models.errors import ChargehandError

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]  # ISO 4217 code
CENT = Decimal("0.01")

# Active currencies of ISO 4217, without funds, metals and test codes.
_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD
HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD
LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK
PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS
TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
"""
ISO_4217: frozenset[str] = frozenset(_CODES.split())


class CurrencyMismatch(ChargehandError):
    """{left} and {right} cannot be added or compared: convert one of them first."""

    status = 422
    retry = "with a fix"


class Money(BaseModel):
    """An amount in one currency. Written as {"amount": "12.50", "currency": "EUR"}: never a float."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Decimal
    currency: Currency

    def __add__(self, other: Self) -> Self:
        return self._with(self.amount + self._same(other))

    def __sub__(self, other: Self) -> Self:
        return self._with(self.amount - self._same(other))

    def __mul__(self, factor: Decimal | int) -> Self:
        return self._with(self.amount * factor)

    def __lt__(self, other: Self) -> bool:
        return self.amount < self._same(other)

    def __str__(self) -> str:
        return f"{self.currency} {self.amount:,.2f}"

    def rounded(self) -> Self:
        """The amount to the cent, banker's rounding."""
        return self._with(self.amount.quantize(CENT, ROUND_HALF_EVEN))

    def _with(self, amount: Decimal) -> Self:
        return type(self)(amount=amount, currency=self.currency)

    def _same(self, other: Self) -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(left=str(self), right=str(other))
        return other.amount


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum, zero in `currency` when there is nothing to add.

    Raises CurrencyMismatch when one of them is in another currency."""
    result = Money(amount=Decimal(0), currency=currency)
    for amount in amounts:
        result = result + amount
    return result
