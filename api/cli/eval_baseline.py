"""`chargehand eval baseline`: which run a suite is held against, by whose signature."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from api.cli.console import AsJson, ending, print_json, settings
from api.cli.eval_ import Runs, app, require_evals, runs_folder
from api.cli.proposing import Asker, Why, told
from models.errors import ChargehandError, Retry

if TYPE_CHECKING:
    from evals.runs import Run
    from workflow.in_force import Promotion

baseline = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Show and promote the runs that suites are held against."
)
app.add_typer(baseline, name="baseline")


class NoBaseline(ChargehandError):
    """No baseline of {suite} was promoted yet: propose one with 'chargehand eval baseline propose RUN'."""

    status = 404
    retry: ClassVar[Retry] = "with a fix"


class NotTheBaseline(ChargehandError):
    """The run {run} that is kept in {folder} is not the one that was promoted: its sha256 is {found}, not
    {expected}. Fetch the one that was, or promote another."""

    status = 409
    retry: ClassVar[Retry] = "with a fix"


def promoted_run(suite: str, folder: Path) -> "Run":
    """The run that is the promoted baseline of a suite, from among the runs kept in `folder`. Raises
    NoBaseline, UnknownRun, RunAltered, NotTheBaseline."""
    from evals.runs import load_run

    found = next((p for p in promoted() if p.name == suite), None)
    if found is None:
        raise NoBaseline(suite=suite)
    run = load_run(folder, found.run_id)
    if run.sha256 != found.run_sha256:
        raise NotTheBaseline(
            run=run.facts.run_id, folder=folder, found=run.sha256[:12], expected=found.run_sha256[:12]
        )
    return run


@baseline.command()
def show(as_json: AsJson = False) -> None:
    """The promoted baseline of each suite."""
    with ending():
        found = promoted()
    if as_json:
        print_json([_json(p) for p in found])
    elif not found:
        typer.echo("No baseline was promoted yet: 'chargehand eval baseline propose RUN' asks for one.")
    for p in found if not as_json else ():
        typer.echo(
            f"{p.name}: run {p.run_id} ({p.run_sha256[:12]}), since {p.promoted_at:%Y-%m-%d}, "
            f"proposal {p.proposal_id}"
        )


@baseline.command()
def propose(
    run: Annotated[str, typer.Argument(metavar="RUN", help="As for 'eval compare'.")],
    why: Why,
    person: Asker,
    runs: Runs = None,
    as_json: AsJson = False,
) -> None:
    """Ask for a run to become its suite's baseline. It does once others have signed."""
    with ending():
        require_evals()
        from api.auth.people import principal_of
        from api.database import SET_UP, place
        from evals.promoting import baseline_promotion
        from evals.runs import find_run
        from workflow.in_force import standing, was_in_force
        from workflow.service import Workflow

        folder = runs_folder(runs)
        chosen = find_run(folder, run)
        suite = chosen.facts.suite
        database = place(settings()).database()
        with database.tx(SET_UP, "steward") as tx:
            now = standing(tx, "baseline", suite)
            returns = was_in_force(tx, "baseline", suite, chosen.sha256)
        action = baseline_promotion(chosen, now, folder, returns=returns, why=why, now=datetime.now(UTC))
        card = Workflow(database).propose_version(principal_of(database, person, "cli"), action)
    told(card, as_json)


def promoted() -> "list[Promotion]":
    """The baselines in force, one for each suite that has one, as the database knows them."""
    from api.database import SET_UP, place
    from workflow.in_force import history

    with place(settings()).database().tx(SET_UP, "steward") as tx:
        newest_last = {p.name: p for p in reversed(history(tx, "baseline"))}
    return [p for _, p in sorted(newest_last.items())]


def _json(p: "Promotion") -> dict[str, Any]:
    return {
        "suite": p.name,
        "run_id": p.run_id,
        "sha256": p.run_sha256,
        "proposal_id": str(p.proposal_id),
        "promoted_at": p.promoted_at.isoformat(),
    }
