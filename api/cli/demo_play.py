"""Playing the demo to an audience at a terminal: set up, play the day, serve."""

import json
import shutil
import signal
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from api.cli.console import console
from api.cli.demo_stage import DemoHome, Running, prepare
from api.database import NAME, server_root, stop_embedded
from api.jobs.fitting import Outcome
from api.settings import Settings
from demo.day import Day, SceneFailed, play
from demo.scenario import Scenario
from models.predict import base
from store.admin import drop_database
from store.cluster import SUPERUSER
from store.server import start

SHOWN_PERSONAS = (
    "project_manager",
    "resource_manager",
    "delivery_director",
    "finance",
    "data_scientist",
    "auditor",
)


def run_demo(settings: Settings, *, once: bool, fresh: bool, scale: float) -> None:
    """Set the demo up if need be, play the day if it was not played, and serve until Ctrl-C.

    Raises typer.Exit(1) at the first scene that does not do what it says."""
    home = DemoHome(settings.home_directory / "demo")
    try:
        if fresh:
            _forget(settings, home)
        with _progress() as progress:
            outcomes = prepare(settings, home, scale, progress)
        _say_models(outcomes)
        with Running.started(settings, home) as running:
            if once or not home.played.exists():
                _play(running, home)
            if not once:
                _serve(running, home)
    finally:
        stop_embedded(settings)


def _play(running: Running, home: DemoHome) -> None:
    scenario = Scenario.load(home.truth)
    day = Day(scenario, running, _tell)

    def announce(title: str, done: int, total: int) -> None:
        if done < total:
            console.print(f"\n[bold]{done + 1} of {total}  {title}[/bold]")

    try:
        play(day, announce)
    except SceneFailed as failure:
        console.print(f"[red]{failure.scene}[/red] did not do what it says: ", end="")
        console.print(failure.reason, markup=False)
        raise typer.Exit(1) from failure
    played = {"played_at": datetime.now(UTC).isoformat()}
    home.played.write_text(json.dumps(played) + "\n", encoding="utf-8")
    console.print("\nThe day is done: every scene did what it says.")


def _serve(running: Running, home: DemoHome) -> None:
    personas = json.loads((home.truth / "personas.json").read_text(encoding="utf-8"))
    console.print(f"\nChargehand serves on {running.url}. Sign in as (each link works once):")
    for part in SHOWN_PERSONAS:
        person = personas[part]
        link = running.sign_in_link(person["person_id"])
        console.print(
            f"  {part.replace('_', ' '):18} {person['name']:22} {link}", markup=False, soft_wrap=True
        )
    console.print(f"The simulated systems of record show what was written: {running.systems_url}")
    console.print("Ctrl-C stops everything.")
    signal.pause()


def _tell(text: str) -> None:
    for line in text.splitlines():
        wrapped = textwrap.fill(line, 110, initial_indent="  ", subsequent_indent="    ")
        console.print(wrapped, markup=False, soft_wrap=True)


def _say_models(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        console.print(f"Model {outcome.name}: {outcome.says}", markup=False)


def _forget(settings: Settings, home: DemoHome) -> None:
    """Drop the demo's database and files. A database named by DATABASE_URL is never dropped."""
    if settings.database_url is None:
        server = start(server_root(settings))
        drop_database(server.dsn(SUPERUSER, SUPERUSER), NAME)
    _remove(home.root)


def _remove(directory: Path) -> None:
    if directory.exists():
        shutil.rmtree(directory)


@contextmanager
def _progress() -> Iterator[base.Progress]:
    """A bar for what is being done; one line for each thing done."""
    columns = (TextColumn("{task.description:44}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                for task in tasks.values():
                    bars.stop_task(task)
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield progress
