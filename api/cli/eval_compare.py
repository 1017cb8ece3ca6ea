"""`chargehand eval compare`: two runs side by side."""

from typing import Annotated

import typer

from api.cli.console import AsJson, ending, print_json
from api.cli.eval_ import Runs, app, require_evals, runs_folder

RUN_NAME = "A run's id, a beginning of it, 'latest', or the path of its folder."


@app.command("compare")
def compare_runs(
    before: Annotated[str, typer.Argument(help=RUN_NAME)],
    after: Annotated[str, typer.Argument(help=RUN_NAME)],
    runs: Runs = None,
    as_json: AsJson = False,
) -> None:
    """What changed from one run of a suite to another, by how much more than chance, for whom, and in which
    cases. The exit code is 0 whatever changed (see 'gate')."""
    with ending():
        require_evals()
        from evals import compare_words
        from evals.compare import compare
        from evals.runs import find_run

        folder = runs_folder(runs)
        found = compare(find_run(folder, before), find_run(folder, after))
    if as_json:
        print_json(compare_words.as_json(found))
    else:
        typer.echo(compare_words.markdown(found))
