"""Generates the demo firm: a directory that `chargehand import` takes, and beside it the ground truth of
what is planted in it. The same seed, scale and day give the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from demo import contract_files, files, ground_truth, scenario
from demo.build import Firm, build
from demo.ground_truth import Planted
from demo.setting import Setting
from models.errors import ChargehandError

Progress = Callable[[str, int, int], None]
_STEPS = 6
_WRAPPED = (None, 78, 92)  # widths of plain text: not every typist breaks lines


class DirectoryNotEmpty(ChargehandError):
    """The directory {directory} is not empty: the demo firm is only written into an empty one."""

    status = 409
    retry = "with a fix"


class TruthInsideFirm(ChargehandError):
    """The ground truth must not lie in the firm's directory {directory}, where it would be imported."""

    status = 422
    retry = "with a fix"


@dataclass(frozen=True)
class FirmSummary:
    """How many rows each file of the firm has, and how much is planted."""

    people: int
    skills: int
    clients: int
    contracts: int
    projects: int
    assignments: int
    role_requests: int
    time_entries: int
    status_reports: int
    invoices: int
    opportunities: int
    leave: int
    roles: int
    responsibilities: int
    same_persons: int
    planted: Planted


def generate(
    out: Path,
    truth: Path,
    *,
    seed: int = 7,
    scale: float = 1.0,
    today: date,
    progress: Progress | None = None,
) -> FirmSummary:
    """Writes the firm into `out` and its ground truth into `truth`, both created if need be.

    Args:
        out: what is then imported.
        truth: what only evals read; not inside `out`.
        seed: of all random numbers.
        scale: 1.0 is a firm of about 240 people and 250,000 time entries. Small scales keep all that the
            demo's day needs.
        today: the day on which the firm's history ends.
        progress: called with what begins, the steps done and the steps in all.

    Raises:
        DirectoryNotEmpty: one of the two holds something.
        TruthInsideFirm: the truth would be imported with the firm.
    """
    _prepare(out, truth)
    done = 0

    def begin(what: str) -> None:
        nonlocal done
        if progress:
            progress(what, done, _STEPS)
        done += 1

    setting = Setting(seed, scale, today)
    firm = build(setting, begin)
    begin("writing the firm")
    counts = _write_firm(setting, firm, out)
    begin("writing contracts")
    for n, agreement in enumerate(firm.agreements):
        path = out / agreement.agreed.contract.file
        contract_files.write(agreement.draft, path, width=_WRAPPED[n % len(_WRAPPED)])
    begin("writing the ground truth")
    planted = _write_truth(setting, firm, truth)
    if progress:
        progress("done", _STEPS, _STEPS)
    return FirmSummary(**counts, planted=planted)


def _prepare(out: Path, truth: Path) -> None:
    if truth.resolve().is_relative_to(out.resolve()):
        raise TruthInsideFirm(directory=str(out))
    for directory in (out, truth):
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise DirectoryNotEmpty(directory=str(directory))


def _write_firm(setting: Setting, firm: Firm, out: Path) -> dict[str, int]:
    """Every CSV file; the rows of each by its name."""
    tables = {
        "people": files.people_rows(firm.people),
        "skills": files.skill_rows(firm.people),
        "clients": files.client_rows(firm.clients),
        "contracts": files.contract_rows(firm.contracts),
        "projects": files.project_rows(firm.projects),
        "assignments": files.assignment_rows(firm.assignments),
        "role_requests": files.request_rows(firm.requests),
        "time_entries": files.time_rows(setting, firm.people, firm.projects, firm.time.entries),
        "status_reports": files.report_rows(firm.reports),
        "invoices": files.invoice_rows(firm.invoices),
        "opportunities": files.opportunity_rows(firm.opportunities),
        "leave": files.leave_rows(firm.leave),
        "roles": files.role_rows(firm.held),
        "responsibilities": files.responsibility_rows(firm.people, firm.projects, firm.contracts),
        "same_persons": (),  # nobody is listed twice
    }
    return {name: files.write_table(out, name, rows) for name, rows in tables.items()}


def _write_truth(setting: Setting, firm: Firm, truth: Path) -> Planted:
    """Every file of the ground truth; how much of each thing is planted."""
    ground_truth.write_firm(truth, setting)
    ground_truth.write_troubles(truth, firm)
    personas = ground_truth.find_personas(firm)
    files.write_json(truth / "personas.json", personas)
    scenario.write(setting, firm, personas, truth)
    return Planted(
        time_entries=ground_truth.write_time(truth, firm),
        padders=ground_truth.write_padders(truth, firm),
        troubled_projects=len(firm.stories),
        creeping_projects=ground_truth.write_creep(truth, firm),
        slow_payers=ground_truth.write_slow_payers(truth, firm),
        roll_offs=ground_truth.write_bench(truth, setting, firm),
        open_requests=ground_truth.write_staffing(truth, firm),
        contract_terms=ground_truth.write_contracts(truth, firm),
    )
