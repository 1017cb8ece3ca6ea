"""`chargehand score`: the batch commands of the predictive models. They need no service and no database."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

# Each command is the function `command` of its module in this package.
COMMANDS = {
    "invoices": "invoices",
    "time": "timesheets",
    "risk": "risk",
    "clauses": "clauses",
    "terms": "terms",
    "staffing": "staffing",
    "bench": "bench",
    "routing": "routing",
}


class LazyGroup(TyperGroup):
    """Imports a command's module when it is asked for, so that other commands need not wait for it."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        single = typer.Typer(add_completion=False)
        single.command(cmd_name)(import_module(f"{__name__}.{COMMANDS[cmd_name]}").command)
        return typer.main.get_command(single)


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False)


@app.callback()
def score() -> None:
    """Fit a model on what is given, predict, and write the predictions to a file."""
