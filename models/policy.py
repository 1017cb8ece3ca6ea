"""The approval policy: YAML -> pydantic, exact names, ordered rules, first match wins.

The last rule must match everything and carries the strictest gate, so that nothing is ever without one. A
rule's conditions are over *facts*, which the workflow derives from the firm's records: never from what the
proposer or a document says."""

import hashlib
import json
from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.access import Role
from models.actions import ActionKind
from models.errors import BadInput, ChargehandError, Problem
from models.money import Currency, Money

Relation = Literal[
    "project_manager",  # of the project the action is about
    "practice_lead",  # of the project's practice, or the person's where it is about no project
    "practice_resource_manager",  # resource manager of the practice the person belongs to
    "person_practice_lead",  # lead of the practice the person belongs to
    "account_owner",  # of the client
    "office_finance",  # finance of the legal entity that runs the project, or employs the person
    "manager",  # line manager of the person the action is about
]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Facts(_Model):
    """What a policy may look at. Derived by the workflow from the firm's records at proposal time."""

    action: ActionKind
    amount: Money | None = None  # the money the action commits or concerns
    margin: Decimal | None = None  # (price - cost) / price of the action; None where it has no price
    unknown: tuple[Literal["amount", "margin"], ...] = ()  # it has one, and the records do not tell it
    project_id: str | None = None
    practice: str | None = None
    office: str | None = None  # the legal entity
    client_id: str | None = None
    contract_id: str | None = None
    contract_kind: str | None = None
    contract_value: Money | None = None
    beneficiaries: tuple[str, ...] = ()  # persons who gain by the action: they may not decide it
    subjects: tuple[str, ...] = ()  # persons the action is about, e.g. who made the time entries
    proposer_roles: tuple[Role, ...] = ()


class Condition(_Model):
    """All of the named facts must hold; an empty condition holds always."""

    action: tuple[ActionKind, ...] = ()
    amount_at_least: Decimal | None = None  # in the policy's currency
    amount_below: Decimal | None = None
    margin_below: Decimal | None = None
    contract_kind: tuple[str, ...] = ()
    practice: tuple[str, ...] = ()
    office: tuple[str, ...] = ()
    client: tuple[str, ...] = ()
    proposer_role: tuple[Role, ...] = ()


class ApproverSource(_Model):
    """Where approvers come from: exactly one of these."""

    role: Role | None = None  # everyone who holds it over the action's practice, office, or the firm
    relation: Relation | None = None
    person: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(x is not None for x in (self.role, self.relation, self.person)) != 1:
            raise ValueError("name exactly one of role, relation, person")
        return self

    def __str__(self) -> str:
        return (self.role or self.relation or self.person or "").replace("_", " ")


class Step(_Model):
    """One signature round of a gate. Steps run in order; each person signs at most one step."""

    name: str
    approvers: Annotated[tuple[ApproverSource, ...], Field(min_length=1)]
    fallback: tuple[ApproverSource, ...] = ()  # who may sign when nobody of `approvers` is left to
    signatures: Annotated[int, Field(ge=1)] = 1  # how many different people must sign
    comment_required: bool = False


class Gate(_Model):
    """What must happen before an action is carried out."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    expires_after_hours: Annotated[int, Field(ge=1)] = 120
    remind_after_hours: Annotated[int, Field(ge=1)] = 24
    escalate_after_hours: Annotated[int, Field(ge=1)] = 72


class Rule(_Model):
    name: str
    because: str  # shown on the card as 'why this gate'
    when: Condition = Condition()
    gate: Gate


class PolicySet(_Model):
    """A whole policy: what `chargehand policy load FILE` takes."""

    name: str
    currency: Currency  # thresholds are in this currency
    exchange_rates: Mapping[Currency, Decimal] = {}  # 1 unit of the key = this many of `currency`
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _closed(self) -> Self:
        names = [r.name for r in self.rules]
        if len(set(names)) != len(names):
            raise ValueError("two rules have the same name")
        if self.rules[-1].when != Condition():
            raise ValueError("the last rule must have no conditions, so that every action meets a gate")
        strictest = max(signatures(r.gate) for r in self.rules)
        if signatures(self.rules[-1].gate) < strictest:
            raise ValueError(f"the last rule must be the strictest: at least {strictest} signatures")
        return self

    def rule(self, name: str) -> Rule | None:
        return next((r for r in self.rules if r.name == name), None)


class NoExchangeRate(ChargehandError):
    """The policy has no exchange rate for {currency}, so its thresholds cannot be applied."""

    status = 422
    retry = "with a fix"


class UnknownFact(ChargehandError):
    """The policy asks for the {fact} of this action, and the firm's records do not tell it."""

    status = 422
    retry = "with a fix"


