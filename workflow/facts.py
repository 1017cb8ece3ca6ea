"""What the firm's records say about an action: the facts a policy looks at, and whom its relations mean.

Nothing here is taken from what the proposer says, but for the typed fields of the action itself, and those
are held against the records: an action that names one client's project and another client's contract
contradicts them. The records are read whole, also where the proposer may not look (but for what people
cost: store/migrations/0009_gate_facts.sql, 0020_told_costs.sql); what the action is about they must be able
to see."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import singledispatch
from typing import TypeVar

from models.access import NotFound, Role
from models.actions import (
    Action,
    ActionAdapter,
    ChangePolicy,
    CreateAssignment,
    CreateChangeOrder,
    HoldInvoice,
    PlanDevelopment,
    PromoteVersion,
    RegisterRisk,
    ReturnTimeEntries,
    SendReminder,
    UndoWrite,
)
from models.evidence import Citation
from models.money import Money
from models.policy import FactName, Facts, NoExchangeRate, PolicySet, body_text, in_policy_currency
from models.policy_words import differences
from models.sensitivity import sensitivity_of
from prompts.loader import parsed
from store.db import Tx
from workflow.errors import ContradictsRecords, PolicyOvertaken, PromotionOvertaken
from workflow.findings import Contract, Done, Entry, Finding, Invoice, Person, Project
from workflow.in_force import standing, was_in_force
from workflow.margins import cost_of, margin_effect, margin_of
from workflow.policies import active

T = TypeVar("T")


@dataclass(frozen=True)
class _Persons:
    proposer_roles: Sequence[Role]
    behind: Sequence[str]
    beneficiaries: Sequence[str]
    subjects: Sequence[str]


def derive(
    tx: Tx,
    action: Action,
    proposer_id: str,
    policy: PolicySet,
    *,
    behind: Collection[str] = (),
    evidence: Sequence[Citation] = (),
    confidence: Decimal | None = None,
) -> Finding:
    """The finding for an action, the evidence it cites and the confidence of the prediction it rests on.
    `policy` gives the exchange rates; `behind`: who stands behind it beside the proposer. Beneficiaries and
    subjects are persons, whichever account of theirs the records name.

    Raises NotFound for a record that is not there or, in the agent's role, that the caller may not see;
    ContradictsRecords."""
    finding = _about(action, tx, policy, proposer_id)
    facts = finding.facts
    persons = tx.row(
        "gates.persons",
        _Persons,
        proposer_id=proposer_id,
        behind=[proposer_id, *behind],
        beneficiaries=list(facts.beneficiaries),
        subjects=list(facts.subjects),
    )
    assert persons is not None  # a query without a table has one row
    shown = action.operation if isinstance(action, UndoWrite) else action.kind
    sensitivity = sensitivity_of(shown, evidence)
    known = facts.model_dump() | {
        "proposer_roles": ("service",) if proposer_id.startswith("service:") else persons.proposer_roles,
        "beneficiaries": persons.beneficiaries,
        "subjects": persons.subjects,
        "confidence": confidence,
        "sensitivity": sensitivity or (),
        "unknown": (*facts.unknown, *(() if sensitivity else ("sensitivity",))),
    }
    barred = frozenset({*persons.behind, *persons.beneficiaries, *persons.subjects})
    return replace(finding, facts=Facts.model_validate(known), barred=barred)


@singledispatch
def _about(action: Action, tx: Tx, policy: PolicySet, proposer_id: str) -> Finding:
    raise TypeError(f"no facts are known for {type(action).__name__}")


@_about.register
def _assignment(action: CreateAssignment, tx: Tx, policy: PolicySet, proposer_id: str) -> Finding:
    project, person = _project_and_person(tx, action.project_id, action.person_id)
    _agree("name", f"person {person.person_id}", action.person_name, person.name)
    _agree("name", f"project {project.project_id}", action.project_name, project.name)
    cost = cost_of(tx, person.person_id, proposer_id)
    hours = action.hours_per_week * weeks(action.starts_on, action.ends_on)
    margin = margin_of(action.bill_rate, cost, policy)
    effect = margin_effect(tx, project.project_id, action, proposer_id, cost, policy)
    facts = _facts(
        action,
        [project],
        amount=_positive(action.bill_rate * hours),
        margin=margin,
        margin_effect=effect.points,
        unknown=_names({"margin": margin is None, "margin_effect": not effect.known}),
        beneficiaries=(person.person_id,),
    )
    return Finding(facts, (project,), person)


@_about.register
def _change_order(action: CreateChangeOrder, tx: Tx, policy: PolicySet, proposer_id: str) -> Finding:
    project = _project(tx, action.project_id)
    contract = tx.row("gates.contract", Contract, contract_id=action.contract_id)
    if contract is None:
        raise NotFound(what="contract", id=action.contract_id)
    _agree("client", f"contract {contract.contract_id}", action.client_id, contract.client_id)
    _agree("client", f"project {project.project_id}", action.client_id, project.client_id)
    if project.contract_id is not None:
        _agree("contract", f"project {project.project_id}", action.contract_id, project.contract_id)
    facts = _facts(
        action,
        [project],
        amount=_positive(action.value),
        contract_id=contract.contract_id,
        contract_kind=contract.kind,
        contract_value=Money(amount=contract.value, currency=contract.currency),
    )
    return Finding(facts, (project,))


@_about.register
def _risk(action: RegisterRisk, tx: Tx, policy: PolicySet, proposer_id: str) -> Finding:
    project, owner = _project_and_person(tx, action.project_id, action.owner_id)
    _agree("name", f"project {project.project_id}", action.project_name, project.name)
    return Finding(_facts(action, [project], subjects=(owner.person_id,)), (project,))


@_about.register
def _returned_time(action: ReturnTimeEntries, tx: Tx, policy: PolicySet, proposer_id: str) -> Finding:
    entries = {
        e.entry_id: e for e in tx.rows("gates.entries", Entry, entry_ids=[i.entry_id for i in action.items])
    }
    for item in action.items:
        entry = entries.get(item.entry_id)
        if entry is None:
            raise NotFound(what="time entry", id=item.entry_id)
        thing = f"time entry {item.entry_id}"
        _agree("person", thing, item.person_id, entry.person_id)
        _agree("name", thing, item.person_name, entry.person_name)
        _agree("project", thing, item.project_id, entry.project_id)
        _agree("minutes", thing, item.minutes, entry.minutes)
    projects = [_project(tx, p) for p in sorted({e.project_id for e in entries.values()})]
    amount = _sum((_positive(i.at_stake) for i in action.items), policy)
    facts = _facts(
        action,
        projects,
        amount=amount,
        unknown=() if amount is not None else ("amount",),
        subjects=tuple(sorted({e.person_id for e in entries.values()})),
    )
    return Finding(facts, tuple(projects), entries=tuple(entries.values()))


@_about.register(SendReminder)
@_about.register(HoldInvoice)
def _invoice(action: SendReminder | HoldInvoice, tx: Tx, policy: PolicySet, proposer_id: str) -> Finding:
    project = _project(tx, action.project_id)
    invoice = tx.row("gates.invoice", Invoice, invoice_id=action.invoice_id)
    if invoice is None:
        raise NotFound(what="invoice", id=action.invoice_id)
    amount = Money(amount=invoice.amount, currency=invoice.currency)
    _agree("project", f"invoice {invoice.invoice_id}", action.project_id, invoice.project_id)
    _agree("client", f"invoice {invoice.invoice_id}", action.client_id, invoice.customer_id)
    _agree("amount", f"invoice {invoice.invoice_id}", action.amount, amount)
    return Finding(_facts(action, [project], amount=_positive(amount)), (project,), invoice=invoice)


@_about.register
def _development(action: PlanDevelopment, tx: Tx, policy: PolicySet, proposer_id: str) -> Finding:
    person = _person(tx, action.person_id)
    _agree("name", f"person {person.person_id}", action.person_name, person.name)
    facts = Facts(
        action=action.kind, practice=person.practice, office=person.office, beneficiaries=(person.person_id,)
    )
    return Finding(facts, person=person)


@_about.register
def _undone(action: UndoWrite, tx: Tx, policy: PolicySet, proposer_id: str) -> Finding:
    """What the records say about the action that is to be undone."""
    done = tx.row("effects.done", Done, effect_id=action.effect_id)
    if done is None:
        raise NotFound(what="write", id=str(action.effect_id))
    for field, recorded in done.as_undone().items():
        _agree(field.replace("_", " "), f"write {action.effect_id}", getattr(action, field), recorded)
    original = ActionAdapter.validate_python(done.action)
    if isinstance(original, ReturnTimeEntries):
        original = original.keeping(frozenset({done.item}))
    if isinstance(original, HoldInvoice) and (
        invoice := tx.row("gates.invoice", Invoice, invoice_id=original.invoice_id)
    ):  # its amount may have been mended since: that is what it was held for
        amount = Money(amount=invoice.amount, currency=invoice.currency)
        original = original.model_copy(update={"amount": amount})
    finding = _about(original, tx, policy, proposer_id)
    facts = finding.facts.model_copy(update={"action": action.kind})
    return replace(finding, facts=facts, undone=original)


@_about.register
def _policy_change(action: ChangePolicy, tx: Tx, policy: PolicySet, proposer_id: str) -> Finding:
    """About no project and nobody's work. What it says that it changes is compared with the policy it is
    pinned to, which must be in force still. Raises PolicyOvertaken."""
    if active(tx)[0] != policy:
        raise PolicyOvertaken
    try:
        new, text = PolicySet.model_validate_json(action.policy), body_text(json.loads(action.policy))
    except ValueError:
        raise ContradictsRecords(
            field="policy", thing="the change", said="a policy", recorded="a text that is none"
        ) from None
    _agree("name", "the new policy", action.name, new.name)
    _agree("text", "the new policy", action.policy, text)
    _agree("difference", "the new policy", action.differences, differences(policy, new))
    return Finding(Facts(action=action.kind))


@_about.register
def _promotion(action: PromoteVersion, tx: Tx, policy: PolicySet, proposer_id: str) -> Finding:
    """About no project and nobody's work. What it says that it replaces must be in force still. Raises
    PromotionOvertaken."""
    if standing(tx, action.what, action.name) != action.replaces:
        raise PromotionOvertaken(name=action.name)
    if action.what == "prompt":
        number = int(action.version.removeprefix("v"))
        try:
            parsed(action.name, number, action.text)
        except ValueError as e:
            raise ContradictsRecords(
                field="text", thing=f"{action.name}/{action.version}", said="a prompt", recorded=str(e)
            ) from None
    before = was_in_force(tx, action.what, action.name, action.sha256)
    _agree("return to it", f"{action.name}/{action.version}", action.returns, before)
    return Finding(Facts(action=action.kind))


def weeks(first: date, last: date) -> Decimal:
    """How many weeks of work a period holds: by working days or by days, whichever is more, so that a period
    cannot be cut to look smaller than it is."""
    days = (last - first).days + 1
    working = sum((first + timedelta(days=d)).weekday() < 5 for d in range(days))
    return max(Decimal(working) / 5, Decimal(days) / 7)


def _facts(
    action: Action, projects: Sequence[Project], *, unknown: Sequence[FactName] = (), **known: object
) -> Facts:
    """The facts of an action on projects. What they do not share cannot be told: a batch over two practices
    has not the one, nor the other."""
    contracts = [
        Money(amount=p.contract_value, currency=p.contract_currency)
        if p.contract_value is not None and p.contract_currency is not None
        else None
        for p in projects
    ]
    shared: Mapping[FactName, Sequence[object]] = {
        "practice": [p.practice for p in projects],
        "office": [p.office for p in projects],
        "client": [p.client_id for p in projects],
        "contract_kind": [p.contract_kind for p in projects],
        "contract_value": contracts,
    }
    several = _names({name: len(set(values)) > 1 for name, values in shared.items()})
    return Facts.model_validate(
        {
            "action": action.kind,
            "project_id": _only(p.project_id for p in projects),
            "practice": _only(p.practice for p in projects),
            "office": _only(p.office for p in projects),
            "client_id": _only(p.client_id for p in projects),
            "contract_id": _only(p.contract_id for p in projects),
            "contract_kind": _only(p.contract_kind for p in projects),
            "contract_value": _only(contracts),
            "unknown": (*unknown, *several),
            **known,
        }
    )


def _names(facts: Mapping[FactName, bool]) -> tuple[FactName, ...]:
    return tuple(name for name, is_so in facts.items() if is_so)


def _only(values: Iterable[T]) -> T | None:
    """The value that all share, or None."""
    different = set(values)
    return different.pop() if len(different) == 1 else None


def _project(tx: Tx, project_id: str) -> Project:
    if project := tx.row("gates.project", Project, project_id=project_id):
        return project
    raise NotFound(what="project", id=project_id)


def _person(tx: Tx, person_id: str) -> Person:
    if person := tx.row("gates.person", Person, person_id=person_id):
        return person
    raise NotFound(what="person", id=person_id)


def _project_and_person(tx: Tx, project_id: str, person_id: str) -> tuple[Project, Person]:
    """Both in one statement: most of what is proposed is about a project and a person."""
    [row] = tx.records("gates.project_and_person", project_id=project_id, person_id=person_id)
    project, person = (
        {name.removeprefix(of): value for name, value in row.items() if name.startswith(of)}
        for of in ("project.", "person.")
    )
    if project["project_id"] is None:
        raise NotFound(what="project", id=project_id)
    if person["person_id"] is None:
        raise NotFound(what="person", id=person_id)
    return Project(**project), Person(**person)


def _agree(field: str, thing: str, said: object, recorded: object) -> None:
    if said != recorded:
        raise ContradictsRecords(field=field, thing=thing, said=str(said), recorded=str(recorded))


def _positive(money: Money) -> Money:
    """Taking work out of a contract weighs as much as adding it."""
    return Money(amount=abs(money.amount), currency=money.currency).rounded()


def _sum(amounts: Iterable[Money], policy: PolicySet) -> Money | None:
    """The sum in the policy's currency; None when one of them cannot be converted."""
    try:
        total = sum((in_policy_currency(a, policy) for a in amounts), Decimal(0))
    except NoExchangeRate:
        return None
    return Money(amount=total, currency=policy.currency).rounded()
