"""`chargehand audit`: the hash-chained log, and how others check it."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import AsJson, console, ending, print_json, settings

if TYPE_CHECKING:
    from store.db import Database
    from workflow.verify import ChainVerdict

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Verify, anchor, export, read and redact the audit log."
)


def _database() -> "Database":
    from api.database import place

    return place(settings()).database()


@app.command()
def verify(
    anchors: Annotated[
        Path | None, typer.Option(help="The anchors' directory; without it, CHARGEHAND_AUDIT_ANCHORS.")
    ] = None,
    trust: Annotated[
        list[str] | None, typer.Option(help="The id of a key that counts; repeat it. Else all beside them.")
    ] = None,
    since_anchor: Annotated[
        bool, typer.Option("--since-anchor", help="Check rows from the newest anchored entry on only.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check every row, link and personal field, the head, and every anchor. Exit code 1 names what does not
    hold."""
    from api.cli.score.common import telling
    from api.database import SET_UP
    from workflow.verify import verify as verify_chain
    from workflow.verify import verify_with_anchors
    from workflow.verify_export import Unreadable

    found = settings()
    folder, keys = anchors or found.audit_anchors, trust or found.audit_trusted_keys
    if since_anchor and folder is None:
        raise typer.BadParameter("there are no anchors: name their directory", param_hint="--anchors")
    with ending(), telling() as progress, _database().tx(SET_UP, "worker") as tx:
        if folder is None:
            verdict = verify_chain(tx, progress=progress)
        else:
            try:
                verdict = verify_with_anchors(
                    tx,
                    folder.expanduser(),
                    keys,
                    since_anchor=since_anchor,
                    progress=progress,
                )
            except Unreadable as error:
                console.print(f"The anchors cannot be read: {error}.", markup=False, soft_wrap=True)
                raise typer.Exit(2) from error
    if as_json:
        print_json({"whole": verdict.whole, **asdict(verdict)})
    else:
        _tell(verdict, keys_named=bool(keys))
    if not verdict.whole:
        raise typer.Exit(1)


def _tell(verdict: "ChainVerdict", *, keys_named: bool) -> None:
    if verdict.fault:
        says = f"The audit log does not hold at entry {verdict.seq}: {verdict.fault}."
        console.print(says, markup=False, soft_wrap=True)
    for fault in verdict.anchor_faults:
        console.print(f"Anchor {fault.where}: {fault.says}.", markup=False, soft_wrap=True)
    if verdict.whole:
        last = verdict.head.seq if verdict.head else 0
        entries = f"{last} entries" if verdict.first == 1 else f"entries {verdict.first} to {last}"
        beside = "" if verdict.anchors is None else f", {verdict.anchors} anchors hold"
        console.print(f"The audit log is whole: {entries}{beside}.")
    if verdict.anchors in (None, 0):
        console.print("Without anchors this does not show a log that was written anew.", style="dim")
    elif not keys_named:
        console.print(
            "The keys were taken from beside the anchors, where whoever forges one can put their own. "
            "Name those that count with --trust, or in CHARGEHAND_AUDIT_TRUSTED_KEYS.",
            style="dim",
        )


@app.command()
def show(
    subject: str = typer.Argument(help="What it is about, e.g. proposal:ID"), as_json: AsJson = False
) -> None:
    """Everything that was recorded about one thing, oldest first."""
    from api.database import SET_UP

    with ending(), _database().tx(SET_UP, "worker") as tx:
        events = tx.records("audit.of_subject", subject=subject)
    if as_json:
        print_json(events)
        return
    if not events:
        console.print(f"Nothing is recorded about {subject}.", markup=False, soft_wrap=True)
    for e in events:
        typer.echo(
            f"{e['seq']:>8}  {e['at']:%Y-%m-%d %H:%M:%S}  {e['actor']} ({e['surface']})  {e['action']}"
        )


