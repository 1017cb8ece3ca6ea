"""`chargehand eval view` and `chargehand eval leaderboard`: kept runs as pages, and the subjects in their
order."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import AsJson, console, ending, print_json
from api.cli.eval_ import Runs, app, require_evals, runs_folder

if TYPE_CHECKING:
    from evals.leaderboard import Board
    from evals.runs import Run

InForce = Annotated[
    bool, typer.Option("--in-force", help="Mark the promoted baselines, which the database knows.")
]
NONE_YET = "No run is kept yet: 'chargehand eval run routing' makes one."


@app.command()
def view(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN]...", help="One to look at, or two to compare: before and after."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", file_okay=False, help="Write the pages here instead of serving them."),
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open it in a browser.")] = True,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes any free one.")] = 0,
    in_force: InForce = False,
    runs: Runs = None,
) -> None:
    """See runs: figures, differences, and every failing row from chat to tool to proposal."""
    if len(names or ()) > 2:
        raise typer.BadParameter("name one run, or two to compare")
    folder = runs_folder(runs)
    with ending():
        require_evals()
        from evals.runs import find_run

        chosen = [find_run(folder, name) for name in names or ()]
        if out is not None:
            _write(out, folder, chosen, _baselines(in_force))
        else:
            _serve(folder, chosen, port, browser, _baselines(in_force))


@app.command()
def leaderboard(in_force: InForce = False, runs: Runs = None, as_json: AsJson = False) -> None:
    """The subjects of each suite beside one another, on the same cases only, the best first."""
    with ending():
        require_evals()
        from evals.leaderboard import boards
        from evals.runs import runs as kept_runs

        found = boards(kept_runs(runs_folder(runs)), _baselines(in_force))
    if as_json:
        print_json([board.as_json() for board in found])
    elif not found:
        console.print(NONE_YET)
    else:
        typer.echo("\n\n".join(_told(board) for board in found))


def _baselines(in_force: bool) -> dict[str, str]:
    """The sha256 of the promoted run, by suite."""
    from api.cli.eval_baseline import promoted

    return {p.name: p.run_sha256 for p in promoted()} if in_force else {}


def _told(board: "Board") -> str:
    from evals.pages.words import figure

    size = ", small runs" if board.small else ""
    lines = [f"{board.suite}{size}, by {board.metric.name} (cases {board.cases_sha256[:12]})"]
    for place, standing in enumerate(board.standings, 1):
        further = f", newest of {len(standing.runs)} runs" if len(standing.runs) > 1 else ""
        baseline = ", baseline in force" if standing.baseline else ""
        words = figure(standing.figure, board.metric.unit)
        facts = standing.newest.facts
        lines.append(f"{place:>3}. {facts.subject}: {words}{further}{baseline}  {facts.run_id}")
    return "\n".join(lines)


def _write(out: Path, folder: Path, chosen: "list[Run]", baselines: Mapping[str, str]) -> None:
    from evals.pages.site import write
    from evals.runs import runs as kept_runs

    shown = chosen or list(kept_runs(folder))
    pairs = [(chosen[0], chosen[1])] if len(chosen) == 2 else []
    for path in write(out, shown, pairs, baselines):
        console.print(str(path), markup=False)


def _serve(folder: Path, chosen: "list[Run]", port: int, browser: bool, baselines: Mapping[str, str]) -> None:
    import webbrowser

    from api.cli.eval_site import site
    from api.server import bound, run
    from evals.pages.rendering import comparison_file, run_file

    ids = [one.facts.run_id for one in chosen]
    at = comparison_file(*ids) if len(ids) == 2 else run_file(*ids) if ids else "index.html"
    listener = bound("127.0.0.1", port)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/{at}"
    with site(folder, chosen, baselines) as application:
        console.print(f"Serving on {address}; Ctrl-C ends it.", markup=False)
        if browser:
            webbrowser.open(address)
        run(application, listener)
