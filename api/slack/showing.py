"""Cards of proposals as messages that are drawn anew when the proposal moves, wherever it is decided."""

from datetime import UTC, datetime
from uuid import UUID

from api.chat import posts
from api.chat.inbound import Received
from api.slack import cards, posting
from api.slack.clients import Workspace
from api.slack.posting import Spot
from api.wiring import Application
from models.access import Principal
from workflow.cards import ProposalCard


def show(
    app: Application,
    workspace: Workspace,
    principal: Principal,
    proposal_id: UUID,
    spot: Spot,
    received: Received,
) -> None:
    """Post the card as the principal may see it, where nobody else reads; once for what was received. Raises
    NotFound."""
    drawn_at = datetime.now(UTC)
    card = app.workflow.open_card(principal, proposal_id)
    text, blocks = drawn(card, principal, app.public_url)
    key = f"{received.key}:{proposal_id}"
    ts = posting.post_once(workspace, spot, key, text, blocks, received.received_at)
    with app.db.tx(principal, "agent") as tx:
        posts.record(
            tx,
            card,
            drawn_at=drawn_at,
            surface="slack",
            workspace=workspace.team_id,
            channel=spot.channel,
            reference=ts,
            reader_id=principal.person_id,
        )


def drawn(card: ProposalCard, reader: Principal, public_url: str) -> tuple[str, posting.Blocks]:
    """The text and the blocks of a card for one reader."""
    blocks = cards.card_blocks(card, reader.person_id, reader.timezone, public_url)
    return cards.summary(card), blocks
