"""A small firm to decide about: one practice, two projects, one contract, two invoices, and enough people."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from connectors.ports import Resource
from connectors.sim.twin import Seed
from models.access import Grant, Principal, Role, ScopeKind
from models.actions import (
    SYSTEMS,
    Action,
    ChangeItem,
    CreateAssignment,
    CreateChangeOrder,
    PlanDevelopment,
    RegisterRisk,
    ReturnedEntry,
    ReturnTimeEntries,
    SendReminder,
    System,
)
from models.evidence import Attachment, RecordCitation
from models.money import Money
from models.policy import PolicySet, policy_sha, policy_text
from workflow.cards import ProposalCard
from workflow.ledger import Pace
from workflow.propose import Draft

SURE = Decimal(1)  # as a proposal says it that nothing speaks against
TICKET = Attachment(kind="ticket", reference="OPS-17")

# A worker in a hurry.
PACE = Pace(
    lease_seconds=2.0,
    beat_seconds=0.2,
    probe_seconds=0.3,
    margin_seconds=0.05,
    idle_seconds=0.02,
    trip_after=3,
)

# person id -> name, role, scope kind, scope
PEOPLE: Mapping[str, tuple[str, Role, ScopeKind, str]] = {
    "paula": ("Paula Pohl", "project_manager", "none", ""),
    "petra": ("Petra Paul", "project_manager", "none", ""),
    "rita": ("Rita Roth", "resource_manager", "practice", "Data"),
    "rolf": ("Rolf Rau", "resource_manager", "practice", "Data"),
    "leo": ("Leo Lang", "practice_lead", "practice", "Data"),
    "amir": ("Amir Aziz", "account_owner", "none", ""),
    "dora": ("Dora Dahl", "delivery_director", "firm", ""),
    "dan": ("Dan Dorn", "delivery_director", "firm", ""),
    "fay": ("Fay Fink", "finance", "office", "Berlin"),
    "carl": ("Carl Cole", "consultant", "none", ""),
    "cleo": ("Cleo Curz", "consultant", "none", ""),
    "ada": ("Ada Adam", "admin", "firm", ""),
    "audrey": ("Audrey Aue", "auditor", "firm", ""),
}


def principal(person_id: str) -> Principal:
    name, role, scope_kind, scope = PEOPLE[person_id]
    return Principal(person_id, name, (Grant(role, scope_kind, scope or None),), "web")


def found(dsn: str) -> None:
    """Put the firm into an empty database."""
    with psycopg.connect(dsn) as connection:
        insert(connection, "firm.office", [{"office": "Berlin", "timezone": "Europe/Berlin"}])
        insert(connection, "firm.person", (_person(p, name) for p, (name, *_) in PEOPLE.items()))
        insert(
            connection,
            "firm.person_rate",
            (
                {"person_id": p, "cost_rate": 60, "bill_rate": 120, "currency": "EUR"}
                for p in ("carl", "cleo")
            ),
        )
        insert(
            connection,
            "access.role_grant",
            (
                {"person_id": p, "role": role, "scope_kind": kind, "scope_id": scope}
                for p, (_, role, kind, scope) in PEOPLE.items()
            ),
        )
        insert(
            connection,
            "firm.client",
            [
                {
                    "client_id": "acme",
                    "name": "Acme",
                    "industry": "retail",
                    "country": "DE",
                    "payment_terms_days": 30,
                    "account_owner_id": "amir",
                }
            ],
        )
        insert(
            connection,
            "firm.contract",
            [
                {
                    "contract_id": "c-1",
                    "client_id": "acme",
                    "title": "Framework",
                    "kind": "framework",
                    "starts_on": "2026-01-01",
                    "value": 500000,
                    "currency": "EUR",
                }
            ],
        )
        insert(
            connection,
            "firm.project",
            [_project("aurora", "paula", "c-1"), _project("borealis", "petra", None)],
        )
        insert(
            connection,
            "firm.invoice",
            [_invoice("i-1", "1200.00"), _invoice("i-2", "5000.00"), _invoice("i-3", "70.00")],
        )
        insert(
            connection,
            "firm.time_entry",
            [_entry(f"t-{n}", "carl", "aurora") for n in range(1, 5)] + [_entry("t-9", "cleo", "borealis")],
        )


def put_in_force(owner: psycopg.Connection[Any], policy: PolicySet) -> str:
    """Another policy without the signatures that it would need, as only the database's owner can; its
    sha256."""
    sha256 = policy_sha(policy)
    owner.execute(
        "insert into workflow.policy_version (sha256, name, body, loaded_by) values (%s, %s, %s, 'test')"
        " on conflict do nothing",
        (sha256, policy.name, policy_text(policy)),
    )
    owner.execute("update workflow.active_policy set sha256 = %s", (sha256,))
    return sha256


def records(connection: psycopg.Connection[Any]) -> Seed:
    """What the firm's systems of record hold of what its tables hold now."""
    queries: Mapping[tuple[System, Resource], str] = {
        ("crm", "contracts"): "select contract_id as id, client_id, title, kind, starts_on, ends_on,"
        " jsonb_build_object('amount', value::text, 'currency', currency) as value from firm.contract",
        ("psa", "time-entries"): "select entry_id as id, person_id, project_id, started_at, minutes, state"
        " from firm.time_entry",
        ("erp", "invoices"): "select invoice_id as id, customer_id, project_id, issued_on, due_on, paid_on,"
        " jsonb_build_object('amount', amount::text, 'currency', currency) as amount from firm.invoice",
        ("hris", "employees"): "select person_id as id, name, starts_on, ends_on from firm.person",
    }
    held: dict[System, dict[Resource, list[dict[str, Any]]]] = {system: {} for system in SYSTEMS}
    for (system, resource), query in queries.items():
        rows = connection.execute(f"select to_jsonb(r) from ({query}) r").fetchall()
        held[system][resource] = [row for (row,) in rows]
    return Seed(records=held)


