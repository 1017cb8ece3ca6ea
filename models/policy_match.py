"""Which rule of a policy holds for an action, and why: conditions held against facts.

A condition is true, false, or cannot be told. Where everything else of a rule holds and something cannot be
told, the last rule holds, the strictest: what is not known is never small, cheap or harmless."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from models.actions import NOUNS, ActionKind
from models.money import Money
from models.policy import (
    LEAST_SIGNATURES,
    Condition,
    FactName,
    Facts,
    NoExchangeRate,
    PolicySet,
    Rule,
    in_policy_currency,
    signatures,
)


@dataclass(frozen=True)
class Check:
    """One condition of a rule held against the facts."""

    holds: bool | None  # None: the records do not tell
    says: (
        str  # the fact's value and what it was held against, e.g. 'amount 62,400 EUR is at least 50,000 EUR'
    )


@dataclass(frozen=True)
class Match:
    """The rule that holds and what made it hold."""

    rule: Rule
    why: tuple[str, ...]  # one a condition; empty for a rule without


def gate_for(policy: PolicySet, facts: Facts) -> Rule:
    """The first rule whose conditions hold, or the last rule where one of them cannot be told, or where it
    asks for fewer signatures than such an action always needs."""
    return match(policy, facts).rule


def match(policy: PolicySet, facts: Facts) -> Match:
    """The rule that holds, with the conditions that made it hold."""
    for rule in policy.rules:
        found = checks(rule.when, facts, policy)
        if any(check.holds is False for check in found):
            continue
        untold = [f"{c.says}, and '{rule.name}' asks for it" for c in found if c.holds is None]
        if untold:
            return Match(policy.rules[-1], tuple(untold))
        least = LEAST_SIGNATURES.get(facts.action, 1)
        if signatures(rule.gate) < least:
            asked = f"'{rule.name}' asks for fewer signatures than {least}, which such an action always needs"
            return Match(policy.rules[-1], (asked,))
        return Match(rule, tuple(check.says for check in found))
    raise AssertionError("the last rule of a policy holds for everything")


def checks(condition: Condition, facts: Facts, policy: PolicySet) -> Sequence[Check]:
    """Each condition that is named, held against the facts. What the action does not have (no contract, no
    price) does not hold; what it has and the records do not tell cannot be told."""
    regions = [office for name in condition.region for office in policy.regions[name]]
    found = [
        _kind(condition.action, facts),
        _amount("amount", condition.amount_at_least, condition.amount_below, facts.amount, facts, policy),
        _below("margin", facts.margin, condition.margin_below, facts, _percent),
        _below("margin_effect", facts.margin_effect, condition.margin_effect_below, facts, _points),
        _amount(
            "contract_value",
            condition.contract_value_at_least,
            condition.contract_value_below,
            facts.contract_value,
            facts,
            policy,
        ),
        _one_of("contract_kind", condition.contract_kind, facts.contract_kind, facts, said="contract"),
        _one_of("client", condition.client, facts.client_id, facts, said="client"),
        _one_of("practice", condition.practice, facts.practice, facts, said="practice"),
        _one_of("office", regions, facts.office, facts, said=f"region {', '.join(condition.region)}: office"),
        _one_of("office", condition.office, facts.office, facts, said="office"),
        _any_of("sensitivity", condition.sensitivity, facts.sensitivity, facts, said="data"),
        _confidence(condition.confidence_below, facts),
        _any_of("proposer_role", condition.proposer_role, facts.proposer_roles, facts, said="proposed by a"),
    ]
    return [check for check in found if check is not None]


def _kind(allowed: Sequence[ActionKind], facts: Facts) -> Check | None:
    return Check(facts.action in allowed, f"it is {NOUNS[facts.action]}") if allowed else None


def _one_of(fact: str, allowed: Sequence[str], value: str | None, facts: Facts, *, said: str) -> Check | None:
    return _any_of(fact, allowed, [value] if value is not None else [], facts, said=said)


def _any_of(
    fact: str, allowed: Sequence[str], values: Iterable[str], facts: Facts, *, said: str
) -> Check | None:
    if not allowed:
        return None
    if fact in facts.unknown:
        return _untold(fact)
    shared = [value for value in values if value in allowed]
    return Check(bool(shared), f"{said} {', '.join(shared).replace('_', ' ')}")


def _amount(
    fact: FactName,
    low: Decimal | None,
    high: Decimal | None,
    money: Money | None,
    facts: Facts,
    policy: PolicySet,
) -> Check | None:
    """Whether low <= money < high, in the policy's currency."""
    if low is None and high is None:
        return None
    if fact in facts.unknown:
        return _untold(fact)
    if money is None:
        return Check(False, f"no {_words(fact)}")
    said = f"{_words(fact)} {_money(money.amount, money.currency)}"
    try:
        amount = in_policy_currency(money, policy)
    except NoExchangeRate:
        return Check(None, f"{said} is in a currency without an exchange rate")
    if money.currency != policy.currency:
        said += f" ({_money(amount, policy.currency)})"
    bounds = []
    if low is not None:
        bounds.append(f"at least {_money(low, policy.currency)}")
    if high is not None:
        bounds.append(f"below {_money(high, policy.currency)}")
    holds = (low is None or amount >= low) and (high is None or amount < high)
    return Check(holds, f"{said} is {' and '.join(bounds)}")


def _below(
    fact: FactName, value: Decimal | None, high: Decimal | None, facts: Facts, unit: Callable[[Decimal], str]
) -> Check | None:
    if high is None:
        return None
    if fact in facts.unknown:
        return _untold(fact)
    if value is None:
        return Check(False, f"no {_words(fact)}")
    return Check(value < high, f"{_words(fact)} {unit(value)} is below {unit(high)}")


def _confidence(high: Decimal | None, facts: Facts) -> Check | None:
    if high is None:
        return None
    if facts.confidence is None:
        return _untold("confidence")
    return _below("confidence", facts.confidence, high, facts, _percent)


def _untold(fact: str) -> Check:
    return Check(None, f"{_words(fact)} is not known")


def _words(fact: str) -> str:
    return fact.replace("_", " ")


def _money(amount: Decimal, currency: str) -> str:
    """Exact, and a fraction with at least two digits."""
    digits = -int(amount.normalize().as_tuple().exponent)
    return f"{amount:,.{max(digits, 2) if digits > 0 else 0}f} {currency}"


def _percent(share: Decimal) -> str:
    return f"{_plain(share * 100)}%"


def _points(points: Decimal) -> str:
    return f"{_plain(points)} points"


def _plain(number: Decimal) -> str:
    """With thousands apart, without zeros that say nothing."""
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
