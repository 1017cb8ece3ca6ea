"""`chargehand eval gate`: may this be released?"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.console import AsJson, console, ending, print_json
from api.cli.eval_ import Runs, app, own_suites, require_evals, runs_folder
from api.telemetry import configure_logging

if TYPE_CHECKING:
    from evals.baselines import Baseline
    from evals.gate import Held
    from evals.runs import Run
    from evals.subjects import Subject

SHOWN = 20  # rows and cases that are listed; the JSON has them all


@app.command()
def gate(
    suites: Annotated[list[str] | None, typer.Option("--suite", help="All suites if not given.")] = None,
    small: Annotated[bool, typer.Option("--small", help="The part that CI runs.")] = False,
    subject: Annotated[str, typer.Option("--subject", help="What is measured, as for 'run'.")] = "rules",
    baseline: Annotated[
        str,
        typer.Option(help="'shipped' (small parts, by the rules), 'promoted', or a run as for 'compare'."),
    ] = "shipped",
    run_names: Annotated[
        list[str] | None, typer.Option("--run", help="Hold these runs, instead of running suites.")
    ] = None,
    limits_file: Annotated[
        Path | None,
        typer.Option("--limits", exists=True, dir_okay=False, help="YAML, instead of the shipped limits."),
    ] = None,
    baselines: Annotated[
        Path | None, typer.Option("--baselines", file_okay=False, help="Instead of the shipped ones.")
    ] = None,
    write_baselines: Annotated[
        bool, typer.Option("--write-baselines", help="Make what is found the shipped baseline.")
    ] = False,
    runs: Runs = None,
    as_json: AsJson = False,
) -> None:
    """Hold suites against their limits and a baseline. Ends with 1 where a limit is broken, saying which rows
    broke it, and with 2 where that could not be found out."""
    if write_baselines and (not small or subject != "rules" or run_names):
        raise typer.BadParameter("baselines are written of what the rules answer to --small")
    if run_names and (suites or small):
        raise typer.BadParameter("name runs, or what to run")
    configure_logging("console", "warning")
    with ending():
        require_evals()
        from evals.baselines import SHIPPED, write
        from evals.gate import hold
        from evals.limits import GATES, limits
        from evals.subjects import subject as parsed

        shipped_in, folder = baselines or SHIPPED, runs_folder(runs)
        own = own_suites().with_name("gates.yaml")
        allowed = limits(limits_file or GATES, *([own] if own.exists() else []))
        found: list[Held] = []
        for run in (
            _named(run_names, folder) if run_names else _measured(parsed(subject), suites, small, folder)
        ):
            name = run.facts.suite
            held = hold(run, _baseline(baseline, name, folder, shipped_in), allowed.of(name))
            found.append(held)
            if write_baselines:
                console.print(f"written: {write(run, shipped_in)}", markup=False)
            if not as_json:
                typer.echo("\n".join(_lines(held)))
    if as_json:
        print_json([_json(held) for held in found])
    if not write_baselines and not all(held.passed for held in found):
        raise typer.Exit(1)


def _named(names: Sequence[str], folder: Path) -> Iterator["Run"]:
    from evals.runs import find_run

    return (find_run(folder, name) for name in names)


def _measured(subject: "Subject", names: Sequence[str] | None, small: bool, folder: Path) -> Iterator["Run"]:
    from evals.running import run
    from evals.suite import setting, suite, suite_names
    from evals.telling import telling

    suites = [suite(name) for name in names or suite_names()]
    with telling(console) as progress, setting(subject, small=small, progress=progress) as within:
        for one in suites:
            yield run(one, within, folder)


def _baseline(which: str, suite: str, folder: Path, shipped_in: Path) -> "Baseline | None":
    from api.cli.eval_baseline import promoted_run
    from evals.baselines import of_run, shipped
    from evals.runs import find_run

    if which == "shipped":
        return shipped(suite, shipped_in)
    if which == "promoted":
        return of_run(promoted_run(suite, folder))
    return of_run(find_run(folder, which))


def _lines(held: "Held") -> Iterator[str]:
    from evals.summary import in_words

    facts = held.run.facts
    name, figure = next(iter(facts.figures.items()))
    state = "held" if held.passed else "BROKEN"
    against = f"against {held.baseline}" if held.baseline else "without a baseline"
    yield f"{facts.suite}: {state}. {name} {in_words(figure)} of {facts.cases} cases, {against}."
    for told, ids in (
        ("lost", held.lost),
        ("gained", held.gained),
        ("new, not compared", held.new),
        ("gone", held.gone),
    ):
        if ids:
            yield f"  {told}: {len(ids)} ({_listed(ids)})"
    for broken in held.broken:
        yield f"  {broken.limit}: {broken.reason}"
        for row in list(held.rows(broken))[:SHOWN]:
            yield f"    {row.id}: {' '.join(row.text.split())}"
            yield f"      expected {row.expected}; got {row.verdict.got}. {row.verdict.fault}"
        if len(broken.rows) > SHOWN:
            yield f"    ... and {len(broken.rows) - SHOWN} more"


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(ids[:SHOWN]) + (", ..." if len(ids) > SHOWN else "")


def _json(held: "Held") -> dict[str, Any]:
    from evals.compare_words import difference_json

    return {
        "suite": held.run.facts.suite,
        "run": held.run.facts.run_id,
        "subject": held.run.facts.subject,
        "baseline": held.baseline,
        "passed": held.passed,
        "broken": [{"limit": b.limit, "reason": b.reason, "rows": list(b.rows)} for b in held.broken],
        "differences": [difference_json(d) for d in held.differences],
        **{what: list(getattr(held, what)) for what in ("lost", "gained", "new", "gone")},
    }
