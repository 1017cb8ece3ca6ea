"""The approval policy: exact names, ordered rules, first match wins.

The last rule must match everything and carries the strictest gate, so that nothing is ever without one. A
rule's conditions are over *facts*, which the workflow derives from the firm's records: never from what the
proposer or a document says. `models.policy_match` says which rule holds, `models.policy_text` reads YAML."""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.access import Role
from models.actions import ActionKind
from models.errors import ChargehandError
from models.money import ISO_4217, Currency, Money

Relation = Literal[
    "project_manager",  # of the project the action is about
    "practice_lead",  # of the project's practice, or the person's where it is about no project
    "practice_resource_manager",  # resource manager of the practice the person belongs to
    "person_practice_lead",  # lead of the practice the person belongs to
    "account_owner",  # of the client
    "contract_signatory",  # who may sign for the firm on the contract the action is about
    "budget_owner",  # who answers for the project's budget
    "office_finance",  # finance of the legal entity that runs the project, or employs the person
    "manager",  # line manager of the person the action is about
]
Sensitivity = Literal["none", "client_confidential", "personal"]
FactName = Literal[
    "amount",
    "margin",
    "margin_effect",
    "contract_kind",
    "contract_value",
    "client",
    "practice",
    "office",
    "sensitivity",
    "confidence",
]
Hours = Annotated[int, Field(ge=1)]
Threshold = Annotated[Decimal, Field(ge=0)]  # of money, in the policy's currency


# What no policy may go below. The database holds it too, where a policy is put in force
# (store/migrations/0017_policy_change.sql).
LEAST_SIGNATURES: Mapping[ActionKind, int] = {"change_policy": 2}


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Facts(_Model):
    """What a policy may look at. Derived by the workflow from the firm's records at proposal time."""

    action: ActionKind
    amount: Money | None = None  # the money the action commits or concerns
    margin: Decimal | None = None  # (price - cost) / price of the action; None where it has no price
    margin_effect: Decimal | None = None  # by how many points the project's margin changes; below 0: it falls
    unknown: tuple[FactName, ...] = ()  # it has one, and the records do not tell it, or tell several
    project_id: str | None = None
    practice: str | None = None
    office: str | None = None  # the legal entity
    client_id: str | None = None
    contract_id: str | None = None
    contract_kind: str | None = None
    contract_value: Money | None = None
    sensitivity: tuple[Sensitivity, ...] = ("none",)  # what the action and its evidence show; may be several
    confidence: Decimal | None = None  # 0 to 1, of the prediction it rests on; None: it was not said
    beneficiaries: tuple[str, ...] = ()  # persons who gain by the action: they may not decide it
    subjects: tuple[str, ...] = ()  # persons the action is about, e.g. who made the time entries
    proposer_roles: tuple[Role, ...] = ()


class Condition(_Model):
    """All of the named facts must hold; an empty condition holds always."""

    action: tuple[ActionKind, ...] = ()
    amount_at_least: Threshold | None = None
    amount_below: Threshold | None = None
    margin_below: Annotated[Decimal, Field(le=1)] | None = None
    margin_effect_below: Annotated[Decimal, Field(ge=-100, le=100)] | None = None  # percentage points
    contract_value_at_least: Threshold | None = None
    contract_value_below: Threshold | None = None
    contract_kind: tuple[str, ...] = ()
    client: tuple[str, ...] = ()
    practice: tuple[str, ...] = ()
    region: tuple[str, ...] = ()  # names of the policy's `regions`
    office: tuple[str, ...] = ()  # legal entities
    sensitivity: tuple[Sensitivity, ...] = ()  # any of them
    confidence_below: Annotated[Decimal, Field(gt=0, le=1)] | None = None
    proposer_role: tuple[Role, ...] = ()

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for name, low, high in (
            ("amount", self.amount_at_least, self.amount_below),
            ("contract_value", self.contract_value_at_least, self.contract_value_below),
        ):
            if low is not None and high is not None and low >= high:
                raise ValueError(f"no {name} is at least {low} and below {high}")
        return self


class ApproverSource(_Model):
    """Where approvers come from: exactly one of these."""

    role: Role | None = None  # everyone who holds it over the action's practice, office, or the firm
    relation: Relation | None = None
    group: str | None = None  # a name of the policy's `groups`
    person: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(x is not None for x in (self.role, self.relation, self.group, self.person)) != 1:
            raise ValueError("name exactly one of role, relation, group, person")
        return self

    def __str__(self) -> str:
        return (self.role or self.relation or self.group or self.person or "").replace("_", " ")


class Step(_Model):
    """One signature round of a gate. Steps run in order; each person signs at most one step.

    One of several people signs where `signatures` is 1, n of them where it is n, and every one of them where
    it is "all": whoever `approvers` come to when the signature is given, but for those who may not sign."""

    name: str
    approvers: Annotated[tuple[ApproverSource, ...], Field(min_length=1)]
    fallback: tuple[ApproverSource, ...] = ()  # who may sign when nobody of `approvers` is left to
    signatures: Annotated[int, Field(ge=1)] | Literal["all"] = 1  # how many different people must sign
    comment_required: bool = False
    evidence_required: bool = False  # a document, ticket, link or record must be attached to a signature
    remind_after_hours: Hours | None = None  # these three: from the step's start, instead of the gate's
    escalate_after_hours: Hours | None = None
    expires_after_hours: Hours | None = None  # never longer than the gate's

    @property
    def fewest(self) -> int:
        """The fewest people who can sign it: "all" of one person is one."""
        return 1 if self.signatures == "all" else self.signatures

    @property
    def sources(self) -> tuple[ApproverSource, ...]:
        return self.approvers + self.fallback


