"""`python -m api.cli.page_times`: what each page takes of the server with 10,000 open proposals."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import Annotated

import structlog
import typer
from fastapi.testclient import TestClient
from rich.console import Console
from rich.table import Table

from api.app import create_app
from api.copilot.client import Address
from api.database import Place
from api.settings import Settings
from api.wiring import Application
from api.wiring import opened as wired
from evals import demo_firms
from evals.bench.waiting import Waiting
from evals.demo_firms import DemoFirm
from evals.telling import telling
from models.access import service
from models.predict.base import Progress, silent
from store.db import DB_ROLES

SEED, TODAY = 5, date(2026, 3, 18)
OPEN, DECIDED = 10_000, 1_000
ORIGIN = "http://testserver"
LIMIT_MS = 100.0
ONE = "{one}"  # a proposal that waits, in an address

# Whose eyes, and the page. The project manager signs everything that is open; the others see all of it.
PAGES: tuple[tuple[str, str], ...] = (
    ("project_manager", "/inbox?box=mine"),
    ("project_manager", "/inbox?box=mine&order=money"),
    ("project_manager", "/inbox?box=mine&text=Delivery+77"),
    ("project_manager", "/inbox?box=mine&rule=risk&due_within_hours=9000"),
    ("project_manager", f"/proposals/{ONE}"),
    ("project_manager", f"/proposals/{ONE}?done=approve"),
    ("project_manager", f"/proposals/{ONE}/alike"),
    ("project_manager", f"/proposals/{ONE}/edit"),
    ("project_manager", f"/proposals/{ONE}/hand-over"),
    ("project_manager", "/chat"),
    ("project_manager", "/news"),
    ("project_manager", "/delegations"),
    ("project_manager", "/operations/approvers"),
    ("delivery_director", "/inbox?box=all"),
    ("delivery_director", "/inbox?box=all&text=no+such+words"),
    ("delivery_director", "/inbox?box=asked"),
    ("delivery_director", "/news"),
    ("delivery_director", "/operations"),
    ("delivery_director", "/operations/flow"),
    ("delivery_director", "/operations/flow?days=90"),
    ("delivery_director", "/operations/delivery"),
    ("delivery_director", "/operations/approvers?days=90"),
    ("delivery_director", "/operations/return?days=90"),
    ("delivery_director", "/reports"),
    ("auditor", "/audit"),
    ("auditor", f"/audit?subject=proposal:{ONE}"),
    ("auditor", "/operations/return?days=90"),
)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Timed:
    """A page's time until its answer begins, as `Server-Timing` has it, in milliseconds."""

    who: str
    page: str
    best: float  # of all rounds: what else the machine does only adds to it
    median: float


@app.command()
def main(
    rounds: Annotated[int, typer.Option(help="How often each page is asked for.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure every page. Fails where one takes longer than it may at its best."""
    with telling(Console(stderr=True)) as progress:
        found = measured(OPEN, DECIDED, rounds, progress)
    if as_json:
        typer.echo(json.dumps([asdict(t) for t in found], indent=2))
    else:
        Console().print(table(found))
    raise typer.Exit(any(t.best > LIMIT_MS for t in found))


def measured(waiting: int, decided: int, rounds: int, progress: Progress = silent) -> list[Timed]:
    """Every page of PAGES, on a demo firm of its own with so many proposals."""
    with demo_firms.opened(SEED, 0.2, TODAY, progress=progress) as firm:
        queue = Waiting(firm, waiting + decided, progress)
        for card in queue.take(decided):
            queue.workflow.decide(
                queue.manager, card.proposal_id, content_hash=card.content_hash, verdict="approve"
            )
        [one] = queue.take(1)
        return timed(firm, str(one.proposal_id), rounds)


def timed(firm: DemoFirm, one: str, rounds: int) -> list[Timed]:
    """The pages as their readers get them. `one`: a proposal that waits."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    personas = firm.scenario.personas
    with _desk(firm) as desk, TestClient(create_app(desk), base_url=ORIGIN) as client:
        found, reader = [], ""
        for who, path in PAGES:
            if who != reader:
                _sign_in(client, desk, personas, reader := who)
            times = [_ask(client, path.replace(ONE, one)) for _ in range(rounds)]
            found.append(Timed(who, path, min(times), median(times)))
        return found


@contextmanager
def _desk(firm: DemoFirm) -> Iterator[Application]:
    place = Place(firm.owner_dsn, {role: firm.db.dsn(role) for role in DB_ROLES}, embedded=True)
    nobody = Address(socket=str(Path("no-copilot")))  # pages say so, and are shown
    with wired(Settings.model_validate({"public_url": ORIGIN}), place, nobody) as found:
        yield found


def _sign_in(client: TestClient, desk: Application, personas: Mapping[str, str], who: str) -> None:
    client.cookies.clear()
    link = desk.sessions.make_link(service("measure"), personas[who])
    client.post("/sign-in", data={"token": link.token}, headers={"Origin": ORIGIN}).raise_for_status()


def _ask(client: TestClient, path: str) -> float:
    reply = client.get(path, headers={"Accept": "text/html"})
    reply.raise_for_status()
    return float(reply.headers["server-timing"].partition("dur=")[2])


def table(found: list[Timed]) -> Table:
    shown = Table("reader", "page", "best, ms", "median, ms", title=f"{OPEN:,} open proposals")
    for t in found:
        style = "red" if t.best > LIMIT_MS else ""
        shown.add_row(t.who, t.page, f"{t.best:.0f}", f"{t.median:.0f}", style=style)
    return shown


if __name__ == "__main__":
    app()
