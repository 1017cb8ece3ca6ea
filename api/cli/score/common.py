"""What the `chargehand score` commands share: options, reading, progress, kept models, output and exit codes.

A command is

    with ending(rejects), telling() as progress:
        with reading() as read:
            history = read.table(history_path, HISTORY)
            ...
        model = fitted(model_directory, "invoices", VERSION, [history_path], lambda: fit(history))
        write_csv(out, model.predict(...))
        report({"auc": ...}, as_json)

Exit codes: 0 done; 2 bad input, each problem on stderr; 1 bad input, its problems in the `--rejects` file."""

import csv
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from dataclasses import astuple
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO, TypeVar

import typer

from models.errors import BadInput, ChargehandError, Problem

if TYPE_CHECKING:
    import pandas as pd
    from pydantic import BaseModel

    from models.formats.table import TableSpec
    from models.predict.base import Progress

Model = TypeVar("Model")
Record = TypeVar("Record", bound="BaseModel")
Metrics = Mapping[str, "float | int | Mapping[str, float]"]


def input_file(flag: str, what: str) -> Any:
    """A typer option that names a file which must be there."""
    return typer.Option(flag, help=what, exists=True, dir_okay=False, readable=True)


def _beside_something(path: Path) -> Path:
    if not path.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no directory {path.absolute().parent}")
    return path


OutFile = Annotated[
    Path, typer.Option("--out", help="Where the predictions go.", dir_okay=False, callback=_beside_something)
]
ModelDirectory = Annotated[
    Path | None,
    typer.Option(
        "--model",
        file_okay=False,
        help="Keep the fitted model here. A model kept here is used again if it was fitted on the same "
        "files, or if those are left out. Use only directories you trust: models are pickles.",
    ),
]
RejectsFile = Annotated[
    Path | None,
    typer.Option("--rejects", dir_okay=False, help="Write all problems of bad input to this CSV and exit 1."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the metrics as JSON on standard output.")]


@contextmanager
def ending(rejects: Path | None = None) -> Iterator[None]:
    """Ends the command with its exit code when something about its input or its model is wrong."""
    try:
        yield
    except BadInput as error:
        if rejects is None:
            for problem in error.problems:
                typer.echo(str(problem), err=True)
            raise typer.Exit(2) from error
        with replacing(rejects) as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["file", "line", "column", "reason"])
            writer.writerows(astuple(problem) for problem in error.problems)
        typer.echo(f"{len(error.problems)} problems: see {rejects}", err=True)
        raise typer.Exit(1) from error
    except ChargehandError as error:
        typer.echo(error.sentence, err=True)
        raise typer.Exit(2) from error


class Reading:
    """Reads a command's input files, keeping the problems of each until all have been read."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def table(self, path: Path | None, spec: "TableSpec") -> "pd.DataFrame":
        """The table in a CSV file; without rows if there is no file, or anything is wrong with it."""
        import pandas as pd

        from models.formats.table import read_table

        try:
            if path is not None:
                return read_table(path, spec)
        except BadInput as error:
            self.problems += error.problems
        return pd.DataFrame(columns=[c.name for c in spec.columns])

    def jsonl(self, path: Path, record: type[Record], *, key: tuple[str, ...] = ()) -> list[Record]:
        """The records in a JSONL file; none if anything is wrong with it."""
        from models.formats.jsonl import read_jsonl

        try:
            return read_jsonl(path, record, key=key)
        except BadInput as error:
            self.problems += error.problems
            return []

    def rows_needed(self, path: Path | None, rows: Sized, least: int = 1) -> None:
        """Notes a problem where a file that is otherwise good has too few rows."""
        if path and len(rows) < least and not any(p.file == str(path) for p in self.problems):
            reason = f"{len(rows)} rows, at least {least} needed"
            self.problems.append(Problem(str(path), 1, "", reason))


@contextmanager
def reading() -> Iterator[Reading]:
    """Raises one `BadInput` at its end, with the problems of all files read within."""
    reader = Reading()
    yield reader
    if reader.problems:
        raise BadInput(reader.problems)


@contextmanager
def telling() -> Iterator["Progress"]:
    """Shows on stderr how far a computation is: bars on a terminal, a line a step elsewhere."""
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    console = Console(stderr=True)
    tasks: dict[str, TaskID] = {}
    with Bars(console=console, disable=not console.is_terminal) as bars:

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
                if not console.is_terminal:
                    typer.echo(what, err=True)
            bars.update(tasks[what], completed=done, total=total)

        yield tell


def last_day(*columns: "pd.Series[Any]") -> date | None:
    """The newest day of some columns of dates or times; None where there is none."""
    import pandas as pd

    newest = [pd.to_datetime(column, utc=True).max() for column in columns]
    return max((stamp.date() for stamp in newest if pd.notna(stamp)), default=None)


def fitted(
    directory: Path | None,
    task: str,
    version: int,
    sources: Sequence[Path],
    fit: Callable[[], Model],
    until: date | None = None,
) -> Model:
    """The model of a task: one kept in a directory where that will do, else one fitted now and kept there.

    Args:
        directory: where the model is kept, if it is.
        task: the name of what the model does.
        version: of the code that fits it; a model of another version is fitted again.
        sources: the files that `fit` learns from; none where the caller gave none, so a kept model must do.
        until: the last day of what they hold, for the model's card: it tells what the model cannot have seen.

    Raises:
        NoFittedModel, UnusableModel: no sources, and no kept model that will do.
    """
    from models.predict.base import Card, NoFittedModel, load, load_card, save

    if directory is None:
        if not sources:
            raise NoFittedModel("There is nothing to fit a model on, and no --model to take one from.")
        return fit()
    if not sources:
        model: Model = load(directory, task, version)
        return model
    card = Card.of(task, version, sources, until)
    kept = load_card(directory)
    same = kept is not None and (kept.data_hash, kept.until) == (card.data_hash, card.until)
    if kept and same and not kept.stale_because(task, version):
        model = load(directory, task, version)
        typer.echo(f"using the model in {directory}, fitted at {kept.fitted_at}", err=True)
        return model
    model = fit()
    save(model, card, directory)
    typer.echo(f"{'replaced' if kept else 'kept'} the model in {directory}", err=True)
    return model


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """A file to write text to, which takes the place of `path` once it is complete, and never before."""
    if path.exists() and not path.is_file():  # a pipe or a device cannot be replaced
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
        return
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("x", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_csv(path: Path, frame: "pd.DataFrame") -> None:
    """Writes a frame as CSV, without its index, whole or not at all."""
    with replacing(path) as file:
        frame.to_csv(file, index=False, lineterminator="\n")


def write_jsonl(path: Path, records: Iterable["BaseModel | Mapping[str, Any]"]) -> None:
    """Writes records as JSONL, whole or not at all."""
    with replacing(path) as file:
        for record in records:
            plain = record if isinstance(record, Mapping) else record.model_dump(mode="json")
            file.write(json.dumps(plain, ensure_ascii=False) + "\n")


def report(metrics: Metrics, as_json: bool) -> None:
    """Says how good predictions were: for people on stderr, and as JSON on stdout where that is wanted."""
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            typer.echo(f"{name}:", err=True)
            for part, figure in value.items():
                typer.echo(f"  {part:<22} {figure:.4g}", err=True)
        else:
            typer.echo(f"{name:<24} {value:.4g}", err=True)
    if as_json:
        json.dump(metrics, sys.stdout, indent=2)
        sys.stdout.write("\n")
