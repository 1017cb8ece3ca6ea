"""What a policy says, and what a new one says otherwise, in words: what is read before a policy is changed.

Whatever two policies differ in is told: where the words for both would be the same, the data itself is."""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest

from pydantic import BaseModel

from models.actions import PolicyDifference
from models.policy import ApproverSource, Condition, Gate, PolicySet, Rule, Step

# Thresholds as people say them; {} is the number. Amounts are in the policy's currency.
_THRESHOLDS: Mapping[str, str] = {
    "amount_at_least": "an amount of {money} or more",
    "amount_below": "an amount under {money}",
    "contract_value_at_least": "a contract worth {money} or more",
    "contract_value_below": "a contract worth less than {money}",
    "margin_below": "a margin under {share}",
    "margin_effect_below": "the project's margin changes by less than {number} points",
    "confidence_below": "a prediction that is less than {share} sure",
}
_MEMBERS: Mapping[str, str] = {
    "action": "",
    "contract_kind": "contract: ",
    "practice": "practice: ",
    "office": "office: ",
    "region": "region: ",
    "client": "client: ",
    "sensitivity": "data: ",
    "proposer_role": "asked by: ",
}

_DEADLINES: Mapping[str, str] = {
    "remind_after_hours": "reminded",
    "escalate_after_hours": "its stand-ins asked too",
    "expires_after_hours": "expires",
}


def condition_in_words(when: Condition, currency: str) -> str:
    """'change order; an amount under 10,000 EUR', or 'everything else'."""
    parts = []
    for name, value in when:
        if isinstance(value, tuple) and value:
            parts.append(_MEMBERS.get(name, f"{_plain(name)}: ") + " or ".join(map(_plain, value)))
        elif isinstance(value, Decimal):
            told = _THRESHOLDS.get(name, _plain(name) + " {number}")
            parts.append(
                told.format(money=f"{_number(value)} {currency}", share=f"{_number(value * 100)} percent",
                            number=_number(value))
            )  # fmt: skip
    return "; ".join(parts) or "everything else"


def step_in_words(step: Step) -> str:
    """'account owner; where nobody is left, delivery director (role); with a comment'. Every field of a step
    has words of its own, so that none changes unsaid."""
    needed = {1: "one of", "all": "all of"}.get(step.signatures, f"{step.signatures} of")
    first = _sources(step.approvers)
    words = [f"{needed} {first}" if needed != "one of" or len(step.approvers) > 1 else first]
    if step.fallback:
        words.append(f"where nobody is left, {_sources(step.fallback)}")
    if step.comment_required:
        words.append("with a comment")
    if step.evidence_required:
        words.append("with evidence")
    for field, what in _DEADLINES.items():
        if (hours := getattr(step, field)) is not None:
            words.append(f"{what} after {hours} hours")
    return "; ".join(words)


def gate_in_words(gate: Gate) -> str:
    """Every step by name, in order."""
    return ", then ".join(f"{step.name} ({step_in_words(step)})" for step in gate.steps)


def differences(now: PolicySet, after: PolicySet) -> tuple[PolicyDifference, ...]:
    """What `after` says otherwise than `now`: the policy as a whole first, then rule by rule in the order of
    the new policy, then the rules that are gone. Empty only where both are the same."""
    return (*_of_the_whole(now, after), *_of_the_rules(now, after))


def _of_the_whole(now: PolicySet, after: PolicySet) -> Iterator[PolicyDifference]:
    for name in PolicySet.model_fields:
        if name != "rules":
            yield from _told("", _plain(name), getattr(now, name), getattr(after, name))
    kept = {r.name for r in now.rules} & {r.name for r in after.rules}
    before, since = ([r.name for r in p.rules if r.name in kept] for p in (now, after))
    yield from _told("", "order of the rules", before, since)


def _of_the_rules(now: PolicySet, after: PolicySet) -> Iterator[PolicyDifference]:
    for at, rule in enumerate(after.rules):
        before = now.rule(rule.name)
        if before is None:
            place = f"read before {after.rules[at + 1].name}" if at + 1 < len(after.rules) else "read last"
            yield _difference(rule.name, "new rule", after=place)
        yield from _of_one_rule(rule.name, before, now.currency, rule, after.currency)
    for rule in now.rules:
        if after.rule(rule.name) is None:
            said = f"{condition_in_words(rule.when, now.currency)}: {gate_in_words(rule.gate)}"
            yield _difference(rule.name, "rule is gone", now=said)


def _of_one_rule(
    name: str, now: Rule | None, now_currency: str, after: Rule, after_currency: str
) -> Iterator[PolicyDifference]:
    """Of a rule that is there, or all of a new one."""
    yield from _told(
        name,
        "holds for",
        now.when if now else None,
        after.when,
        condition_in_words(now.when, now_currency) if now else "",
        condition_in_words(after.when, after_currency),
    )
    yield from _told(name, "why", now.because if now else "", after.because)
    old, new = now.gate.steps if now else (), after.gate.steps
    for i, (before, since) in enumerate(zip_longest(old, new), 1):
        named = since or before
        yield from _told(
            name,
            f"step {i}: {named.name}",
            before,
            since,
            f"{before.name}: {step_in_words(before)}" if before else "",
            f"{since.name}: {step_in_words(since)}" if since else "",
        )
    for field, what in {**_DEADLINES, "valid_after_approval_hours": "no longer written"}.items():
        hours = getattr(now.gate, field) if now else ""
        yield from _told(name, f"{what} after, hours", hours, getattr(after.gate, field))


def _told(
    rule: str,
    what: str,
    now: object,
    after: object,
    now_words: str | None = None,
    after_words: str | None = None,
) -> Iterator[PolicyDifference]:
    """The difference, if there is one. Where words are too coarse to tell both apart, the data is shown."""
    if _data(now) == _data(after):
        return
    words = (
        now_words if now_words is not None else _words(now),
        after_words if after_words is not None else _words(after),
    )
    if words[0] == words[1]:
        words = (f"{words[0]} {_data(now)}", f"{words[1]} {_data(after)}")
    yield _difference(rule, what, now=words[0], after=words[1])


def _difference(rule: str, what: str, now: str = "", after: str = "") -> PolicyDifference:
    return PolicyDifference(rule=rule, what=what, now=now, after=after)


def _sources(sources: Sequence[ApproverSource]) -> str:
    return " or ".join(map(_source, sources))


def _source(source: ApproverSource) -> str:
    """A relation by its name; the other kinds say which they are: a role and a relation can share a name."""
    kind = next((k for k in ("role", "group", "person") if getattr(source, k)), None)
    return f"{source} ({kind})" if kind else str(source)


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {_words(v)}" for k, v in sorted(value.items())) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return _number(value) if isinstance(value, Decimal) else str(value)


def _data(value: object) -> str:
    """As the policy's sha256 sees it: 1.0 and 1.00 are two."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return json.dumps(plain, default=str, sort_keys=True)


def _plain(word: str) -> str:
    return word.replace("_", " ")


def _number(value: Decimal) -> str:
    return f"{value.normalize():,f}"
