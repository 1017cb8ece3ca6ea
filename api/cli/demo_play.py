"""Playing the demo to an audience at a terminal: set up, play the day, serve."""

import json
import signal
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from api.cli.console import console
from api.cli.demo_stage import DemoHome, Running, forget, prepare, rewind
from api.database import stop_embedded
from api.jobs.fitting import Outcome
from api.settings import Settings
from demo.day import Day, SceneFailed, play
from demo.scenario import Scenario
from models.predict import base

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
            forget(settings, home)
        with _progress() as progress:
            outcomes = prepare(settings, home, scale, progress)
        _say_models(outcomes)
        if once and home.played.exists():
            rewind(settings, home)
        with Running.started(settings, home) as running:
            if once or not home.played.exists():
                play_day(running, home)
            if not once:
                _serve(running, home)
    finally:
        stop_embedded(settings)


def play_day(running: Running, home: DemoHome) -> None:
    """Raises typer.Exit(1) at the first scene that does not do what it says."""
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


@contextmanager
def _progress() -> Iterator[base.Progress]:
    """One bar for whatever is being done."""
    columns = (SpinnerColumn(), TextColumn("{task.description:36}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("setting the demo up", total=None)

        def progress(what: str, done: int, total: int) -> None:
            bars.update(task, description=what, completed=done, total=total)

        yield progress
