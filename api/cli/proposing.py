"""What commands share that ask for something to be signed."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import console, print_json

if TYPE_CHECKING:
    from workflow.cards import ProposalCard

Why = Annotated[str, typer.Option(help="Why it should change: those who sign read it.")]
Asker = Annotated[
    str,
    typer.Option("--as", envvar="CHARGEHAND_PERSON", help="Who asks: a person's id, e-mail address or name."),
]


def told(card: "ProposalCard", as_json: bool) -> None:
    """What was proposed, and who signs it."""
    if as_json:
        print_json(card.model_dump(mode="json"))
        return
    console.print(f"Proposed as {card.proposal_id}: {card.title}.", markup=False)
    for step in card.steps:
        names = ", ".join(a.person.name for a in step.approvers)
        console.print(f"  {step.name}: {step.signatures_needed} of {names}", markup=False)