@app.command()
def who(
    person: Annotated[str, typer.Argument(help="A person's id.")],
    as_json: AsJson = False,
) -> None:
    """What the log holds of a person: what they did, what was done about them, and how much free text is
    left that could be redacted."""
    from api.database import SET_UP

    with ending(), _database().tx(SET_UP, "worker") as tx:
        found = tx.records("audit.about_person", person_id=person)
    if as_json:
        print_json(found)
        return
    if not found:
        console.print(f"The log holds nothing of {person}.", markup=False, soft_wrap=True)
    for e in found:
        did = "did" if e["by_them"] else "about them"
        typer.echo(
            f"{e['entries']:>7}  {did:<10}  {e['action']:<28}  {e['first']:%Y-%m-%d} to {e['last']:%Y-%m-%d}"
            f"  {e['personal']} personal fields"
        )


@app.command()
def key(
    file: Annotated[Path, typer.Argument(help="Where the private key is written; it must not be there.")],
) -> None:
    """Make a pair of keys for signing anchors. A later key takes over when the settings name its file: each
    anchor says whose it is, and the public keys stay beside the anchors."""
    from workflow.anchors import put
    from workflow.signing import SigningKey

    made = SigningKey.generate()
    try:
        put(file, made.pem.encode(), mode=0o600)
    except OSError as error:
        console.print(f"{file} cannot be written: {error.strerror}", markup=False, soft_wrap=True)
        raise typer.Exit(2) from error
    console.print("The private key is written. Its id, for those who check, and its public key:")
    typer.echo(made.id)
    typer.echo(made.public_pem, nl=False)


@app.command()
def anchor(as_json: AsJson = False) -> None:
    """Write a signed anchor of the newest entry now. The worker does it by the clock."""
    from datetime import UTC, datetime

    from api.jobs.audit import anchor_now, anchors_folder

    found = settings()
    with ending():
        name = anchor_now(_database(), found, datetime.now(UTC))
        path = anchors_folder(found) / name
    if as_json:
        print_json({"anchor": str(path)})
    else:
        typer.echo(path)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="The JSONL file to write.")],
    from_: Annotated[int, typer.Option("--from", min=1, help="The first entry.")] = 1,
    to: Annotated[int | None, typer.Option(min=1, help="The last entry; without it, the newest.")] = None,
    personal: Annotated[
        bool, typer.Option("--personal", help="With what people wrote; without it, only its hashes.")
    ] = False,
) -> None:
    """Export entries exactly as they were hashed. `audit verifier` prints the program that checks them."""
    from api.cli.score.common import telling
    from api.database import SET_UP
    from workflow.export import export as write_export

    with ending(), telling() as progress, _database().tx(SET_UP, "worker") as tx:
        count = write_export(tx, file, first=from_, last=to, personal=personal, progress=progress)
    console.print(f"{count} entries are in {file}.", markup=False, soft_wrap=True)


@app.command()
def verifier() -> None:
    """Print the stand-alone program that checks an export and its anchors: one file, Python only."""
    from workflow import verify_export

    typer.echo(Path(verify_export.__file__).read_text(encoding="utf-8"), nl=False)


@app.command()
def redact(
    reason: Annotated[str, typer.Option(help="Why; kept in the log.")],
    subject: Annotated[
        str | None,
        typer.Option(help="Entries about it, e.g. person:ID; of a person also what they wrote themselves."),
    ] = None,
    entry: Annotated[int | None, typer.Option(min=1, help="The number of one entry.")] = None,
) -> None:
    """Forget what people wrote, for good. The entries and the chain stay as they are."""
    from api.cli.token import OPERATOR
    from workflow.redaction import redact as forget

    with ending(), _database().tx(OPERATOR, "steward") as tx:
        count = forget(tx, about=subject, entry=entry, reason=reason)
    console.print(f"{count} personal fields are redacted.")


@app.command()
def retain(
    days: Annotated[int, typer.Option(min=30, help="Keep what is younger than so many days.")],
) -> None:
    """Forget what people wrote longer ago. With CHARGEHAND_AUDIT_RETAIN_DAYS the worker does it nightly."""
    from api.cli.token import OPERATOR
    from workflow.redaction import retain as forget

    with ending(), _database().tx(OPERATOR, "worker") as tx:
        count = forget(tx, days)
    console.print(f"{count} personal fields are redacted.")
