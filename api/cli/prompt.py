"""`chargehand prompt`: the versions of the prompts, and which is in force."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from api.cli.console import AsJson, console, ending, print_json, settings
from api.cli.eval_ import Runs, require_evals, runs_folder
from api.cli.proposing import Asker, Why, told
from models.errors import ChargehandError, Retry

if TYPE_CHECKING:
    from prompts.loader import Prompt

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Show, compare, check and promote prompt versions."
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="See 'list', e.g. copilot.")]


class UnknownPrompt(ChargehandError):
    """There is no prompt {name} with that version; list them with 'chargehand prompt list'."""

    status = 404
    retry: ClassVar[Retry] = "with a fix"


@app.command("list")
def list_prompts(as_json: AsJson = False) -> None:
    """The prompts, their versions, which is in force, and the suites that test them."""
    with ending():
        from prompts.loader import load, names, versions

        suites, in_force = _suites(), _in_force()
        if as_json:
            print_json(
                [
                    _json(in_force[name])
                    | {"name": name, "versions": versions(name), "suites": suites.get(name, [])}
                    | {"ships": load(name).label}
                    for name in names()
                ]
            )
            return
        for name in names():
            prompt, there = in_force[name], ", ".join(f"v{version}" for version in versions(name))
            since = "as it ships" if prompt == load(name) else "promoted"
            tested = ", ".join(suites.get(name, [])) or "no suite: it cannot be promoted"
            typer.echo(f"{name}: {there}; in force {prompt.label}, {since}")
            typer.echo(f"  owner {prompt.owner}; tested by {tested}")


@app.command()
def show(
    name: Name,
    version: Annotated[int | None, typer.Argument(min=1, help="The one in force if not given.")] = None,
    as_json: AsJson = False,
) -> None:
    """The text of a version, its owner and its change log."""
    with ending():
        prompt = _prompt(name, version)
    if as_json:
        print_json(_json(prompt) | {"text": prompt.text})
        return
    console.print(f"{prompt.label}, owner {prompt.owner}", markup=False)
    for number, what in sorted(prompt.changelog.items(), reverse=True):
        console.print(f"  {number}: {what}", markup=False)
    typer.echo(prompt.text)


@app.command("diff")
def show_diff(
    name: Name,
    before: Annotated[int, typer.Argument(min=1, metavar="A")],
    after: Annotated[int, typer.Argument(min=1, metavar="B")],
    html: Annotated[
        Path | None, typer.Option("--html", dir_okay=False, help="Also as a page that needs nothing else.")
    ] = None,
    runs: Runs = None,
    as_json: AsJson = False,
) -> None:
    """What differs between two versions, by line and word, with what the kept runs say of each."""
    with ending():
        from prompts.diff import diff, plain

        pair = _prompt(name, before), _prompt(name, after)
        lines = diff(pair[0].content, pair[1].content)
        figures = [_figures(prompt, runs_folder(runs)) for prompt in pair]
        if html:
            from api.cli.prompt_page import page

            html.write_text(page(pair[0], pair[1], lines, figures[0], figures[1]), encoding="utf-8")
    if as_json:
        print_json(
            {
                "before": _json(pair[0]) | {"figures": figures[0]},
                "after": _json(pair[1]) | {"figures": figures[1]},
                "lines": [
                    {"kind": line.kind, "parts": [[part.text, part.differs] for part in line.parts]}
                    for line in lines
                ],
            }
        )
        return
    typer.echo(plain(lines) or "The two are the same.")
    for prompt, found in zip(pair, figures, strict=True):
        for suite, figure in found.items():
            typer.echo(f"{prompt.label}, {suite}: {figure}")


@app.command()
def check(as_json: AsJson = False) -> None:
    """What is wrong with the prompts as files. Exit code 1 when a released one was edited, has no owner, or
    its change log does not name it."""
    with ending():
        from prompts.checks import faults

        found = faults(_suites())
    if as_json:
        print_json([vars(fault) for fault in found])
    else:
        for fault in found:
            typer.echo(f"{fault.severity}: {fault.prompt}: {fault.says}")
    if any(fault.severity == "error" for fault in found):
        raise typer.Exit(1)


@app.command()
def propose(
    name: Name,
    version: Annotated[int, typer.Argument(min=1)],
    run: Annotated[str, typer.Option("--run", help="The run that speaks for it, as for 'eval compare'.")],
    why: Why,
    person: Asker,
    runs: Runs = None,
    as_json: AsJson = False,
) -> None:
    """Ask for a version to be put in force. It is once others have signed, from the next turn on."""
    with ending():
        require_evals()
        from api.auth.people import principal_of
        from api.database import SET_UP, place
        from evals.promoting import prompt_promotion
        from evals.runs import find_run
        from workflow.in_force import standing, was_in_force
        from workflow.service import Workflow

        prompt, folder = _prompt(name, version), runs_folder(runs)
        database = place(settings()).database()
        with database.tx(SET_UP, "steward") as tx:
            now = standing(tx, "prompt", name)
            returns = was_in_force(tx, "prompt", name, prompt.sha256)
        assert now is not None  # a prompt that is there ships in some version
        action = prompt_promotion(
            prompt, now, find_run(folder, run), folder, returns=returns, why=why, now=datetime.now(UTC)
        )
        card = Workflow(database).propose_version(principal_of(database, person, "cli"), action)
    told(card, as_json)


def _prompt(name: str, version: int | None) -> "Prompt":
    """Raises UnknownPrompt."""
    from prompts.loader import load

    try:
        return load(name, version) if version else _in_force()[name]
    except KeyError:
        raise UnknownPrompt(name=name) from None


def _in_force() -> Mapping[str, "Prompt"]:
    from api.database import SET_UP, place
    from prompts.loader import names
    from workflow.in_force import prompt_in_force

    database = place(settings()).database()
    with database.tx(SET_UP, "steward") as tx:
        return {name: prompt_in_force(tx, name) for name in names()}


def _suites() -> dict[str, list[str]]:
    """By prompt, the suites that say they test it."""
    require_evals()
    from evals.suite import cards

    found: dict[str, list[str]] = {}
    for suite, card in cards().items():
        for prompt in card.prompts:
            found.setdefault(prompt, []).append(suite)
    return found


def _figures(prompt: "Prompt", folder: Path) -> dict[str, str]:
    """What the newest run by this version says, by suite."""
    require_evals()
    from evals.promoting import runs_of, suites_of
    from evals.summary import in_words

    found: dict[str, str] = {}
    for run in runs_of(prompt, folder, suites_of(prompt.name)):
        metric, figure = next(iter(run.facts.figures.items()))
        said = f"{metric} {in_words(figure)}, {run.facts.cases} cases, run {run.facts.run_id}"
        found.setdefault(run.facts.suite, said)
    return found


def _json(prompt: "Prompt") -> dict[str, Any]:
    return {
        "label": prompt.label,
        "owner": prompt.owner,
        "changelog": prompt.changelog,
        "sha256": prompt.sha256,
    }