def insert(connection: psycopg.Connection[Any], table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    for row in rows:
        connection.execute(
            sql.SQL("insert into {} ({}) values ({})").format(
                sql.Identifier(*table.split(".")),
                sql.SQL(", ").join(map(sql.Identifier, row)),
                sql.SQL(", ").join(map(sql.Placeholder, row)),
            ),
            dict(row),
        )


def _person(person_id: str, name: str) -> Mapping[str, Any]:
    return {
        "person_id": person_id,
        "name": name,
        "email": f"{person_id}@example.com",
        "title": "Consultant",
        "practice": "Data",
        "office": "Berlin",
        "manager_id": "leo" if person_id in ("carl", "cleo") else None,
        "capacity_hours_per_week": 40,
        "starts_on": "2020-01-01",
    }


def _project(project_id: str, manager_id: str, contract_id: str | None) -> Mapping[str, Any]:
    return {
        "project_id": project_id,
        "name": project_id.title(),
        "client_id": "acme",
        "contract_id": contract_id,
        "practice": "Data",
        "manager_id": manager_id,
        "office": "Berlin",
        "status": "active",
        "starts_on": "2026-01-01",
        "currency": "EUR",
    }


def _invoice(invoice_id: str, amount: str) -> Mapping[str, Any]:
    return {
        "invoice_id": invoice_id,
        "customer_id": "acme",
        "project_id": "aurora",
        "issued_on": "2026-08-01",
        "due_on": "2026-09-01",
        "amount": amount,
        "currency": "EUR",
    }


def _entry(entry_id: str, person_id: str, project_id: str) -> Mapping[str, Any]:
    return {
        "entry_id": entry_id,
        "person_id": person_id,
        "project_id": project_id,
        "started_at": "2026-09-01T09:00:00Z",
        "ended_at": "2026-09-01T19:00:00Z",
        "minutes": 600,
        "state": "submitted",
    }


def eur(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


def assignment(**changes: Any) -> CreateAssignment:
    """Four weeks of 32 hours at 120 EUR: 15,360 EUR at a margin of one half."""
    return CreateAssignment.model_validate(
        {
            "person_id": "carl",
            "person_name": "Carl Cole",
            "project_id": "aurora",
            "project_name": "Aurora",
            "role": "Data engineer",
            "starts_on": date(2027, 1, 4),
            "ends_on": date(2027, 1, 29),
            "hours_per_week": Decimal(32),
            "bill_rate": eur("120"),
        }
        | changes
    )


def change_order(hours: str = "100", **changes: Any) -> CreateChangeOrder:
    """100 hours at 150 EUR: 15,000 EUR."""
    amount = eur(str((Decimal(hours) * 150).quantize(Decimal("0.01"))))
    item = ChangeItem(
        description="A second warehouse",
        role="Engineer",
        hours=Decimal(hours),
        rate=eur("150"),
        amount=amount,
    )
    return CreateChangeOrder.model_validate(
        {
            "contract_id": "c-1",
            "project_id": "aurora",
            "client_id": "acme",
            "title": "Second warehouse",
            "items": (item,),
            "value": amount,
            "starts_on": date(2027, 1, 4),
            "ends_on": date(2027, 3, 26),
            "requested_by": "Mr Smith",
            "terms": "Clause 7.2",
        }
        | changes
    )


def risk(**changes: Any) -> RegisterRisk:
    return RegisterRisk.model_validate(
        {
            "project_id": "aurora",
            "project_name": "Aurora",
            "category": "schedule",
            "statement": "The interface is late.",
            "severity": "high",
            "mitigation": "Agree a date.",
            "owner_id": "carl",
            "review_on": date(2027, 1, 4),
        }
        | changes
    )


def returned_time(*entry_ids: str, person_id: str = "carl", project_id: str = "aurora") -> ReturnTimeEntries:
    """600 minutes each, 1,200 EUR at stake in each."""
    return ReturnTimeEntries.model_validate(
        {
            "period_starts_on": date(2026, 9, 1),
            "period_ends_on": date(2026, 9, 7),
            "items": [
                ReturnedEntry.model_validate(
                    {
                        "entry_id": entry_id,
                        "person_id": person_id,
                        "person_name": PEOPLE[person_id][0],
                        "project_id": project_id,
                        "started_at": "2026-09-01T09:00:00Z",
                        "minutes": 600,
                        "kinds": ("long day",),
                        "reason": "Ten hours without a break.",
                        "at_stake": eur("1200"),
                    }
                )
                for entry_id in entry_ids
            ],
        }
    )


def reminder(invoice_id: str = "i-1", amount: str = "1200.00", **changes: Any) -> SendReminder:
    return SendReminder.model_validate(
        {
            "invoice_id": invoice_id,
            "client_id": "acme",
            "project_id": "aurora",
            "amount": eur(amount),
            "due_on": date(2026, 9, 1),
            "subject": "Invoice due",
            "body": "Please pay.",
        }
        | changes
    )


def development(**changes: Any) -> PlanDevelopment:
    return PlanDevelopment.model_validate(
        {
            "person_id": "carl",
            "person_name": "Carl Cole",
            "skill": "Snowflake",
            "why": "Three requests ask for it.",
            "starts_on": date(2027, 1, 4),
            "ends_on": date(2027, 1, 8),
            "hours": Decimal(40),
        }
        | changes
    )


def draft(action: Action, thread_id: UUID | None = None) -> Draft:
    return Draft(
        action=action,
        evidence=(RecordCitation(record="project", id="aurora", says="an active project"),),
        explanation={"finding": "because"},
        tool="test",
        tool_version="1",
        thread_id=thread_id,
        confidence=SURE,
    )


def asked(card: ProposalCard) -> list[Mapping[str, str]]:
    """Who is asked to sign each step, and why they."""
    return [{a.person.person_id: a.why for a in step.approvers} for step in card.steps]


def people(card: ProposalCard) -> list[set[str]]:
    """Who is asked to sign each step."""
    return [set(step) for step in asked(card)]