def signatures(gate: Gate) -> int:
    """How many different people a gate asks for."""
    return sum(step.signatures for step in gate.steps)


def gate_for(policy: PolicySet, facts: Facts) -> Rule:
    """The first rule whose conditions hold. An amount or a margin that is asked for and cannot be told meets
    the last rule, the strictest: unknown money is never small money."""
    try:
        return next(rule for rule in policy.rules if holds(rule.when, facts, policy))
    except (NoExchangeRate, UnknownFact):
        return policy.rules[-1]


def holds(condition: Condition, facts: Facts, policy: PolicySet) -> bool:
    """Whether every named fact holds. What the action does not have (no contract, no price) does not hold.

    Raises NoExchangeRate or UnknownFact when all else holds and a threshold cannot be applied."""
    member_of: Sequence[tuple[Sequence[str], str | None]] = (
        (condition.action, facts.action),
        (condition.contract_kind, facts.contract_kind),
        (condition.practice, facts.practice),
        (condition.office, facts.office),
        (condition.client, facts.client_id),
    )
    if any(allowed and value not in allowed for allowed, value in member_of):
        return False
    if condition.proposer_role and not set(condition.proposer_role) & set(facts.proposer_roles):
        return False
    return _margin_holds(condition, facts) and _amount_holds(condition, facts, policy)


def _margin_holds(condition: Condition, facts: Facts) -> bool:
    if condition.margin_below is None:
        return True
    if "margin" in facts.unknown:
        raise UnknownFact(fact="margin")
    return facts.margin is not None and facts.margin < condition.margin_below


def _amount_holds(condition: Condition, facts: Facts, policy: PolicySet) -> bool:
    if condition.amount_at_least is None and condition.amount_below is None:
        return True
    if "amount" in facts.unknown:
        raise UnknownFact(fact="amount")
    if facts.amount is None:
        return False
    amount = in_policy_currency(facts.amount, policy)
    return (condition.amount_at_least is None or amount >= condition.amount_at_least) and (
        condition.amount_below is None or amount < condition.amount_below
    )


def in_policy_currency(money: Money, policy: PolicySet) -> Decimal:
    """The amount in the currency of the policy's thresholds. Raises NoExchangeRate."""
    if money.currency == policy.currency:
        return money.amount
    rate = policy.exchange_rates.get(money.currency)
    if rate is None:
        raise NoExchangeRate(currency=money.currency)
    return money.amount * rate


class _UniqueKeys(yaml.SafeLoader):
    """YAML where a key is written once. The parser takes the last of two: the conditions of the first one
    would be gone without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value} is written twice", problem_mark=key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def parse_policy(text: str, file: str = "policy.yaml") -> PolicySet:
    """A policy from YAML. Raises BadInput naming the place and the reason for each fault."""
    try:
        return PolicySet.model_validate(yaml.load(text, _UniqueKeys))
    except yaml.YAMLError as e:
        mark, problem = getattr(e, "problem_mark", None), getattr(e, "problem", None)
        raise BadInput([Problem(file, mark.line + 1 if mark else 1, "", problem or "not YAML")]) from e
    except ValidationError as e:
        raise BadInput([Problem(file, 1, ".".join(map(str, f["loc"])), f["msg"]) for f in e.errors()]) from e


def policy_sha(policy: PolicySet) -> str:
    """The version of a policy: sha256 over its JSON with sorted keys, so that comments, layout and the
    order of keys do not matter."""
    text = json.dumps(policy.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
