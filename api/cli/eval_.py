"""`chargehand eval`: measure the copilot, the tools and the models. Needs neither a network nor a key."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes
from typing import Annotated, Any, ClassVar

import typer

from api.cli.console import AsJson, console, ending, print_json, settings
from api.telemetry import configure_logging
from models.errors import ChargehandError, Retry

app = typer.Typer(help="Run the suites that measure the copilot.", no_args_is_help=True, add_completion=False)

Runs = Annotated[
    Path | None,
    typer.Option("--runs", file_okay=False, help="Where runs are kept; evals/runs of the home directory."),
]
Subjects = Annotated[
    list[str] | None,
    typer.Option("--subject", help="What is measured: rules, or model=NAME,base_url=URL,prompt.copilot=2."),
]


class EvalsNotInstalled(ChargehandError):
    """The suites need the extra 'evals', which is not installed: install chargehand[evals]."""

    status = 500
    retry: ClassVar[Retry] = "with a fix"


def runs_folder(runs: Path | None) -> Path:
    return runs or settings().home_directory / "evals" / "runs"


def own_suites() -> Path:
    """Where a firm's own suites lie."""
    return settings().home_directory / "evals" / "suites"


def grown_folder() -> Path:
    """The cases that production gave."""
    return settings().home_directory / "evals" / "cases"


def require_evals() -> None:
    """Get ready to name suites, the firm's own too. Raises EvalsNotInstalled."""
    try:
        import inspect_ai  # noqa: F401
    except ModuleNotFoundError as e:
        raise EvalsNotInstalled from e
    from evals.suite import look_in

    look_in(own_suites())


@app.command()
def new(name: Annotated[str, typer.Argument(help="Letters, digits and _.")]) -> None:
    """Begin a suite of your own: a card, first scenarios, and the lines that make a suite of them."""
    with ending():
        require_evals()
        from evals.beginning import begin

        for path in begin(name, own_suites()):
            console.print(str(path), markup=False)
    console.print(f"Now: chargehand eval run {name}", markup=False)


@app.command("list")
def list_suites(as_json: AsJson = False) -> None:
    """The suites and what they measure."""
    with ending():
        require_evals()
        from evals.suite import suite, suite_names

        cards = {name: suite(name).card for name in suite_names()}
    if as_json:
        print_json({name: card.model_dump() for name, card in cards.items()})
    else:
        for name, card in cards.items():
            typer.echo(f"{name}: {card.about} {card.size}.")


@app.command()
def run(
    names: Annotated[list[str] | None, typer.Argument(metavar="[SUITE]...", help="See 'list'.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All suites.")] = False,
    small: Annotated[bool, typer.Option("--small", help="The part that CI runs.")] = False,
    subjects: Subjects = None,
    matrix_file: Annotated[
        Path | None,
        typer.Option("--matrix", exists=True, dir_okay=False, help="YAML: lists whose combinations are run."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="How often each case, for reliability.")] = 1,
    data: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            envvar="CHARGEHAND_DATA",
            help="Own labelled records.",
        ),
    ] = None,
    runs: Runs = None,
    as_json: AsJson = False,
) -> None:
    """Run suites and keep the runs. What they found does not change the exit code (see 'gate'); a suite that
    cannot run ends with 2."""
    if every == bool(names):
        raise typer.BadParameter("name suites, or give --all")
    configure_logging("console", "warning")
    found: list[dict[str, Any]] = []
    with ending():
        require_evals()
        from evals.running import run as measure
        from evals.subjects import Subject, matrix, subject
        from evals.suite import setting, suite, suite_names
        from evals.summary import markdown
        from evals.telling import telling

        measured = [*map(subject, subjects or ()), *(matrix(matrix_file) if matrix_file else ())]
        suites = [suite(name) for name in names or suite_names()]
        for one in measured or [Subject()]:
            with ExitStack() as stack:
                progress = stack.enter_context(telling(console))
                within = stack.enter_context(
                    setting(one, small=small, data=data, grown=grown_folder(), progress=progress)
                )
                for chosen in suites:
                    kept = measure(chosen, within, runs_folder(runs), epochs=epochs)
                    found.append(kept.facts.model_dump(mode="json") | {"sha256": kept.sha256})
                    if not as_json:
                        typer.echo(markdown(kept))
                    console.print(str(kept.folder), markup=False)
    if as_json:
        print_json(found)


@app.command("runs")
def list_runs(runs: Runs = None, as_json: AsJson = False) -> None:
    """The runs that are kept, oldest first."""
    with ending():
        from evals.runs import runs as kept_runs
        from evals.summary import in_words

        found = list(kept_runs(runs_folder(runs)))
    if as_json:
        print_json([r.facts.model_dump(mode="json") | {"sha256": r.sha256} for r in found])
    elif not found:
        console.print("No run is kept yet: 'chargehand eval run routing' makes one.")
    else:
        for r in found:
            first, figure = next(iter(r.facts.figures.items()))
            size = "small, " if r.facts.small else ""
            typer.echo(f"{r.facts.run_id}  {r.facts.subject}  {size}{first} {in_words(figure)}")


@app.command()
def overrides(
    out: Annotated[Path, typer.Option("--out", dir_okay=False, help="The JSONL file to write.")],
    salt: Annotated[
        str | None,
        typer.Option(
            "--salt",
            envvar="CHARGEHAND_EXPORT_SALT",
            help="Keeps pseudonyms the same from export to export; without one, each export has its own.",
        ),
    ] = None,
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only from this day on.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write what people rejected, edited or left out as eval cases, without personal data."""
    from api.database import SET_UP, place
    from evals.overrides import export

    with ending():
        database = place(settings()).database()
        with database.tx(SET_UP, "worker") as tx:
            first = since.replace(tzinfo=UTC) if since else None
            counts = export(tx, out, salt.encode() if salt else token_bytes(32), first)
    if as_json:
        print_json({"file": str(out), "cases": counts})
    elif counts:
        told = ", ".join(f"{n} of {event.replace('_', ' ')}" for event, n in sorted(counts.items()))
        console.print(f"{out}: {told}. Read the free text before you hand it on.", markup=False)
    else:
        console.print("Nobody has rejected, edited or left anything out yet; the file is empty.")


from api.cli import (  # noqa: E402  # commands of this group, on `app`
    eval_baseline,  # noqa: F401
    eval_candidates,  # noqa: F401
    eval_compare,  # noqa: F401
    eval_gate,  # noqa: F401
    eval_grade,  # noqa: F401
    eval_view,  # noqa: F401
)
