"""What is planted in the demo firm, written where evals find it and nothing else looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import numpy as np

from demo.build import Firm
from demo.catalogue import offices
from demo.contract_terms import TermKind
from demo.files import entry_id, write_json, write_jsonl
from demo.reports import Report
from demo.role_requests import roll_offs
from demo.setting import Setting, text
from demo.time_defects import KINDS


@dataclass(frozen=True)
class Planted:
    """How much of each thing is planted."""

    time_entries: int
    padders: int
    troubled_projects: int
    creeping_projects: int
    slow_payers: int
    roll_offs: int
    open_requests: int
    contract_terms: int


@dataclass(frozen=True)
class Persona:
    """Somebody the demo signs in as."""

    person_id: str
    name: str
    email: str
    why: str


def write_firm(folder: Path, setting: Setting) -> None:
    """firm.json: the arguments of the run, and each office's legal entity, currency and time zone."""
    keys = ("city", "entity", "currency", "time_zone")
    write_json(
        folder / "firm.json",
        {
            "name": text("firm")["name"],
            "today": setting.today,
            "seed": setting.seed,
            "scale": setting.scale,
            "offices": [{key: getattr(office, key) for key in keys} for office in offices()],
        },
    )


def write_time(folder: Path, firm: Firm) -> int:
    """time.jsonl: every planted entry with what is at stake. Returns how many."""
    e, marked = firm.time.entries, firm.time

    def line(row: int) -> dict[str, Any]:
        project, minutes = firm.projects[int(e.project[row])], int(marked.stake[row])
        return {
            "entry_id": entry_id(row),
            "person_id": firm.people[int(e.person[row])].person_id,
            "project_id": project.project_id,
            "kind": KINDS[int(marked.kind[row])],
            "minutes_at_stake": minutes,
            "amount_at_stake": f"{minutes / 60 * float(firm.prices[row]):.2f}",
            "currency": project.contract.currency,
        }

    return write_jsonl(folder / "time.jsonl", map(line, np.flatnonzero(marked.kind >= 0).tolist()))


def write_padders(folder: Path, firm: Firm) -> int:
    """padders.jsonl: who pads habitually, in how many entries, and by how much. Returns how many people."""
    marked = firm.time
    padded = np.isin(marked.kind, [KINDS.index("inflated_hours"), KINDS.index("rounded_up")])
    at = {p.person_id: n for n, p in enumerate(firm.people)}
    lines = []
    for person in marked.padders:
        own = padded & (marked.entries.person == at[person.person_id])
        minutes = int(marked.stake[own].sum())
        entries = int(np.count_nonzero(own))
        lines.append({"person_id": person.person_id, "entries": entries, "minutes_at_stake": minutes})
    return write_jsonl(folder / "padders.jsonl", lines)


def write_contracts(folder: Path, firm: Firm) -> int:
    """contracts.jsonl: a contract a line with the terms that its document states and the work packages it
    lists. Returns the terms."""
    write_jsonl(
        folder / "contracts.jsonl",
        (
            {
                "contract_id": a.agreed.contract.contract_id,
                "file": a.agreed.contract.file,
                "style": a.agreed.style,
                "terms": [asdict(term) for term in a.stated],
                "silent_on": [k for k in get_args(TermKind) if k not in {term.kind for term in a.stated}],
                "work_items": [p.work_item_id for project in a.agreed.projects for p in project.agreed],
            }
            for a in firm.agreements
        ),
    )
    return sum(len(a.stated) for a in firm.agreements)


def write_troubles(folder: Path, firm: Firm) -> None:
    """at_risk.jsonl: each project's trouble, its days, and the sentences that speak of it."""
    told: dict[str, list[Report]] = {}
    for report in firm.reports:
        if report.planted:
            told.setdefault(report.project.project_id, []).append(report)
    write_jsonl(
        folder / "at_risk.jsonl",
        (
            {
                "project_id": story.project.project_id,
                "trouble": story.trouble,
                "hints_from": story.hints_from,
                "bites_on": story.bites_on,
                "eases_on": story.eases_on,
                "running": story.project.status == "active" and story.eases_on is None,
                "reports": [
                    {"report_id": r.report_id, "stage": r.stage, "quotes": list(r.planted)}
                    for r in told.get(story.project.project_id, [])
                ],
            }
            for story in firm.stories
        ),
    )


