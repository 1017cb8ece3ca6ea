"""Writes the firm as the CSV files that `chargehand import` takes, in the order of columns of the formats."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from demo.access import Held
from demo.invoices import Invoice
from demo.opportunities import Opportunity
from demo.records import Assignment, Client, Contract, Leave, Person, Project, RoleRequest
from demo.reports import Report
from demo.setting import HISTORY_DAYS, Setting, text
from demo.time_entries import APPROVED, CUTOVER, DRAFT, MINUTES_PER_DAY, NOT_SUBMITTED, SUBMITTED, Entries
from demo.workdays import utc_offset
from models.formats.firm import FILES

Cell = str | int | Decimal | date | None
_STATES = {DRAFT: "draft", SUBMITTED: "submitted", APPROVED: "approved"}


def write_table(folder: Path, name: str, rows: Iterable[tuple[Cell, ...]]) -> int:
    """Writes `{name}.csv` with the header of its format; None becomes an empty cell. Returns the rows."""
    header = [column.name for column in FILES[f"{name}.csv"].columns]
    kept = list(rows)
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(kept)
    return len(kept)


def write_jsonl(path: Path, lines: Iterable[dict[str, Any]]) -> int:
    """Writes one object a line. Returns the lines."""
    kept = [json.dumps(line, ensure_ascii=False, default=str) for line in lines]
    path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8", newline="\n")
    return len(kept)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Writes one object, indented."""
    written = json.dumps(value, ensure_ascii=False, default=str, indent=2)
    path.write_text(f"{written}\n", encoding="utf-8", newline="\n")


def people_rows(people: list[Person]) -> Iterator[tuple[Cell, ...]]:
    """Rows of people.csv."""
    for p in people:
        rates = (p.cost_rate, p.bill_rate, p.office.currency)
        held = (p.person_id, p.name, p.email, p.title, p.practice, p.office.city, p.manager_id)
        yield *held, *rates, p.capacity, p.starts_on, p.ends_on


def skill_rows(people: list[Person]) -> Iterator[tuple[Cell, ...]]:
    """Rows of skills.csv."""
    for p in people:
        for skill, (level, last) in p.skills.items():
            yield p.person_id, skill, level, last


def client_rows(clients: list[Client]) -> Iterator[tuple[Cell, ...]]:
    """Rows of clients.csv."""
    for c in clients:
        yield c.client_id, c.name, c.industry, c.country, c.payment_terms_days, c.account_owner_id


def contract_rows(contracts: list[Contract]) -> Iterator[tuple[Cell, ...]]:
    """Rows of contracts.csv."""
    for c in contracts:
        period = (c.signed_on, c.starts_on, c.ends_on)
        yield c.contract_id, c.client.client_id, c.title, c.kind, *period, c.value, c.currency, c.file


def project_rows(projects: list[Project]) -> Iterator[tuple[Cell, ...]]:
    """Rows of projects.csv."""
    for p in projects:
        held = (p.project_id, p.name, p.client.client_id, p.contract.contract_id, p.practice, p.manager_id)
        budget = (p.budget_hours, p.budget_amount, p.contract.currency)
        yield *held, p.status, p.starts_on, p.ends_on, *budget


def assignment_rows(assignments: list[Assignment]) -> Iterator[tuple[Cell, ...]]:
    """Rows of assignments.csv."""
    for a in assignments:
        held = (a.assignment_id, a.person.person_id, a.project.project_id, a.role)
        yield *held, a.starts_on, a.ends_on, a.hours_per_week, a.state


def request_rows(requests: list[RoleRequest]) -> Iterator[tuple[Cell, ...]]:
    """Rows of role_requests.csv."""
    for r in requests:
        skills = ";".join(f"{name}:{level}" for name, level in r.skills)
        wanted = (r.role, skills, r.starts_on, r.ends_on, r.hours_per_week, r.max_cost_rate, r.office)
        yield r.request_id, r.project.project_id, *wanted, r.requested_by, r.requested_on


def report_rows(reports: list[Report]) -> Iterator[tuple[Cell, ...]]:
    """Rows of status_reports.csv."""
    for r in reports:
        yield r.report_id, r.project.project_id, r.reported_on, r.author_id, r.text, r.rag


def invoice_rows(invoices: list[Invoice]) -> Iterator[tuple[Cell, ...]]:
    """Rows of invoices.csv."""
    for i in invoices:
        held = (i.invoice_id, i.client.client_id, i.project.project_id, i.issued_on, i.due_on)
        yield *held, i.amount, i.project.contract.currency, i.paid_on


