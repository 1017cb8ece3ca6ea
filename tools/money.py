"""Converting money for comparison, with the exchange rates of the active approval policy, so that what is
compared here and what the gate compares are the same."""

from models.money import Money
from models.policy import NoExchangeRate, PolicySet, in_policy_currency
from tools.registry import ToolContext
from workflow.policies import active


class Converter:
    """Converts between currencies by the active policy's rates."""

    def __init__(self, policy: PolicySet) -> None:
        self._policy = policy

    @classmethod
    def of(cls, ctx: ToolContext) -> "Converter":
        return cls(active(ctx.tx)[0])

    def __call__(self, money: Money, currency: str) -> Money:
        """The amount in `currency`, unrounded. Raises NoExchangeRate."""
        if money.currency == currency:
            return money
        base = in_policy_currency(money, self._policy)
        if currency == self._policy.currency:
            return Money(amount=base, currency=currency)
        rate = self._policy.exchange_rates.get(currency)
        if rate is None:
            raise NoExchangeRate(currency=currency)
        return Money(amount=base / rate, currency=currency)
