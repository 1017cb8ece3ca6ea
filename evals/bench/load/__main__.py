"""`python -m evals.bench.load`: people chat and decide for some minutes, with us, then with the baseline."""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from evals.bench.load.figures import Load, Part, Sample, picture, table
from evals.bench.load.people import TIMEOUT_S, Plan, Seen
from evals.bench.load.services import Service, bare, chargehand
from evals.demo_firms import DemoFirm, opened
from evals.telling import telling
from models.actions import RegisterRisk
from models.evidence import RecordCitation
from models.predict.base import Progress
from workflow.propose import Draft, propose

SEED = 5
AT_ONCE = 50  # proposals made in one transaction
SPARE = 1.5  # as many proposals wait as could be decided, so that inboxes do not run dry
SAMPLES = 120  # of memory, over the whole time
TITLE = "A risk goes on the register"
SENTENCES = (  # what people ask most, by intent of the router; {project} and {practice} are of the firm
    "What waits for my decision?",
    "What did I propose?",
    "Who is on the bench in the next 6 weeks?",
    "Who rolls off in {practice} in the next 8 weeks?",
    "Find me two people for {project} with data skills",
    "How is {project} doing?",
    "What do the latest status reports say?",
    "Is {project} ready to be invoiced?",
    "Which invoices will be paid late?",
    "What can you do?",
)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Effort:
    """How large the load is."""

    talkers: int
    deciders: int
    seconds: float
    think: float  # seconds between an answer and the next message, on average
    decide: float  # seconds between decisions, on average
    scale: float  # of the demo firm


