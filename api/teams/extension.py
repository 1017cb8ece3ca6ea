"""The message extension: proposals that somebody may see, to bring into a conversation; and a message of a
conversation, to make a change request of."""

from typing import Any

from markupsafe import Markup
from microsoft_teams.api.activities.invoke.message_extension.fetch_task import (
    MessageExtensionFetchTaskInvokeActivity,
)
from microsoft_teams.api.activities.invoke.message_extension.query import (
    MessageExtensionQueryInvokeActivity,
)
from microsoft_teams.api.activities.invoke.message_extension.submit_action import (
    MessageExtensionSubmitActionInvokeActivity,
)
from microsoft_teams.api.models.activity import Activity
from microsoft_teams.api.models.attachment.attachment import Attachment
from microsoft_teams.api.models.card.card_action import CardAction
from microsoft_teams.api.models.card.card_action_type import CardActionType
from microsoft_teams.api.models.messaging_extension import (
    MessagingExtensionActionResponse,
    MessagingExtensionAttachment,
    MessagingExtensionResponse,
    MessagingExtensionResult,
    MessagingExtensionResultType,
    MessagingExtensionSuggestedAction,
)
from microsoft_teams.api.models.messaging_extension.messaging_extension_attachment_layout import (
    MessagingExtensionAttachmentLayout,
)
from microsoft_teams.api.models.task_module import (
    CardTaskModuleTaskInfo,
    TaskModuleContinueResponse,
    TaskModuleMessageResponse,
)
from microsoft_teams.cards.core import AdaptiveCard, Choice, ChoiceSetInput, SubmitAction

from api.chat.commands import link_url
from api.chat.inbound import Inbound
from api.hidden import visible
from api.teams.arrivals import Sender, chat_of, sender, stored
from api.teams.cards import View, shared_card
from api.teams.elements import LONGEST_TEXT, SCHEMA, VERSION, area, line
from api.teams.identity import Identity
from api.teams.registration import Registration
from api.wiring import Application
from api.wording import KINDS, STATES
from models.access import Principal, require
from models.errors import ChargehandError
from workflow.cards import ProposalSummary

SEARCH, CHANGE_REQUEST = "proposals", "change_request"  # commands of the manifest
LISTED = 10
PROJECTS = 50
WORKING = "I am working on it. The answer comes to your chat with me."
LINK_FIRST = "I do not know whose account this is. Write to me in a chat of your own first."

CARD = "application/vnd.microsoft.card.adaptive"
PREVIEW = "application/vnd.microsoft.card.thumbnail"


