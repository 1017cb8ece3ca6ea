"""What one hears outside these pages, and how soon: at once, once a day, or not at all."""

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request, Response, status
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

from api.auth.callers import SignedIn, Wired
from api.web.i18n import N_
from api.web.render import page
from models.access import Principal
from workflow import subscriptions
from workflow.deliveries import SurfaceName
from workflow.subscriptions import SUBJECTS, URGENT, Subject, Subscription

router = APIRouter(prefix="/me/notifications")

Cadence = Literal["now", "daily", "never"]
CADENCES: Mapping[Cadence, str] = {
    "now": N_("At once"),
    "daily": N_("Once a day"),
    "never": N_("Not at all"),
}
NAMES: Mapping[Subject, str] = {
    "card": N_("Something waits for your signature"),
    "reminder": N_("It still waits for you"),
    "escalation": N_("Nobody has signed yet, and it is late"),
    "question": N_("Somebody asks you before signing"),
    "answer": N_("Your question is answered"),
    "outcome": N_("What became of what you proposed or signed"),
    "delegation": N_("Who signs for whom"),
    "report": N_("A report is ready"),
    "operations": N_("The installation needs a look"),
}
SURFACES: Mapping[SurfaceName, str] = {"mail": N_("Mail"), "slack": "Slack", "teams": "Teams"}


class Wanted(BaseModel):
    """The form: a cadence for each subject. What is not asked is not heard."""

    card: Cadence = "never"
    reminder: Cadence = "never"
    escalation: Cadence = "never"
    question: Cadence = "never"
    answer: Cadence = "never"
    outcome: Cadence = "never"
    delegation: Cadence = "never"
    report: Cadence = "never"
    operations: Cadence = "never"
    weekends: bool = False

    def of(self, cadence: Cadence) -> list[Subject]:
        return [s for s in SUBJECTS if getattr(self, s) == cadence]


@router.get("")
def choices(
    request: Request,
    caller: SignedIn,
    app: Wired,
    done: Annotated[SurfaceName | None, Query(description="What was just chosen")] = None,
) -> HTMLResponse:
    with app.db.tx(caller.principal, "agent") as tx:
        found = subscriptions.mine(tx)
    return page(
        request,
        "notifications.html",
        caller,
        surfaces=[(s, SURFACES[s.surface], _lines(s, caller.principal)) for s in found],
        done=SURFACES[done] if done else None,
    )


@router.post("/{surface}")
def choose(surface: SurfaceName, caller: SignedIn, app: Wired, wanted: Annotated[Wanted, Form()]) -> Response:
    with app.db.tx(caller.principal, "agent") as tx:
        subscriptions.choose(
            tx, surface, kinds=wanted.of("now"), digest=wanted.of("daily"), weekends=wanted.weekends
        )
    return RedirectResponse(f"/me/notifications?done={surface}", status.HTTP_303_SEE_OTHER)


def _lines(chosen: Subscription, reader: Principal) -> list[tuple[Subject, str, Cadence, dict[Cadence, str]]]:
    """Each subject with its name, how it is heard, and how it may be."""
    return [
        (subject, NAMES[subject], _cadence(chosen, subject), _possible(chosen.surface, subject))
        for subject in SUBJECTS
        if subject != "operations" or "access.manage" in reader.permissions  # told to nobody else
    ]


def _cadence(chosen: Subscription, subject: Subject) -> Cadence:
    return "now" if subject in chosen.kinds else "daily" if subject in chosen.digest else "never"


def _possible(surface: SurfaceName, subject: Subject) -> dict[Cadence, str]:
    """What is urgent is not put off, and a digest comes by mail."""
    waits = surface == "mail" and subject not in URGENT
    return {cadence: name for cadence, name in CADENCES.items() if cadence != "daily" or waits}
