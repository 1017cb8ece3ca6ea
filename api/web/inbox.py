"""The list of proposals: what waits for me, what I asked for, all I may see; and its saved filters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request, Response, status
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from api.auth.callers import Caller, SignedIn, Wired, may
from api.web.i18n import N_
from api.web.render import names, page
from models.actions import ACTION_KINDS
from models.proposal import STATES
from store.db import Tx
from workflow import filters
from workflow.cards import Page, ProposalSummary, person
from workflow.filters import Narrowed, SavedFilter
from workflow.inbox import ORDERS

router = APIRouter(dependencies=[Depends(may("proposals.read"))])

URGENT = timedelta(hours=24)
GRAVE = 1.0  # points of risk from which a line says so
LINES = 50  # of a page
PROJECTS = 1_000  # to choose from
PROPOSERS = 100
DUE = {24: N_("Due in a day"), 72: N_("Due in three days"), 168: N_("Due in a week")}
MORE = ("practice", "project_id", "min_amount", "due_within_hours", "rule", "proposer_id")  # behind a button


@dataclass(frozen=True)
class Group:
    """Lines of a page that are alike, the most pressing first; often one."""

    lines: Sequence[ProposalSummary]

    @property
    def first(self) -> ProposalSummary:
        return self.lines[0]

    @property
    def others(self) -> Sequence[ProposalSummary]:
        return self.lines[1:]


@dataclass(frozen=True)
class Choices:
    """What the list can be narrowed to: id to name."""

    projects: Mapping[str, str]
    practices: Mapping[str, str]
    proposers: Mapping[str, str]
    rules: Mapping[str, str]
    due: Mapping[int, str]


def wanted(request: Request) -> Narrowed:
    """What the address asks for. What makes no sense in it narrows nothing: it may be an old bookmark."""
    fields = {k: v.strip() for k, v in request.query_params.items() if k in Narrowed.model_fields}
    if "min_amount" in fields:
        fields["min_amount"] = fields["min_amount"].replace(",", "")
    try:
        return Narrowed.model_validate({k: v for k, v in fields.items() if v})
    except ValidationError as error:
        wrong = {fault["loc"][0] for fault in error.errors()}
        return Narrowed.model_validate({k: v for k, v in fields.items() if v and k not in wrong})


@router.get("/inbox")
def inbox(
    request: Request,
    caller: SignedIn,
    app: Wired,
    narrowed: Annotated[Narrowed, Depends(wanted)],
    after: str | None = None,
) -> Response:
    with app.db.tx(caller.principal, "agent") as tx:
        saved = filters.mine(tx)
        if not request.query_params and (first := next((f for f in saved if f.opens), None)):
            return RedirectResponse(address(first.narrowed), status.HTTP_303_SEE_OTHER)
        choices = _choices(tx, narrowed)
    found = app.workflow.inbox(
        caller.principal,
        box=narrowed.box,
        order=narrowed.order,
        limit=LINES,
        after=after,
        **narrowed.filters(),
    )
    return _queue(request, caller, narrowed, found, saved, choices)


@router.post("/inbox/filters")
def save_filter(
    caller: SignedIn,
    app: Wired,
    name: Annotated[filters.Name, Form()],
    narrowed: Annotated[str, Form(max_length=2_000)],
    opens: Annotated[bool, Form()] = False,
) -> Response:
    kept = Narrowed.model_validate_json(narrowed)
    with app.db.tx(caller.principal, "workflow") as tx:
        filters.save(tx, name, kept, opens=opens)
    return RedirectResponse(address(kept), status.HTTP_303_SEE_OTHER)


@router.post("/inbox/filters/forget")
def forget_filter(caller: SignedIn, app: Wired, name: Annotated[filters.Name, Form()]) -> Response:
    with app.db.tx(caller.principal, "workflow") as tx:
        filters.forget(tx, name)
    return RedirectResponse("/inbox?box=mine", status.HTTP_303_SEE_OTHER)


def address(narrowed: Narrowed) -> str:
    """Where such a list is, also for others: it narrows what each reader may see."""
    return f"/inbox?{urlencode({'box': narrowed.box} | narrowed.set_fields())}"


def grouped(lines: Sequence[ProposalSummary]) -> list[Group]:
    """Lines that are alike stand together, where the first of them stands."""
    together: dict[str, list[ProposalSummary]] = {}
    for line in lines:
        together.setdefault(line.likeness, []).append(line)
    return [Group(found) for found in together.values()]


def _queue(
    request: Request,
    caller: Caller,
    narrowed: Narrowed,
    found: Page[ProposalSummary],
    saved: Sequence[SavedFilter],
    choices: Choices,
) -> HTMLResponse:
    lines, mine = found.items, narrowed.box == "mine"
    return page(
        request,
        "_queue.html" if request.headers.get("hx-request") == "true" else "inbox.html",
        caller,
        groups=grouped(lines) if mine else [Group([line]) for line in lines],
        names=names(request, caller, {line.project_id for line in lines if line.project_id}),
        chosen=narrowed,
        narrows=set(narrowed.set_fields()) - {"box", "order"},
        more=[name for name in MORE if getattr(narrowed, name) is not None],
        saved=[(f, address(f.narrowed)) for f in saved],
        kept=next((f for f in saved if f.narrowed == narrowed), None),
        next_page=f"{address(narrowed)}&{urlencode({'after': found.after})}" if found.after else None,
        choices=choices,
        kinds=ACTION_KINDS,
        states=STATES,
        orders=ORDERS,
        urgent=URGENT,
        grave=GRAVE,
    )


def _choices(tx: Tx, narrowed: Narrowed) -> Choices:
    projects = tx.records("pages.projects", limit=PROJECTS)
    proposers = tx.records("inbox.proposers", limit=PROPOSERS) if narrowed.box == "mine" else ()
    rules = [row["name"] for row in tx.records("policies.rules")]
    due = narrowed.due_within_hours
    return Choices(
        projects=_with(narrowed.project_id, {row["id"]: row["name"] for row in projects}),
        practices=_with(narrowed.practice, {p: p for p in sorted({row["practice"] for row in projects})}),
        proposers=_with(narrowed.proposer_id, {row["person_id"]: person(**row).name for row in proposers}),
        rules=_with(narrowed.rule, {rule: rule for rule in rules}),
        due=DUE if due is None or due in DUE else {**DUE, due: f"{due} h"},
    )


def _with(chosen: str | None, known: Mapping[str, str]) -> Mapping[str, str]:
    """What there is to choose from: what an address names is among it, known or not."""
    return known if chosen is None or chosen in known else {chosen: chosen, **known}