@app.command()
def main(
    out: Annotated[Path, typer.Option(help="Where load.json and load.png go.")] = Path("load-report"),
    talkers: Annotated[int, typer.Option(min=1, max=1_000, help="People chatting.")] = 500,
    deciders: Annotated[int, typer.Option(min=1, max=200, help="People deciding.")] = 50,
    minutes: Annotated[float, typer.Option(min=0.1, max=30, help="How long, each service.")] = 10,
    think: Annotated[float, typer.Option(min=0.1, help="Seconds between messages, on average.")] = 90,
    decide: Annotated[float, typer.Option(min=0.1, help="Seconds between decisions, on average.")] = 60,
    scale: Annotated[float, typer.Option(min=0.02, max=4, help="Of the firm; 1: 240 people.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Put the load on this machine, and only on it. Where there are more chatters than people in the firm,
    some people hold several conversations. Fails when an answer of ours was an error."""
    effort = Effort(talkers, deciders, minutes * 60, think, decide, scale)
    with telling(Console(stderr=True)) as progress:
        loads = measured(effort, progress)
    figures = {"effort": asdict(effort), "services": [load.as_json() for load in loads]}
    out.mkdir(parents=True, exist_ok=True)
    (out / "load.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    picture(loads, out / "load.png")
    if as_json:
        typer.echo(json.dumps(figures, indent=2))
    else:
        Console().print(table(loads))
    raise typer.Exit(1 if loads[0].errors else 0)


def measured(effort: Effort, progress: Progress) -> list[Load]:
    """On a demo firm of its own."""
    today = datetime.now(UTC).date()
    with opened(SEED, effort.scale, today, progress=progress, durable=True) as firm:
        return on_firm(firm, effort, progress)


def on_firm(firm: DemoFirm, effort: Effort, progress: Progress) -> list[Load]:
    """Us, then the baseline: each has the machine to itself, and the same people ask the same."""
    talkers = list(islice(cycle(_people(firm)), effort.talkers))
    waiting = _proposals(firm, effort, progress)
    deciders = list(islice(cycle(sorted(set(waiting.values()))), effort.deciders))
    everybody = [*talkers, *deciders]
    admin = firm.scenario.personas["admin"]
    loads = []
    with tempfile.TemporaryDirectory(prefix="chargehand-load-") as folder:
        home = Path(folder)
        with chargehand(firm.owner_dsn, home, firm.folder, admin, everybody) as ours:
            loads.append(_put(ours, effort, firm, talkers, deciders, progress))
        with bare(firm.owner_dsn, home, waiting, TITLE, everybody) as theirs:
            loads.append(_put(theirs, effort, firm, talkers, deciders, progress))
    return loads


def _people(firm: DemoFirm) -> list[str]:
    """Everybody who works here and may chat, those with most to ask first."""
    roles = firm.table("roles")
    roles = roles[roles["person_id"].isin(_working(firm))]
    asking = roles[~roles["role"].isin(["consultant", "auditor", "data_scientist"])]["person_id"]
    talking = roles[roles["role"] != "auditor"]["person_id"]
    return list(dict.fromkeys([*sorted(set(asking)), *sorted(set(talking))]))


def _working(firm: DemoFirm) -> set[str]:
    people = firm.table("people")
    return set(people[people["ends_on"].isna() | (people["ends_on"] >= firm.today)]["person_id"])


def _proposals(firm: DemoFirm, effort: Effort, progress: Progress) -> dict[str, str]:
    """Risks that wait for the managers of their projects: who decides, by proposal."""
    projects = firm.table("projects")
    author = firm.person("delivery_director")
    signing = _working(firm) - {author.person_id}
    running = projects[(projects["status"] == "active") & projects["manager_id"].isin(signing)]
    owner = firm.scenario.personas["resource_manager"]
    expected = effort.deciders * effort.seconds / effort.decide
    count = max(2 * effort.deciders, int(expected * SPARE))
    found: dict[str, str] = {}
    chosen = list(islice(cycle(running.to_dict("records")), count))
    for first in range(0, count, AT_ONCE):
        progress("proposals", first, count)
        with firm.db.tx(author, "agent") as tx:
            for number, project in enumerate(chosen[first : first + AT_ONCE], first):
                card = propose(tx, _risk(project["project_id"], project["name"], owner, number, firm.today))
                found[str(card.proposal_id)] = project["manager_id"]
    return found


def _risk(project_id: str, name: str, owner_id: str, number: int, today: date) -> Draft:
    action = RegisterRisk(
        project_id=project_id,
        project_name=name,
        category="schedule",
        statement=f"Delivery {number} may be late.",
        severity="medium",
        mitigation="Agree a date.",
        owner_id=owner_id,
        review_on=today + timedelta(days=14),
    )
    cited = RecordCitation(record="project", id=project_id, says="an active project")
    return Draft(action=action, evidence=(cited,), explanation={}, tool="propose_risks", tool_version="1")


def _put(
    service: Service,
    effort: Effort,
    firm: DemoFirm,
    talkers: Sequence[str],
    deciders: Sequence[str],
    progress: Progress,
) -> Load:
    """The load on one service, and what was seen of it from both sides."""
    project = firm.table("projects").iloc[0]
    plan = Plan(
        url=service.url,
        talkers=[service.tokens[p] for p in talkers],
        deciders=[service.tokens[p] for p in deciders],
        sentences=[s.format(project=project["name"], practice=project["practice"]) for s in SENTENCES],
        seconds=effort.seconds,
        talker_thinks=effort.think,
        decider_thinks=effort.decide,
        seed=SEED,
    )
    command = [sys.executable, "-m", "evals.bench.load.people"]
    crowd = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    samples: dict[str, list[Sample]] = {}
    answer: list[str] = []
    talking = threading.Thread(target=lambda: answer.append(crowd.communicate(json.dumps(asdict(plan)))[0]))
    talking.start()
    started = time.monotonic()
    try:
        while talking.is_alive() and (now := time.monotonic() - started) < effort.seconds + 2 * TIMEOUT_S:
            for name, sample in service.sampled(now).items():
                samples.setdefault(name, []).append(sample)
            progress(service.name, min(int(now), int(effort.seconds)), int(effort.seconds))
            talking.join(max(effort.seconds / SAMPLES, 0.2))
    finally:
        crowd.kill()
        talking.join()
    parts = tuple(Part(name, tuple(found)) for name, found in samples.items())
    return Load(service.name, Seen.of_json(answer[0]), parts)


if __name__ == "__main__":
    app()