class Extension:
    """Blocking, from any thread."""

    def __init__(
        self, app: Application, inbound: Inbound, registration: Registration, identity: Identity
    ) -> None:
        self._app, self._inbound = app, inbound
        self._registration, self._identity = registration, identity

    def query(self, activity: MessageExtensionQueryInvokeActivity) -> MessagingExtensionResponse:
        """Proposals with these words in their title."""
        who, principal = self._caller(activity)
        if principal is None:
            return MessagingExtensionResponse(compose_extension=self._link(who))
        said = next((p.value for p in activity.value.parameters or () if p.name == "text"), "")
        try:
            require(principal, "proposals.read")
            found = self._app.workflow.inbox(
                principal, box="all", text=str(said or "")[:200] or None, limit=LISTED
            ).items
        except ChargehandError as error:
            told = MessagingExtensionResult(
                type=MessagingExtensionResultType.MESSAGE, text=visible(error.sentence)
            )
            return MessagingExtensionResponse(compose_extension=told)
        return MessagingExtensionResponse(
            compose_extension=MessagingExtensionResult(
                type=MessagingExtensionResultType.RESULT,
                attachment_layout=MessagingExtensionAttachmentLayout.LIST,
                attachments=[self._listed(principal, one) for one in found],
            )
        )

    def open(self, activity: MessageExtensionFetchTaskInvokeActivity) -> MessagingExtensionActionResponse:
        """The form that makes a change request of a message."""
        _, principal = self._caller(activity)
        if principal is None:
            return _told(LINK_FIRST)
        try:
            require(principal, "change.propose")
        except ChargehandError as error:
            return _told(error.sentence)
        with self._app.db.tx(principal, "agent") as tx:
            projects = tx.records("teams.projects", limit=PROJECTS)
        if not projects:
            return _told("You see no project that a change could be requested for.")
        form = _form(projects, _text_of(activity))
        return MessagingExtensionActionResponse(
            task=TaskModuleContinueResponse(
                value=CardTaskModuleTaskInfo(
                    title="Change request",
                    height="medium",
                    width="medium",
                    card=Attachment(content_type=CARD, content=form),
                )
            )
        )

    def submit(
        self, activity: MessageExtensionSubmitActionInvokeActivity
    ) -> MessagingExtensionActionResponse:
        """Keep what the form says; the copilot takes it from there."""
        _, principal = self._caller(activity)
        data: dict[str, Any] = activity.value.data if isinstance(activity.value.data, dict) else {}
        text = str(data.get("text", "")).strip()[:LONGEST_TEXT]
        if principal is None or not text:
            return _told(LINK_FIRST if principal is None else "There is no text to make a request of.")
        with self._app.db.tx(principal, "agent") as tx:
            projects = tx.records("teams.projects", limit=PROJECTS)
        project = next((p for p in projects if p["project_id"] == data.get("project")), None)
        if project is None:
            return _told("Choose a project.")
        asked = stored(activity) | {
            "text": f"The client of {project['name']} asks: {text}\nIs that in scope?"
        }
        self._inbound.take(
            "teams",
            self._registration.tenant_id,
            f"{activity.conversation.id}/{activity.id}",
            "change_request",
            asked,
            ordering=f"person:{principal.person_id}",
        )
        return _told(WORKING)

    def _caller(self, activity: Activity) -> tuple[Sender, Principal | None]:
        """Raises SurfaceDown."""
        who = sender(activity, self._registration.tenant_id)
        return who, self._identity.of(who, chat_of(activity))

    def _listed(self, principal: Principal, found: ProposalSummary) -> MessagingExtensionAttachment:
        """What is brought into the conversation says nothing of the proposal: each reader gets a card of
        their own. The preview is for the searcher's eyes alone."""
        view = View(principal.timezone, self._app.public_url)
        preview = {
            "title": visible(found.title),
            "text": visible(f"{KINDS[found.action_kind]}: {STATES[found.state]}"),
        }
        return MessagingExtensionAttachment(
            content_type=CARD,
            content=shared_card(found.proposal_id, view),
            preview=Attachment(content_type=PREVIEW, content=preview),
        )

    def _link(self, who: Sender) -> MessagingExtensionResult:
        button = CardAction(
            type=CardActionType.OPEN_URL, title="Link your account", value=link_url(self._app, who.account)
        )
        return MessagingExtensionResult(
            type=MessagingExtensionResultType.AUTH,
            suggested_actions=MessagingExtensionSuggestedAction(actions=[button]),
        )


def _form(projects: list[dict[str, Any]], text: str) -> AdaptiveCard:
    listed = [Choice(title=visible(p["name"]), value=p["project_id"]) for p in projects]
    return AdaptiveCard(
        version=VERSION,
        ac_schema=SCHEMA,
        body=[
            line("I compare it with the contract, and price it where it is not in scope."),
            ChoiceSetInput(
                id="project",
                label="Project",
                choices=listed,
                style="compact",
                is_required=True,
                error_message="A project is needed.",
            ),
            area("text", "What the client asks for", text),
        ],
        actions=[SubmitAction(title="Check it", data={})],
    )


def _text_of(activity: MessageExtensionFetchTaskInvokeActivity) -> str:
    """The words of the message that the command was chosen on."""
    message = activity.value.message_payload
    body = message.body if message else None
    if body is None:
        return ""
    said = body.content or ""
    text = Markup(said).striptags() if body.content_type != "text" else said
    return str(body.text_content or text)[:LONGEST_TEXT]


def _told(said: str) -> MessagingExtensionActionResponse:
    return MessagingExtensionActionResponse(task=TaskModuleMessageResponse(value=visible(said)))
