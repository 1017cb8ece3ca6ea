"""Pages for operations leaders: the flow through the gates, hours and billing, approvers, and returns."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response, status
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup

from api import wording
from api.auth.callers import SignedIn, Wired
from api.routes import insight as find
from api.web import i18n
from api.web.charts import Bar, Series, bars, columns, lines
from api.web.i18n import N_
from api.web.render import page
from models.access import require
from models.roi import Line
from workflow.insight.views import AGE_BOUNDS, Days, Flow, PracticeWeek

router = APIRouter()

Practice = Annotated[str, Query(max_length=100)]
AGES = ("under 1 h", "1–4 h", "4–8 h", "8–24 h", "1–2 d", "2–3 d", "3–5 d", "over 5 d")
assert len(AGES) == len(AGE_BOUNDS) + 1
OUTCOMES = ("approved", "rejected", "expired", "withdrawn")


@router.get("/operations/flow")
def flow(
    request: Request, caller: SignedIn, app: Wired, days: Days = 30, practice: Practice = ""
) -> HTMLResponse:
    require(caller.principal, "operations.read")
    found = find.find_flow(app.db, caller.principal, days, practice or None)
    return page(
        request,
        "operations_flow.html",
        caller,
        flow=found,
        days=days,
        practice=practice,
        practices=find.find_practices(app.db, caller.principal),
        ages=AGES,
        trend=_trend(found),
        load=_load(found),
        spread=ages(found.total.spread, "Time to decision") if found.total else None,
    )


@router.get("/operations/delivery")
def delivery(request: Request, caller: SignedIn, app: Wired, practice: Practice = "") -> HTMLResponse:
    require(caller.principal, "operations.read")
    weeks = find.find_hours(app.db, caller.principal, practice or None)
    return page(
        request,
        "operations_delivery.html",
        caller,
        weeks=weeks,
        by_practice=_by_practice(weeks),
        billing=find.find_billing(app.db, caller.principal, practice or None),
        practice=practice,
        practices=find.find_practices(app.db, caller.principal),
    )


@router.get("/operations/approvers")
def approvers(
    request: Request,
    caller: SignedIn,
    app: Wired,
    days: Days = 30,
    done: Literal["agreed", "disagreed", "planted", ""] = "",
) -> HTMLResponse:
    require(caller.principal, "proposals.read")
    return page(
        request,
        "operations_approvers.html",
        caller,
        quality=find.find_quality(app.db, caller.principal, days),
        days=days,
        done=done,
    )


@router.post("/operations/plants/consent")
def consent(caller: SignedIn, app: Wired, agrees: Annotated[bool, Form()]) -> Response:
    require(caller.principal, "proposals.decide")
    app.workflow.consent_to_plants(caller.principal, agrees=agrees)
    return _to_approvers("agreed" if agrees else "disagreed")


@router.post("/operations/plants")
def plant(
    caller: SignedIn,
    app: Wired,
    source: Annotated[UUID, Form()],
    person: Annotated[str, Form(min_length=1, max_length=200)],
    flaw: Annotated[str, Form(min_length=1, max_length=4_000)],
) -> Response:
    app.workflow.plant(caller.principal, source, person_id=person, flaw=flaw)
    return _to_approvers("planted")


@router.get("/operations/return")
def returns(
    request: Request, caller: SignedIn, app: Wired, days: Days = 30, practice: Practice = ""
) -> HTMLResponse:
    translate = i18n.translations(app.settings.language).gettext
    found = find.find_returns(app.db, app.settings, caller.principal, days, practice or None)
    return page(
        request,
        "operations_return.html",
        caller,
        ledger=found,
        plots={line.name: _waterfall(line, translate) for line in found.lines if line.parts},
        days=days,
        practice=practice,
        practices=find.find_practices(app.db, caller.principal),
    )


def _to_approvers(done: str) -> RedirectResponse:
    return RedirectResponse(f"/operations/approvers?done={done}", status.HTTP_303_SEE_OTHER)


def ages(spread: Sequence[int], title: str) -> Markup:
    """How many are of which age."""
    return columns(AGES, [Series("accent", spread)], f"{title}: how many for how long", height=150)


def _trend(flow: Flow) -> Markup | None:
    if flow.total is None:
        return None
    labels = [f"{slot.day:%-d %b}" for slot in flow.trend]
    series = [Series(name, [getattr(slot, name) for slot in flow.trend]) for name in OUTCOMES]
    return columns(labels, series, "Proposals that ended, by " + ("week" if flow.days > 30 else "day"))


def _load(flow: Flow) -> Markup | None:
    """The steps that held proposals longest."""
    rows = [
        Bar(_short(f"{s.rule}: {s.step}"), s.share, f"{s.share:.0%}, {wording.hours(s.hours)}")
        for s in flow.steps[:8]
    ]
    return bars(rows, "Share of all waiting, by step") if rows else None


def _by_practice(weeks: Sequence[PracticeWeek]) -> dict[str, tuple[Sequence[PracticeWeek], Markup]]:
    """Each practice's weeks with a plot of booked and worked hours over capacity."""
    found: dict[str, list[PracticeWeek]] = {}
    for week in weeks:
        found.setdefault(week.practice, []).append(week)
    return {
        name: (
            there,
            lines(
                [f"{w.week:%-d %b}" for w in there],
                [
                    Series("capacity", [w.capacity for w in there]),
                    Series("booked", [w.booked for w in there]),
                    Series("worked", [w.worked for w in there]),
                ],
                f"{name}: hours a week of capacity, booked and worked",
            ),
        )
        for name, there in found.items()
    }


def _waterfall(line: Line, translate: Callable[[str], str]) -> Markup:
    """What each kind adds, one after the other, and the whole with its interval."""
    rows, at = [], 0.0
    for part in line.parts:
        says = f"{wording.amount(part.point)}, from {part.proposals:,}"
        rows.append(Bar(translate(wording.KINDS[part.kind]), part.point, says, start=at, kind="part"))
        at += part.point
    says = f"{wording.amount(line.point)} ({wording.amount(line.low)} to {wording.amount(line.high)})"
    rows.append(Bar(translate(N_("Together")), line.point, says, low=line.low, high=line.high, kind="whole"))
    return bars(rows, f"{line.name.replace('_', ' ')}: what each kind adds")


def _short(text: str) -> str:
    return text if len(text) <= 24 else text[:23] + "…"