def opportunity_rows(opportunities: list[Opportunity]) -> Iterator[tuple[Cell, ...]]:
    """Rows of opportunities.csv."""
    for o in opportunities:
        contract = o.contract.contract_id if o.contract else None
        held = (o.opportunity_id, o.client.client_id, o.name, o.stage, o.value, o.client.office.currency)
        yield *held, o.closes_on, o.client.account_owner_id, contract


def leave_rows(leave: list[Leave]) -> Iterator[tuple[Cell, ...]]:
    """Rows of leave.csv."""
    return ((item.person_id, item.starts_on, item.ends_on, item.kind) for item in leave)


def role_rows(held: list[Held]) -> Iterator[tuple[Cell, ...]]:
    """Rows of roles.csv."""
    return ((h.person_id, h.role, h.scope_kind, h.scope_id) for h in held)


def responsibility_rows(
    firm_people: list[Person], projects: list[Project], contracts: list[Contract]
) -> Iterator[tuple[Cell, ...]]:
    """Rows of responsibilities.csv: account owners sign contracts, practice leads answer for budgets."""
    leads = {p.practice: p.person_id for p in firm_people if p.title == "Practice Lead"}
    for contract in contracts:
        yield "contract_signatory", contract.contract_id, contract.client.account_owner_id
    for project in projects:
        yield "budget_owner", project.project_id, leads[project.practice]


def entry_id(n: int) -> str:
    """The identifier of the n-th time entry, from 0."""
    return f"TE-{n + 1:06d}"


def time_rows(
    setting: Setting, people: list[Person], projects: list[Project], entries: Entries
) -> Iterator[tuple[Cell, ...]]:
    """Rows of time_entries.csv, column by column for speed."""
    packages = [p for project in projects for p in project.packages]
    notes = _Notes(projects)
    clock = _Clock(setting, people)
    person, package = entries.person.tolist(), entries.package.tolist()
    begin = entries.day * MINUTES_PER_DAY + entries.start
    written = zip(entries.noted.tolist(), entries.note.tolist(), strict=True)
    return zip(
        (entry_id(n) for n in range(len(entries))),
        (people[n].person_id for n in person),
        (projects[n].project_id for n in entries.project.tolist()),
        (packages[n].work_item_id for n in package),
        (packages[n].activity for n in package),
        clock.local(person, begin.tolist()),
        clock.local(person, (begin + entries.span).tolist()),
        entries.minutes.tolist(),
        entries.planned.tolist(),
        (notes.of(noted, note) for noted, note in written),
        clock.local(person, entries.submitted.tolist()),
        (_STATES[state] for state in entries.state.tolist()),
        strict=True,
    )


class _Clock:
    """Local times with their offset, from minutes since the first recorded day."""

    def __init__(self, setting: Setting, people: list[Person]) -> None:
        recorded = [setting.first_day + timedelta(days=n) for n in range(HISTORY_DAYS + 3)]
        zones = {p.office.time_zone for p in people}
        offsets = {zone: [utc_offset(zone, day) for day in recorded] for zone in zones}
        self._offsets = [offsets[p.office.time_zone] for p in people]
        self._dates = [f"{day.isoformat()}T" for day in recorded]
        self._times = [f"{n // 60:02d}:{n % 60:02d}" for n in range(MINUTES_PER_DAY)]

    def local(self, person: list[int], minutes: list[int]) -> Iterator[str]:
        """The times; blank where there is none."""
        for who, moment in zip(person, minutes, strict=True):
            if moment == NOT_SUBMITTED:
                yield ""
                continue
            day, minute = divmod(moment, MINUTES_PER_DAY)
            yield self._dates[day] + self._times[minute] + self._offsets[who][day]


class _Notes:
    """The notes that people write about each package of all projects."""

    def __init__(self, projects: list[Project]) -> None:
        templates = text("notes")
        self._notes: list[list[str]] = []
        self._cutover: list[str] = []
        for project in projects:
            contacts = [c.split(" ")[0] for c in project.client.contacts]
            for package in project.packages:
                kind = package.activity if package.agreed else "unagreed"
                item = package.inner_title
                self._notes.append(
                    [
                        note.format(item=item, system=system, contact=contact)
                        for note in templates[kind]
                        for contact, system in zip(contacts, project.systems, strict=False)
                    ]
                )
                self._cutover.append(templates["cutover"][len(item) % 3].format(contact=contacts[0]))

    def of(self, package: int, note: int) -> str:
        """A package's n-th note, counted round and round."""
        if note == CUTOVER:
            return self._cutover[package]
        notes = self._notes[package]
        return notes[note % len(notes)]
