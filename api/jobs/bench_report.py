"""The nightly bench report: one for the firm and one a practice, kept as HTML with a plot, told to those who
answer for the people, with proposals for the best moves and for bench time put to use."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import matplotlib as mpl
from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from models.access import service
from models.errors import ChargehandError
from models.predict.base import Progress, silent
from store.db import Database
from tools.registry import Registry

REPORTER = service("nightly-bench")
FIRM = "The firm"
MOVES_A_NIGHT = 5  # proposals; more would not be read
PLANS_A_NIGHT = 3
LEAST_FIT = 0.6  # for a move to be proposed rather than only listed
BLUE, ORANGE, GREY = "#0b5fa5", "#c4561a", "#5b6675"


@dataclass(frozen=True)
class Reported:
    """What one night's run made."""

    reports: Mapping[str, UUID]  # by practice, and FIRM
    proposals: tuple[UUID, ...]
    not_proposed: tuple[str, ...]  # why a move could not be proposed
    outlook: Mapping[str, Any]  # the firm's, as bench_outlook gives it


def make_reports(
    db: Database, registry: Registry, now: datetime, *, propose: bool = True, progress: Progress = silent
) -> Reported:
    """Make tonight's reports and propose the best moves. Running it again the same day replaces the reports
    and proposes nothing twice."""
    progress("looking at the bench", 0, 3)
    outlook = registry.call(db, REPORTER, "bench_outlook", {"weeks": 8}, now=now).data
    practices = sorted({w["practice"] for w in outlook["practices"]})
    progress("writing the reports", 1, 3)
    reports = {}
    with db.tx(REPORTER, "worker") as tx:
        for practice in [FIRM, *practices]:
            part = _part(outlook, practice)
            reports[practice] = tx.value(
                "reports.keep", for_date=now.date(), practice=practice, html=render(part, now), data=part
            )
            if practice != FIRM:
                tx.execute(
                    "reports.tell", practice=practice, text=f"Bench report {now:%-d %b %Y}: {practice}"
                )
        tx.audit("report.made", f"report:bench:{now.date()}", practices=len(practices))
        taken = {r["person_id"] for r in tx.records("reports.already_proposed", now=now)}
    progress("proposing moves", 2, 3)
    made, failed = _propose(db, registry, now, outlook, taken) if propose else ([], [])
    progress("proposing moves", 3, 3)
    return Reported(reports, tuple(made), tuple(failed), outlook)


def render(part: Mapping[str, Any], now: datetime) -> str:
    """The report of one part of the firm as a self-contained page."""
    by_week = part["by_week"]
    return (
        _templates()
        .get_template("bench_report.html")
        .render(
            **part,
            as_of=f"{now:%-d %b %Y %H:%M} UTC",
            utilisation_now=float(by_week[0]["utilisation"]) if by_week else 0.0,
            utilisation_then=float(by_week[-1]["utilisation"]) if by_week else 0.0,
            plot=Markup(_plot(by_week)),
        )
    )


def _part(outlook: Mapping[str, Any], practice: str) -> dict[str, Any]:
    """The outlook of one practice, or of the firm."""
    everyone = practice == FIRM
    return {
        "practice": practice,
        "weeks": outlook["weeks"],
        "first_week": outlook["first_week"],
        "by_week": _sum(outlook["practices"]) if everyone else _of(outlook["practices"], practice),
        "rolling_off": outlook["rolling_off"] if everyone else _of(outlook["rolling_off"], practice),
        "suggestions": outlook["suggestions"] if everyone else _of(outlook["suggestions"], practice),
        "model": outlook["model"],
    }


def _of(rows: Sequence[Mapping[str, Any]], practice: str) -> list[Mapping[str, Any]]:
    return [r for r in rows if r["practice"] == practice]


def _sum(weeks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The practices' weeks added up."""
    total = []
    for monday in sorted({w["monday"] for w in weeks}):
        same = [w for w in weeks if w["monday"] == monday]
        hours = {k: round(sum(float(w[k]) for w in same), 1) for k in ("capacity", "booked", "held")}
        total.append(
            {
                "monday": monday,
                **{k: f"{v:.1f}" for k, v in hours.items()},
                "utilisation": f"{hours['booked'] / hours['capacity'] if hours['capacity'] else 0:.3f}",
                "bench_people": sum(w["bench_people"] for w in same),
            }
        )
    return total


def _propose(
    db: Database, registry: Registry, now: datetime, outlook: Mapping[str, Any], taken: set[str]
) -> tuple[list[UUID], list[str]]:
    """Moves for those whom an open role suits; for the longest on the bench whom none suits, learning a skill
    that open roles ask for."""
    moves = [
        (s["person_id"], s["name"], "propose_reallocation", _move(s, now))
        for s in outlook["suggestions"]
        if s["fit"] >= LEAST_FIT and s["person_id"] not in taken
    ][:MOVES_A_NIGHT]
    taken = taken | {person_id for person_id, *_ in moves}
    plans = [
        (p["person_id"], p["name"], "propose_development", {"person": p["person_id"], "skill": skill})
        for p in sorted(outlook["rolling_off"], key=lambda p: (-p["bench_weeks"], p["person_id"]))
        if p["person_id"] not in taken and (skill := _worth_learning(p, outlook["wanted_skills"]))
    ][:PLANS_A_NIGHT]
    made: list[UUID] = []
    failed: list[str] = []
    for _, name, tool, arguments in [*moves, *plans]:
        try:
            made += registry.call(db, REPORTER, tool, arguments, now=now).proposals
        except ChargehandError as e:
            failed.append(f"{name}: {e.sentence}")
    return made, failed


def _move(suggestion: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A hold until those who run the project and the practice have agreed."""
    return {
        "person": suggestion["person_id"],
        "project": suggestion["project_id"],
        "role": suggestion["role"],
        "starts_on": max(suggestion["starts_on"], now.date().isoformat()),
        "ends_on": suggestion["ends_on"],
        "hours_per_week": suggestion["hours_per_week"],
        "hold": True,
    }


def _worth_learning(person: Mapping[str, Any], wanted: Sequence[str]) -> str | None:
    return next((skill for skill in wanted if skill not in person["all_skills"]), None)


def _plot(by_week: Sequence[Mapping[str, Any]]) -> str:
    """Booked share as a line over the people on the bench as bars, as SVG with its text as text."""
    with mpl.rc_context({"svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9}):
        figure = Figure(figsize=(8, 2.8), layout="constrained")
        people = figure.subplots()
        mondays = [f"{date.fromisoformat(w['monday']):%-d %b}" for w in by_week]
        people.bar(mondays, [w["bench_people"] for w in by_week], color=ORANGE, width=0.5)
        people.set_ylabel("people on the bench", color=ORANGE)
        people.yaxis.set_major_locator(MaxNLocator(integer=True))
        share = people.twinx()
        share.plot(mondays, [100 * float(w["utilisation"]) for w in by_week], color=BLUE, marker="o", lw=2)
        share.set_ylabel("% of hours booked", color=BLUE)
        share.set_ylim(0, 105)
        for axes in (people, share):
            axes.spines[["top"]].set_visible(False)
            axes.tick_params(colors=GREY)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    return svg[svg.index("<svg") :]


@cache
def _templates() -> Environment:
    environment = Environment(loader=PackageLoader("api.jobs", "."), autoescape=select_autoescape())
    environment.filters["day"] = lambda iso: f"{date.fromisoformat(iso):%-d %b %Y}"
    return environment