class Gate(_Model):
    """What must happen before an action is carried out."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    expires_after_hours: Hours = 120
    remind_after_hours: Hours = 24
    escalate_after_hours: Hours = 72
    valid_after_approval_hours: Hours = 336  # older signatures write nothing

    def remind_hours(self, step: int) -> int:
        """How long after the start of a step (counted from 0) its people are reminded."""
        return self.steps[step].remind_after_hours or self.remind_after_hours

    def escalate_hours(self, step: int) -> int:
        """How long after the start of a step its fallback may sign too."""
        return self.steps[step].escalate_after_hours or self.escalate_after_hours

    def expire_hours(self, step: int) -> int:
        """How long a step may take; all of them together never take longer than `expires_after_hours`."""
        return min(self.steps[step].expires_after_hours or self.expires_after_hours, self.expires_after_hours)


class Rule(_Model):
    name: str
    because: str  # shown on the card as 'why this gate'
    when: Condition = Condition()
    gate: Gate


class PolicySet(_Model):
    """A whole policy: what `chargehand policy load FILE` takes."""

    name: str
    currency: Currency  # thresholds are in this currency
    exchange_rates: Mapping[Currency, Annotated[Decimal, Field(gt=0)]] = {}  # 1 of the key, in `currency`
    regions: Mapping[str, tuple[str, ...]] = {}  # a name -> its offices
    groups: Mapping[str, tuple[str, ...]] = {}  # a name -> person ids
    # Who may sign for an approver on leave: whom they named for it ("named"), and where they named nobody
    # their line manager ("manager"). None: nobody by itself.
    leave_delegates: Literal["manager", "named"] | None = None
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _closed(self) -> Self:
        names = [r.name for r in self.rules]
        if len(set(names)) != len(names):
            raise ValueError("two rules have the same name")
        last = self.rules[-1]
        if last.when != Condition():
            raise ValueError("the last rule must have no conditions, so that every action meets a gate")
        strictest = max(signatures(r.gate) for r in self.rules)
        if signatures(last.gate) < strictest:
            raise ValueError(f"the last rule must be the strictest: at least {strictest} signatures")
        most = max(_asking_all(r.gate) for r in self.rules)
        if _asking_all(last.gate) < most:
            raise ValueError(
                f"the last rule must be the strictest: 'all' can be more than any number, so it needs {most} "
                "step(s) that all sign, as another rule has"
            )
        return self

    @model_validator(mode="after")
    def _known_currencies(self) -> Self:
        for currency in (self.currency, *self.exchange_rates):
            if currency not in ISO_4217:
                raise ValueError(f"{currency} is not a currency of ISO 4217")
        if self.exchange_rates.get(self.currency, 1) != 1:
            raise ValueError(f"{self.currency} is the policy's own currency: its rate is 1")
        return self

    @model_validator(mode="after")
    def _known_names(self) -> Self:
        for rule in self.rules:
            for region in rule.when.region:
                if region not in self.regions:
                    raise ValueError(f"{rule.name}: there is no region '{region}'")
            for step in rule.gate.steps:
                for source in step.sources:
                    if source.group is not None and source.group not in self.groups:
                        raise ValueError(f"{rule.name}, {step.name}: there is no group '{source.group}'")
                named = self._named(step)
                if named is not None and step.fewest > len(named):
                    raise ValueError(
                        f"{rule.name}, {step.name}: {step.fewest} signatures are asked for, and at most "
                        f"{len(named)} people are named"
                    )
        return self

    def rule(self, name: str) -> Rule | None:
        return next((r for r in self.rules if r.name == name), None)

    def _named(self, step: Step) -> set[str] | None:
        """The people of a step where the policy names them all; None where records say who they are."""
        people: set[str] = set()
        for source in step.sources:
            if source.role or source.relation:
                return None
            people.update(self.groups[source.group] if source.group else [str(source.person)])
        return people


class NoExchangeRate(ChargehandError):
    """The policy has no exchange rate for {currency}, so its thresholds cannot be applied."""

    status = 422
    retry = "with a fix"


def signatures(gate: Gate) -> int:
    """The fewest different people a gate asks for."""
    return sum(step.fewest for step in gate.steps)


def _asking_all(gate: Gate) -> int:
    return sum(step.signatures == "all" for step in gate.steps)


def in_policy_currency(money: Money, policy: PolicySet) -> Decimal:
    """The amount in the currency of the policy's thresholds. Raises NoExchangeRate."""
    if money.currency == policy.currency:
        return money.amount
    rate = policy.exchange_rates.get(money.currency)
    if rate is None:
        raise NoExchangeRate(currency=money.currency)
    return money.amount * rate


def body_text(body: Mapping[str, Any]) -> str:
    """A policy as it is stored: JSON with sorted keys and no white space."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def body_sha(body: Mapping[str, Any]) -> str:
    """The version of a policy as it is stored: sha256 over its text."""
    return hashlib.sha256(body_text(body).encode()).hexdigest()


def policy_text(policy: PolicySet) -> str:
    """The text that a policy is stored and signed as, whatever the comments, the layout and the order of keys
    of its file."""
    return body_text(policy.model_dump(mode="json"))


def policy_sha(policy: PolicySet) -> str:
    """The version of a policy: sha256 over its text."""
    return body_sha(policy.model_dump(mode="json"))
