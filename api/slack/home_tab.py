"""App Home: published whenever it is opened, filtered, or its reader decided something."""

from typing import Any

from slack_sdk import WebClient

from api.slack import home, members, prose
from api.slack.clients import Workspace
from api.slack.home import Filter
from api.wiring import Application
from models.access import Principal
from models.errors import ChargehandError
from workflow.service import Workflow


def publish(
    app: Application, workspace: Workspace, user_id: str, client: WebClient, chosen: Filter | None = None
) -> None:
    """Show a member their queue; whoever is not known hears how to be."""
    try:
        principal = members.require(app, workspace, user_id, client)
    except ChargehandError as e:
        view: dict[str, Any] = {"type": "home", "blocks": [prose.sentence(e.sentence)]}
    else:
        view = drawn(app.workflow, principal, app.public_url, chosen or Filter())
    client.views_publish(user_id=user_id, view=view)


def drawn(workflow: Workflow, principal: Principal, public_url: str, chosen: Filter) -> dict[str, Any]:
    """The tab through one reader's eyes."""
    kinds = [chosen.kind] if chosen.kind else None
    queue = workflow.inbox(principal, box=chosen.box, kinds=kinds, limit=home.MOST_LINES)
    return home.view(queue, chosen, workflow.waiting(principal), principal.timezone, public_url)
