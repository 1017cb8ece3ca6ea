"""How commands speak: plain words on stderr for people, JSON on stdout for machines, and one way to end on an
error that a user can act on."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from api.settings import Settings
from models.errors import BadInput, ChargehandError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]

console = Console(stderr=True, highlight=False)


@contextmanager
def ending() -> Iterator[None]:
    """Ends the command with exit code 2 and the error's sentence when something is wrong with what it was
    given or with the set-up."""
    try:
        yield
    except BadInput as error:
        for problem in error.problems:
            console.print(str(problem), markup=False)
        raise typer.Exit(2) from error
    except ChargehandError as error:
        console.print(error.sentence, markup=False)
        raise typer.Exit(2) from error


def settings() -> Settings:
    """The settings of the environment; ends the command when they are wrong."""
    try:
        return Settings()
    except ValidationError as error:
        for fault in error.errors():
            name = ".".join(str(part) for part in fault["loc"]).upper()
            console.print(f"CHARGEHAND_{name}: {fault['msg']}", markup=False)
        raise typer.Exit(2) from error


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")
