"""The list of proposals: what waits for me, what I asked for, all I may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from api.auth.callers import SignedIn, Wired, may
from api.web.render import names, page
from models.actions import ACTION_KINDS, ActionKind
from models.proposal import STATES, ProposalState
from workflow.cards import Box, ProposalSummary
from workflow.inbox import ORDERS, Order

router = APIRouter(dependencies=[Depends(may("proposals.read"))])

URGENT = timedelta(hours=24)
GRAVE = 1.0  # points of risk from which a line says so
LINES = 50  # of a page
PROJECTS = 1_000  # to choose from
Word = Annotated[str, Query(max_length=100)]


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


@router.get("/inbox")
def inbox(
    request: Request,
    caller: SignedIn,
    app: Wired,
    box: Box = "mine",
    kind: Annotated[ActionKind | Literal[""], Query()] = "",
    state: Annotated[ProposalState | Literal[""], Query()] = "",
    project: Word = "",
    practice: Word = "",
    least: Word = "",
    text: Word = "",
    order: Order = "rank",
    after: str | None = None,
) -> HTMLResponse:
    chosen = {
        "kind": kind,
        "state": state if box != "mine" else "",
        "project": project.strip(),
        "practice": practice.strip(),
        "least": least.strip(),
        "text": text.strip(),
    }
    found = app.workflow.inbox(
        caller.principal,
        box=box,
        order=order,
        states=[state] if state and box != "mine" else None,
        kinds=[kind] if kind else None,
        project_id=chosen["project"] or None,
        practice=chosen["practice"] or None,
        min_amount=_amount(chosen["least"]),
        text=chosen["text"] or None,
        limit=LINES,
        after=after,
    )
    lines = found.items
    with app.db.tx(caller.principal, "agent") as tx:
        projects = tx.records("pages.projects", limit=PROJECTS)
    words = {"box": box, "order": order} | {k: v for k, v in chosen.items() if v}
    template = "_queue.html" if request.headers.get("hx-request") == "true" else "inbox.html"
    return page(
        request,
        template,
        caller,
        groups=grouped(lines) if box == "mine" else [Group([line]) for line in lines],
        names=names(request, caller, {line.project_id for line in lines if line.project_id}),
        box=box,
        order=order,
        chosen=chosen,
        next_page=urlencode(words | {"after": found.after}) if found.after else None,
        kinds=ACTION_KINDS,
        projects=_with(chosen["project"], {row["id"]: row["name"] for row in projects}),
        practices=_with(chosen["practice"], {row["practice"]: "" for row in sorted(projects, key=_practice)}),
        states=STATES,
        orders=ORDERS,
        urgent=URGENT,
        grave=GRAVE,
    )


def grouped(lines: Sequence[ProposalSummary]) -> list[Group]:
    """Lines that are alike stand together, where the first of them stands."""
    together: dict[str, list[ProposalSummary]] = {}
    for line in lines:
        together.setdefault(line.likeness, []).append(line)
    return [Group(found) for found in together.values()]


def _practice(project: Mapping[str, str]) -> str:
    return project["practice"]


def _with(chosen: str, known: Mapping[str, str]) -> Mapping[str, str]:
    """What there is to choose from: what an address names is among it, known or not."""
    return known if not chosen or chosen in known else {chosen: chosen, **known}


def _amount(text: str) -> Decimal | None:
    """What was typed, as an amount; what is none narrows nothing."""
    try:
        found = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 <= found < 10**12 else None
