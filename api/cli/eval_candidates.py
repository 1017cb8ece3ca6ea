"""`chargehand eval candidates` and `leakage`: cases that production gives, and that none of them is known
already."""

from collections.abc import Sequence
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from api.cli.console import AsJson, console, ending, print_json, settings
from api.cli.eval_ import app, grown_folder, require_evals

if TYPE_CHECKING:
    from evals.growing.candidates import Candidate
    from evals.growing.queue import Queue

candidates = typer.Typer(
    no_args_is_help=True, add_completion=False, help="What people overrode, on its way to become cases."
)
app.add_typer(candidates, name="candidates")

Id = Annotated[str, typer.Argument(metavar="CANDIDATE", help="Its id, or how it begins.")]
By = Annotated[str, typer.Option("--by", help="Who reviews.", default_factory=getuser, show_default="you")]
Why = Annotated[str, typer.Option(help="Kept with the candidate.")]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="FIELD=YAML", help="E.g. say='Who is free?' or with={role: Tester}; repeat it."
    ),
]


@candidates.command()
def collect(
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only from this day on.")
    ] = None,
    chat: Annotated[
        bool, typer.Option("--chat", help="Also what people said to the copilot: ask them first.")
    ] = False,
    person: Annotated[
        str | None, typer.Option("--as", help="Who collects; without it, whoever runs this machine.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put what people rejected, edited or left out into the review queue, without personal data. Doing it
    again adds what is new."""
    from api.auth.people import principal_of
    from api.cli.token import OPERATOR
    from api.database import place
    from evals.growing.collecting import collect as collect_into
    from evals.growing.queue import salt_of

    with ending():
        database = place(settings()).database()
        by = principal_of(database, person, "cli") if person else OPERATOR
        first = since.replace(tzinfo=UTC) if since else None
        salt = salt_of(settings().home_directory / "evals" / "salt")
        added = collect_into(database, by, _queue(), salt, first, chat=chat)
        waiting = _queue().all("waiting")
    if as_json:
        print_json({"added": added, "waiting": len(waiting), "flagged": sum(c.flagged for c in waiting)})
    else:
        console.print(
            f"{added} new; {len(waiting)} wait, {sum(c.flagged for c in waiting)} of them may still hold "
            "personal data. 'chargehand eval candidates list' shows them.",
            markup=False,
        )


@candidates.command("list")
def list_(
    state: Annotated[str, typer.Option(help="waiting, accepted, rejected or all.")] = "waiting",
    as_json: AsJson = False,
) -> None:
    """The candidates, the oldest week first."""
    from evals.growing.candidates import State

    states = get_args(State)
    if state not in (*states, "all"):
        raise typer.BadParameter(f"{state!r} is not one of {', '.join(states)}, all", param_hint="--state")
    with ending():
        found = [c for c in _queue().all() if state in ("all", c.state)]
    if as_json:
        print_json([c.model_dump(mode="json") for c in found])
    elif not found:
        console.print("There are none. 'chargehand eval candidates collect' looks for what was overridden.")
    else:
        _table(found)


@candidates.command()
def show(id_: Id, as_json: AsJson = False) -> None:
    """One candidate: what was proposed, what people made of it, why, and what may still be personal."""
    with ending():
        found = _queue().get(id_)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _tell(found)


@candidates.command()
def edit(
    id_: Id,
    by: By,
    fields: Fields = None,
    clear: Annotated[
        bool, typer.Option("--clear", help="What still looks personal is not: you have read it.")
    ] = False,
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Change what a waiting candidate says, or clear it of the suspicion that it names somebody."""
    if not fields and not clear:
        raise typer.BadParameter("name fields with --set, or --clear")
    with ending():
        found = _queue().edit(id_, by, _fields(fields), why=why, clear=clear)
    _done(found, as_json)


@candidates.command()
def accept(
    id_: Id,
    by: By,
    suite: Annotated[str, typer.Option(help="Which suite the case goes to.", prompt=True)],
    fields: Fields = None,
    group: Annotated[
        list[str] | None, typer.Option(metavar="GROUP=VALUE", help="E.g. language=de; repeat it.")
    ] = None,
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Make a case of a candidate. What its draft lacks, such as what should come of it, is given with --set.
    Refused while it may hold personal data, and where a case or what is learnt from says the same."""
    with ending():
        require_evals()
        from evals.growing.accepting import accept as accept_into
        from evals.subjects import Subject
        from evals.suite import setting

        with setting(Subject(), data=None, grown=grown_folder()) as within:
            case = accept_into(
                _queue(), id_, suite, within, by, fields=_fields(fields), groups=_groups(group), why=why
            )
    if as_json:
        print_json(case.model_dump(mode="json"))
    else:
        console.print(f"{case.id} is a case of {suite}: 'chargehand eval run {suite}' runs it.", markup=False)


@candidates.command()
def reject(
    id_: Id,
    by: By,
    why: Annotated[str, typer.Option(help="Why it is no case.", prompt=True)],
    as_json: AsJson = False,
) -> None:
    """Keep a candidate from becoming a case."""
    with ending():
        found = _queue().reject(id_, by, why)
    _done(found, as_json)


@app.command()
def leakage(
    data: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, envvar="CHARGEHAND_DATA", help="Own labelled records."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look for cases that something was fitted to, and for cases that are there twice. Ends with 1 where a
    case leaks."""
    with ending():
        require_evals()
        from evals.growing.leakage import leakage as look
        from evals.subjects import Subject
        from evals.suite import setting

        with setting(Subject(), data=data, grown=grown_folder()) as within:
            found = look(within)
    if as_json:
        print_json([vars(f) for f in found])
    else:
        for f in found:
            typer.echo(f"{f.fault}: {f.one} and {f.other}\n    {f.why}")
        leaks = sum(f.leaks for f in found)
        console.print(f"{leaks} leaks, {len(found) - leaks} duplicates.")
    if any(f.leaks for f in found):
        raise typer.Exit(1)


def _queue() -> "Queue":
    from evals.growing.queue import Queue

    return Queue(settings().home_directory / "evals" / "candidates")


def _fields(given: Sequence[str] | None) -> dict[str, Any]:
    import yaml

    found = {}
    for field in given or ():
        name, equals, value = field.partition("=")
        if not equals:
            raise typer.BadParameter(f"{field!r} has no '='", param_hint="--set")
        found[name.strip()] = _plain(yaml.safe_load(value))
    return found


def _plain(value: Any) -> Any:
    """YAML's dates as the text that JSON has for them."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _groups(given: Sequence[str] | None) -> dict[Any, str]:
    from evals.cases import GroupName

    pairs = dict(group.partition("=")[::2] for group in given or ())
    if unknown := sorted(set(pairs) - set(get_args(GroupName))):
        raise typer.BadParameter(
            f"{unknown[0]!r} is not one of {', '.join(get_args(GroupName))}", param_hint="--group"
        )
    return pairs


def _done(candidate: "Candidate", as_json: bool) -> None:
    if as_json:
        print_json(candidate.model_dump(mode="json"))
    else:
        left = "; ".join(f"'{w.words}': {w.why}" for w in candidate.left)
        console.print(f"{candidate.id} is {candidate.state}. {left}".strip(), markup=False)


def _table(found: "Sequence[Candidate]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("candidate", "week", "what happened", "why", "should have been", "state", box=None)
    for c in found:
        state = "may be personal" if c.flagged and c.state == "waiting" else c.state
        what = f"{c.event.replace('_', ' ')}, {c.kind.replace('_', ' ')}"
        table.add_row(*map(Text, (c.id, c.week, what, f"{c.category}: {c.reason}", c.expected, state)))
    Console(highlight=False).print(table)


def _tell(c: "Candidate") -> None:
    import json

    typer.echo(f"{c.id}: {c.event.replace('_', ' ')} of {c.kind.replace('_', ' ')}, {c.week}, {c.state}")
    for title, text in (("said", c.said), ("reason", f"{c.reason} ({c.category})"), ("expected", c.expected)):
        if text:
            typer.echo(f"{title}: {text}")
    for title, content in (
        ("before", c.before),
        ("after", c.after),
        ("facts", c.facts),
        ("drafts", c.drafts),
    ):
        if content:
            typer.echo(f"{title}: {json.dumps(content, ensure_ascii=False, indent=1)}")
    for w in c.left:
        typer.echo(f"may be personal: '{w.words}' in {w.where}: {w.why}")
    for act in c.history:
        typer.echo(f"{act.act} by {act.by} on {act.at:%Y-%m-%d}{f': {act.why}' if act.why else ''}")
