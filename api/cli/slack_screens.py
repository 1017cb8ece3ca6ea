"""What the demo's people see in Slack, as pages for docs/: the same blocks that Slack gets."""

from collections.abc import Iterator, Mapping

from pydantic import TypeAdapter

from api.auth.people import principal_of
from api.cli import block_kit
from api.cli.demo_stage import Running
from api.slack import cards, home, modals
from workflow.cards import Page, ProposalCard, ProposalSummary

QUEUE = TypeAdapter(Page[ProposalSummary])


def slack_pages(running: Running, ids: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The name of a picture and the page to take it of. `ids`: of the demo's people, by their part."""
    person_id = ids["resource_manager"]
    person = running.persona(person_id)
    zone = principal_of(running.database, person_id, "slack").timezone
    queue = QUEUE.validate_python(person.get("/v1/proposals", box="mine"))
    found = person.get(f"/v1/proposals/{queue.items[0].proposal_id}")
    card = ProposalCard.model_validate(found)
    waiting = len(queue.items)
    yield "slack-home", block_kit.view(home.view(queue, home.Filter(), waiting, zone, running.url))
    yield "slack-card", block_kit.message(cards.card_blocks(card, person_id, zone, running.url))
    yield "slack-edit", block_kit.view(modals.edit(card))
