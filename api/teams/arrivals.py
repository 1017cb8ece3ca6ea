"""What an activity says: who it is from, where it was said, and the words."""

from dataclasses import dataclass
from typing import Any

from microsoft_teams.api.activities.message.message import MessageActivity
from microsoft_teams.api.models.activity import Activity
from microsoft_teams.apps.utils import to_threaded_conversation_id

from api.chat.accounts import Account
from api.chat.places import Place
from api.teams.connector import Chat
from models.errors import ChargehandError


class Nameless(ChargehandError):
    """Teams did not say who sent this. Write to Chargehand in a chat of your own."""

    status = 422


@dataclass(frozen=True)
class Sender:
    """Who an activity is from."""

    account: Account  # tenant, and object id in its directory
    user_id: str  # in the conversation, as Teams' own calls have it


def sender(activity: Activity, tenant_id: str) -> Sender:
    """Raises Nameless where Teams names no account of the directory, e.g. for another bot."""
    if not activity.from_.aad_object_id:
        raise Nameless
    account = Account("teams", tenant_id, activity.from_.aad_object_id.lower())
    return Sender(account, activity.from_.id)


def chat_of(activity: Activity) -> Chat:
    """The conversation that an answer goes to; in a channel, the thread."""
    return Chat(activity.service_url or "", activity.conversation.id)


def place_of(activity: Activity, tenant_id: str) -> Place:
    channel, _, root = activity.conversation.id.partition(";messageid=")
    return Place(
        surface="teams",
        workspace=tenant_id,
        channel=channel,
        root=root,
        shared=not is_personal(activity),
        service_url=activity.service_url,
    )


def chat_at(place: Place) -> Chat:
    """The conversation of a place."""
    thread = to_threaded_conversation_id(place.channel, place.root) if place.root else place.channel
    return Chat(place.service_url or "", thread)


def is_personal(activity: Activity) -> bool:
    """Whether nobody but the sender reads there."""
    return activity.conversation.conversation_type == "personal"


def words(activity: MessageActivity) -> str:
    """What was said, without who was mentioned."""
    return (activity.model_copy().strip_mentions_text().text or "").strip()


def stored(activity: Activity) -> dict[str, Any]:
    """The activity as JSON, to be kept until it is worked."""
    return activity.model_dump(mode="json", by_alias=True, exclude_none=True)
