"""`chargehand eval label` and `grade`: people's verdicts on answers, and a model's beside them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.console import AsJson, console, ending, print_json
from api.cli.eval_ import Runs, app, require_evals, runs_folder
from models.text.hidden import visible

if TYPE_CHECKING:
    from evals.graded import Graded
    from evals.labels import Item

Rubric = Annotated[str, typer.Option("--rubric", help="faithful or reads_well.")]
Labels = Annotated[
    Path, typer.Option("--labels", dir_okay=False, help="The JSONL file of people's verdicts.")
]
YES, NO, SKIP, QUIT = "y", "n", "s", "q"


@app.command()
def label(
    run: Annotated[str, typer.Argument(metavar="RUN", help="See 'runs'.")],
    labels: Labels,
    by: Annotated[str, typer.Option(help="Your initials, or a pseudonym.")],
    rubric: Rubric = "faithful",
    size: Annotated[int, typer.Option(min=1, help="How many answers to go through.")] = 80,
    runs: Runs = None,
) -> None:
    """Judge answers of a run by a rubric; each verdict is written at once, and judged answers do not come
    again."""
    with ending():
        require_evals()
        from evals.labels import RUBRICS, Label, add_label, drawn, read_labels
        from evals.runs import load_run

        name = _rubric(rubric)
        done = {one.id for one in read_labels(labels, name) if one.by == by} if labels.exists() else set()
        left = [item for item in drawn(load_run(runs_folder(runs), run), size) if item.id not in done]
        typer.echo(f"{RUBRICS[name]}\n{len(left)} answers are left.")
        for number, item in enumerate(left, 1):
            said = _asked(item, f"{number} of {len(left)}")
            if said == QUIT:
                break
            if said != SKIP:
                add_label(labels, Label(**item.model_dump(), rubric=name, by=by, meets=said == YES))


@app.command()
def grade(
    run: Annotated[str, typer.Argument(metavar="RUN", help="See 'runs'.")],
    labels: Labels,
    grader: Annotated[str, typer.Option(help="The model: model=NAME,base_url=URL.")],
    rubric: Rubric = "faithful",
    runs: Runs = None,
    as_json: AsJson = False,
) -> None:
    """Have a model judge a run's answers by a rubric. It is refused without people's labels for that rubric,
    and where the model does not agree with them."""
    with ending():
        require_evals()
        from evals.graded import grade as judged
        from evals.labels import read_labels
        from evals.runs import load_run
        from evals.subjects import subject

        name = _rubric(rubric)
        found = judged(load_run(runs_folder(runs), run), name, subject(grader), read_labels(labels, name))
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        console.print(_words(found), markup=False)


def _rubric(name: str) -> Any:
    from evals.labels import RUBRICS

    if name not in RUBRICS:
        raise typer.BadParameter(f"there is no rubric {name}; there are {', '.join(RUBRICS)}")
    return name


def _asked(item: "Item", place: str) -> str:
    question, answer = visible(item.question), visible(item.answer)  # foreign text may steer the terminal
    typer.echo(f"\n--- {place}\n{question}\n\n--- the answer\n{answer}\n")
    while (said := typer.prompt("Does it meet the rubric? (y, n, s: skip, q: stop)").strip()) not in (
        YES,
        NO,
        SKIP,
        QUIT,
    ):
        pass
    return str(said)


def _words(found: "Graded") -> str:
    from evals.summary import in_words

    agreement = found.agreement
    among = f"; people among themselves: alpha {agreement.alpha:.2f}" if agreement.alpha is not None else ""
    table = "; ".join(
        f"people say {people}, it says {says}: {count}"
        for people, row in agreement.confusion.items()
        for says, count in row.items()
    )
    return (
        f"{found.rubric} of {found.run_id} ({found.subject}), by {found.grader}: {in_words(found.meets)} of "
        f"{found.meets.rows} answers, {found.ungraded} without a verdict.\n"
        f"Agreement with {agreement.people} people on {agreement.kappa.rows} answers: kappa "
        f"{in_words(agreement.kappa)}{among}. {table}."
    )
