"""`chargehand policy`: the approval policies."""

from typing import Annotated

import typer

from api.cli.console import AsJson, console, ending, print_json, settings
from api.cli.policy_tools import PolicyFile, backtest, lint, test
from api.cli.proposing import Asker, Why, told

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Show, check and change approval policies."
)
for tool in (lint, test, backtest):
    app.command()(tool)


@app.command()
def show(
    as_json: AsJson = False,
    shipped: Annotated[
        bool, typer.Option("--shipped", help="The one that ships, as YAML: one to adapt.")
    ] = False,
) -> None:
    """The policy in force."""
    from api.database import SET_UP, place
    from workflow.policies import active, default_text

    if shipped:
        typer.echo(default_text(), nl=False)
        return
    with ending():
        database = place(settings()).database()
        with database.tx(SET_UP, "steward") as tx:
            policy, sha256 = active(tx)
    if as_json:
        print_json({"sha256": sha256, "policy": policy.model_dump(mode="json")})
        return
    typer.echo(f"{policy.name}, version {sha256[:12]}, thresholds in {policy.currency}")
    for rule in policy.rules:
        steps = "; ".join(
            f"{s.name}: {s.signatures} of {', '.join(map(str, s.approvers))}" for s in rule.gate.steps
        )
        typer.echo(f"  {rule.name}: {rule.because}\n    {steps}")


@app.command()
def check(file: PolicyFile) -> None:
    """Whether a policy can be loaded. Exit code 2 with every fault when it cannot."""
    from models.policy import policy_sha
    from models.policy_text import parse_policy

    with ending():
        policy = parse_policy(file.read_text(encoding="utf-8"), file.name)
    console.print(f"{policy.name}: {len(policy.rules)} rules, version {policy_sha(policy)[:12]}")


@app.command()
def load(file: PolicyFile) -> None:
    """Put the first policy of an installation in force; changing it is `propose`."""
    from api.database import SET_UP, place
    from models.policy_text import parse_policy
    from workflow.policies import load as put_in_force

    with ending():
        policy = parse_policy(file.read_text(encoding="utf-8"), file.name)
        database = place(settings()).database()
        with database.tx(SET_UP, "steward") as tx:
            sha256 = put_in_force(tx, policy)
    console.print(f"{policy.name} is in force, version {sha256[:12]}")


@app.command()
def propose(
    file: PolicyFile,
    why: Why,
    person: Asker,
    as_json: AsJson = False,
) -> None:
    """Ask for another policy to take the place of the one in force. It does once others have signed. What is
    proposed already keeps the version it was proposed under."""
    from api.auth.people import principal_of
    from api.database import place
    from models.policy_text import parse_policy
    from workflow.service import Workflow

    with ending():
        policy = parse_policy(file.read_text(encoding="utf-8"), file.name)
        database = place(settings()).database()
        card = Workflow(database).propose_policy(principal_of(database, person, "cli"), policy, why)
    told(card, as_json)