def write_creep(folder: Path, firm: Firm) -> int:
    """scope_creep.jsonl: projects whose time goes to work that the contract does not list, with the entries.
    Returns how many projects."""
    e = firm.time.entries
    unlisted = np.array([not p.agreed for project in firm.projects for p in project.packages])[e.package]
    begins = {s.project.project_id: s.hints_from - timedelta(days=7) for s in firm.stories}

    def lines() -> Iterator[dict[str, Any]]:
        for n, project in enumerate(firm.projects):
            rows = np.flatnonzero(unlisted & (e.project == n))
            if len(rows):
                yield {
                    "project_id": project.project_id,
                    "contract_id": project.contract.contract_id,
                    "from": begins[project.project_id],
                    "minutes": int(e.minutes[rows].sum()),
                    "work_items": [
                        {"work_item_id": p.work_item_id, "title": p.title} for p in project.extras
                    ],
                    "entries": [entry_id(row) for row in rows.tolist()],
                }

    return write_jsonl(folder / "scope_creep.jsonl", lines())


def write_slow_payers(folder: Path, firm: Firm) -> int:
    """slow_payers.jsonl: clients whose payments slow down, since when and by how much. Returns how many."""
    return write_jsonl(
        folder / "slow_payers.jsonl",
        ({"client_id": s.client.client_id, "since": s.since, "extra_days": s.extra_days} for s in firm.slow),
    )


def write_bench(folder: Path, setting: Setting, firm: Firm) -> int:
    """bench.jsonl: who rolls off in the next eight weeks with nothing booked after. Returns how many."""
    return write_jsonl(
        folder / "bench.jsonl",
        ({"person_id": p.person_id, "free_from": day} for p, day in roll_offs(setting, firm.suitable)),
    )


def write_staffing(folder: Path, firm: Firm) -> int:
    """staffing.jsonl: who could take each open request, and why others could not; filled_requests.jsonl: who
    took the others. Returns the open requests."""
    write_jsonl(
        folder / "filled_requests.jsonl",
        ({"request_id": r.request_id, "person_id": r.filled_by} for r in firm.requests if r.filled_by),
    )
    return write_jsonl(
        folder / "staffing.jsonl",
        (
            {"request_id": r.request_id, "people": [asdict(s) for s in firm.suitable.judge(r)]}
            for r in firm.requests
            if not r.filled_by
        ),
    )


def find_personas(firm: Firm) -> dict[str, dict[str, str]]:
    """Who the demo signs in as, by part."""
    main = firm.main
    office = firm.person(main.manager_id).office.city

    def holder(role: str, scope_id: str = "") -> str:
        return next(h.person_id for h in firm.held if h.role == role and h.scope_id == scope_id)

    def titled(title: str) -> str:
        return next(p.person_id for p in firm.people if p.title == title)

    other = next(p for p in firm.projects if p.status == "active" and p.practice != main.practice)
    chosen = {
        "project_manager": (main.manager_id, f"runs {main.name} ({main.project_id}) in {main.practice}"),
        "resource_manager": (holder("resource_manager", main.practice), f"staffs {main.practice}"),
        "delivery_director": (titled("Delivery Director"), "answers for delivery, signs change orders"),
        "finance": (holder("finance", office), f"controls {office}, whose legal entity bills {main.name}"),
        "data_scientist": (holder("data_scientist"), "runs evals; sees neither names nor rates"),
        "auditor": (holder("auditor"), "reads what was decided and decides nothing"),
        "second_project_manager": (other.manager_id, f"runs {other.name} in {other.practice}"),
        "account_owner": (main.client.account_owner_id, f"owns the account of {main.client.name}"),
        "practice_lead": (holder("practice_lead", main.practice), f"leads {main.practice}"),
        "admin": (holder("admin"), "keeps the system running"),
    }
    people = {part: firm.person(who) for part, (who, _) in chosen.items()}
    return {
        part: asdict(Persona(p.person_id, p.name, p.email, chosen[part][1])) for part, p in people.items()
    }
