"""The firm's files: what `chargehand import` takes, any subset of them. docs/formats.md describes each.

Amounts of money are exact, to two decimals at most; hours and minutes are numbers, kept to two decimals.
Numbers are bounded by what the database's columns can hold."""

from collections.abc import Mapping
from typing import get_args

from models.access import ROLES, ScopeKind
from models.formats.table import Column, TableSpec

HOURS_IN_A_WEEK = 168
_RATE_MAX = 10**10 - 1  # numeric(12, 2)
_AMOUNT_MAX = 10**14 - 1  # numeric(16, 2)
_MINUTES_MAX = 10**8 - 1  # numeric(10, 2)


def _text(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "text") for name in names)


def _rate(name: str, *, required: bool = True) -> Column:
    return Column(name, "decimal", required=required, low=0, high=_RATE_MAX)


def _amount(name: str, *, required: bool = True) -> Column:
    return Column(name, "decimal", required=required, low=-_AMOUNT_MAX, high=_AMOUNT_MAX)


def _hours(name: str) -> Column:
    return Column(name, "number", low=0, high=HOURS_IN_A_WEEK)


_CURRENCY = Column("currency", "currency")
_STARTS = Column("starts_on", "date")
_ENDS = Column("ends_on", "date")
_MAY_END = Column("ends_on", "date", required=False)

PEOPLE = TableSpec(
    "people",
    (
        *_text("person_id", "name", "email", "title", "practice", "office"),
        Column("manager_id", "text", required=False),
        _rate("cost_rate"),
        _rate("bill_rate"),
        _CURRENCY,
        _hours("capacity_hours_per_week"),
        _STARTS,
        _MAY_END,
    ),
    key=("person_id",),
)
SKILLS = TableSpec(
    "skills",
    (
        *_text("person_id", "skill"),
        Column("level", "integer", low=1, high=5),
        Column("last_used_on", "date", required=False),
    ),
    key=("person_id", "skill"),
)
CLIENTS = TableSpec(
    "clients",
    (
        *_text("client_id", "name", "industry", "country"),
        Column("payment_terms_days", "integer", low=0, high=3650),
        *_text("account_owner_id"),
    ),
    key=("client_id",),
)
CONTRACTS = TableSpec(
    "contracts",
    (
        *_text("contract_id", "client_id", "title"),
        Column("kind", "text", choices=("time_and_materials", "fixed_price", "retainer", "framework")),
        Column("signed_on", "date", required=False),
        _STARTS,
        _MAY_END,
        _amount("value"),
        _CURRENCY,
        Column("file", "text", required=False),
    ),
    key=("contract_id",),
)
PROJECTS = TableSpec(
    "projects",
    (
        *_text("project_id", "name", "client_id"),
        Column("contract_id", "text", required=False),
        *_text("practice", "manager_id", "status"),
        _STARTS,
        _MAY_END,
        Column("budget_hours", "number", required=False, low=0, high=_RATE_MAX),
        _amount("budget_amount", required=False),
        _CURRENCY,
    ),
    key=("project_id",),
)
ASSIGNMENTS = TableSpec(
    "assignments",
    (
        *_text("assignment_id", "person_id", "project_id", "role"),
        _STARTS,
        _ENDS,
        _hours("hours_per_week"),
        Column("state", "text", choices=("hold", "booked")),
    ),
    key=("assignment_id",),
)
ROLE_REQUESTS = TableSpec(
    "role_requests",
    (
        *_text("request_id", "project_id", "role"),
        Column("skills", "text", required=False),
        _STARTS,
        _ENDS,
        _hours("hours_per_week"),
        _rate("max_cost_rate", required=False),
        Column("office", "text", required=False),
        *_text("requested_by"),
        Column("requested_on", "date"),
    ),
    key=("request_id",),
)
TIME_ENTRIES = TableSpec(
    "time_entries",
    (
        *_text("entry_id", "person_id", "project_id"),
        Column("work_item_id", "text", required=False),
        Column("activity", "text", required=False),
        Column("started_at", "timestamp"),
        Column("ended_at", "timestamp"),
        Column("minutes", "integer", low=-_MINUTES_MAX, high=_MINUTES_MAX),
        Column("planned_minutes", "number", required=False, low=-_MINUTES_MAX, high=_MINUTES_MAX),
        Column("note", "text", required=False),
        Column("submitted_at", "timestamp", required=False),
        *_text("state"),
    ),
    key=("entry_id",),
)
STATUS_REPORTS = TableSpec(
    "status_reports",
    (
        *_text("report_id", "project_id"),
        Column("reported_on", "date"),
        *_text("author_id", "text"),
        Column("rag", "text", required=False, choices=("green", "amber", "red")),
    ),
    key=("report_id",),
)
INVOICES = TableSpec(
    "invoices",
    (
        *_text("invoice_id", "customer_id", "project_id"),
        Column("issued_on", "date"),
        Column("due_on", "date"),
        _amount("amount"),
        _CURRENCY,
        Column("paid_on", "date", required=False),
    ),
    key=("invoice_id",),
)
OPPORTUNITIES = TableSpec(
    "opportunities",
    (
        *_text("opportunity_id", "client_id", "name", "stage"),
        _amount("value"),
        _CURRENCY,
        Column("closes_on", "date"),
        *_text("owner_id"),
        Column("contract_id", "text", required=False),
    ),
    key=("opportunity_id",),
)
LEAVE = TableSpec(
    "leave",
    (*_text("person_id"), _STARTS, _ENDS, *_text("kind")),
    key=("person_id", "starts_on", "kind"),
)
ROLES_HELD = TableSpec(
    "roles",
    (
        *_text("person_id"),
        Column("role", "text", choices=tuple(role for role in ROLES if role != "service")),
        Column("scope_kind", "text", choices=get_args(ScopeKind)),
        Column("scope_id", "text", required=False),
    ),
    key=("person_id", "role", "scope_kind", "scope_id"),
)

RESPONSIBILITIES = TableSpec(
    "responsibilities",
    (
        Column("kind", "text", choices=("contract_signatory", "budget_owner")),
        *_text("subject_id", "person_id"),
    ),
    key=("kind", "subject_id", "person_id"),
)
SAME_PERSONS = TableSpec("same_persons", _text("person_id", "same_as"), key=("person_id",))

FILES: Mapping[str, TableSpec] = {
    f"{spec.name}.csv": spec
    for spec in (
        PEOPLE,
        SKILLS,
        CLIENTS,
        CONTRACTS,
        PROJECTS,
        ASSIGNMENTS,
        ROLE_REQUESTS,
        TIME_ENTRIES,
        STATUS_REPORTS,
        INVOICES,
        OPPORTUNITIES,
        LEAVE,
        ROLES_HELD,
        RESPONSIBILITIES,
        SAME_PERSONS,
    )
}
"""Every file of the firm by its name."""


def skills_wanted(text: str) -> dict[str, int]:
    """The levels wanted of each skill, from a `name:level;name:level` cell of role_requests.csv.

    Raises:
        ValueError: with a reason, where the text is anything else.
    """
    wanted: dict[str, int] = {}
    for item in filter(None, (part.strip() for part in text.split(";"))):
        name, colon, level = (part.strip() for part in item.rpartition(":"))
        if not (colon and name and level in {"1", "2", "3", "4", "5"}):
            raise ValueError(f"{item!r} is not a skill and a level from 1 to 5 (name:level)")
        if name in wanted:
            raise ValueError(f"the skill {name!r} comes twice")
        wanted[name] = int(level)
    return wanted
