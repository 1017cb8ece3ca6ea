"""The list of proposals: what waits for me, what I asked for, all I may see."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from api.auth.callers import SignedIn, Wired, may
from api.web.render import names, page
from api.wiring import Application
from models.actions import ACTION_KINDS, ActionKind
from models.policy import NoExchangeRate, PolicySet, in_policy_currency
from models.proposal import STATES, ProposalState
from workflow.cards import Box, ProposalSummary
from workflow.errors import NoPolicy
from workflow.policies import active

router = APIRouter(dependencies=[Depends(may("proposals.read"))])

Order = Literal["priority", "money", "deadline", "age"]
URGENT = timedelta(hours=24)
MOST = 200  # lines of a page; what waits for one person is ranked as a whole


@router.get("/inbox")
def inbox(
    request: Request,
    caller: SignedIn,
    app: Wired,
    box: Box = "mine",
    kind: Annotated[ActionKind | Literal[""], Query()] = "",
    state: Annotated[ProposalState | Literal[""], Query()] = "",
    project: Annotated[str, Query(max_length=100)] = "",
    order: Order = "priority",
    after: str | None = None,
) -> HTMLResponse:
    found = app.workflow.inbox(
        caller.principal,
        box=box,
        states=[state] if state else None,
        kinds=[kind] if kind else None,
        project_id=project or None,
        limit=MOST,
        after=after,
    )
    lines: Sequence[ProposalSummary] = found.items
    if box == "mine":
        lines = sorted(lines, key=_ranked(order, _policy(app, caller.principal)))
    template = "_queue.html" if request.headers.get("hx-request") == "true" else "inbox.html"
    return page(
        request,
        template,
        caller,
        lines=lines,
        names=names(request, caller, {line.project_id for line in lines if line.project_id}),
        box=box,
        order=order,
        chosen={"kind": kind, "state": state, "project": project},
        after=found.after,
        kinds=ACTION_KINDS,
        states=STATES,
        orders=get_args(Order),
        urgent=URGENT,
    )


def _policy(app: Application, principal: Any) -> PolicySet | None:
    """The policy in force, for its exchange rates."""
    try:
        with app.db.tx(principal, "agent") as tx:
            return active(tx)[0]
    except NoPolicy:
        return None


def _ranked(order: Order, policy: PolicySet | None) -> Callable[[ProposalSummary], tuple[Any, ...]]:
    """The sorting key of an order. By priority: what expires within a day first, then by money, then what
    expires sooner, then what waits longer."""
    now = datetime.now(UTC)

    def worth(line: ProposalSummary) -> Decimal:
        if line.amount is None or policy is None:
            return Decimal(0)
        try:
            return in_policy_currency(line.amount, policy)
        except NoExchangeRate:
            return line.amount.amount

    keys: Mapping[Order, Callable[[ProposalSummary], tuple[Any, ...]]] = {
        "priority": lambda p: (p.expires_at - now > URGENT, -worth(p), p.expires_at, p.created_at),
        "money": lambda p: (-worth(p), p.expires_at),
        "deadline": lambda p: (p.expires_at, -worth(p)),
        "age": lambda p: (p.created_at, -worth(p)),
    }
    return keys[order]
