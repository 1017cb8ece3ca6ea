"""`chargehand score`: the batch commands of the predictive models. They need no service and no database."""

import typer

from api.cli.lazy import lazy_group

# Each command is the function `command` of its module in this package.
MODULES = {
    "invoices": "invoices",
    "time": "timesheets",
    "risk": "risk",
    "clauses": "clauses",
    "terms": "terms",
    "staffing": "staffing",
    "bench": "bench",
    "routing": "routing",
}
COMMANDS = {name: f"{__name__}.{module}:command" for name, module in MODULES.items()}

app = typer.Typer(cls=lazy_group(COMMANDS), no_args_is_help=True, add_completion=False)


@app.callback()
def score() -> None:
    """Fit a model on what is given, predict, and write the predictions to a file."""
