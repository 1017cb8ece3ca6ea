"""`chargehand`: every command in one place, each a file of its own."""

import typer

from api.cli.lazy import lazy_group

COMMANDS = {
    "demo": "api.cli.demo:demo",
    "serve": "api.cli.serve:serve",
    "copilot": "api.cli.copilot:copilot",
    "worker": "api.cli.worker:worker",
    "migrate": "api.cli.migrate:migrate",
    "import": "api.cli.import_:import_",
    "chat": "api.cli.chat:chat",
    "score": "api.cli.score:app",
    "plan": "api.cli.plan:plan",
    "report": "api.cli.report:app",
    "policy": "api.cli.policy:app",
    "delegation": "api.cli.delegation:app",
    "audit": "api.cli.audit:app",
    "eval": "api.cli.eval_:app",
    "prompt": "api.cli.prompt:app",
    "token": "api.cli.token:app",
    "teams": "api.cli.teams:app",
    "people": "api.cli.people:app",
    "admin": "api.cli.admin:app",
    "webhook": "api.cli.webhook:app",
    "doctor": "api.cli.doctor:doctor",
}

app = typer.Typer(
    cls=lazy_group(COMMANDS),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals hold secrets and personal data
)


@app.callback()
def chargehand() -> None:
    """The operations copilot for professional-services firms."""


def main() -> None:
    app(prog_name="chargehand")


if __name__ == "__main__":
    main()
