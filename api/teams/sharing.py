"""Bringing an answer to where it was asked for. What the copilot tells somebody is what that person may see,
so it goes to a chat of their own; whether others read it too is theirs to say."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from microsoft_teams.cards.core import AdaptiveCard
from pydantic import BaseModel, ConfigDict, ValidationError

from api.chat.places import place_of
from api.teams.actions import NotAPress
from api.teams.arrivals import chat_at
from api.teams.connector import Connector
from api.teams.elements import SCHEMA, VERSION, line, press
from api.teams.speech import message
from api.wiring import Application
from models.access import NotFound, Principal

VERB = "share"
SHARED = "{name} shares what I answered:\n\n{text}"


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    thread_id: UUID
    message_id: int


def answer_card(thread_id: UUID, message_id: int) -> AdaptiveCard:
    """Under an answer that only its asker reads."""
    about = {"thread_id": str(thread_id), "message_id": message_id}
    return _card(
        "Only you read this answer: it is what you may see.", [press("Share it where you asked", VERB, about)]
    )


def share(
    app: Application, connector: Connector, principal: Principal, data: Mapping[str, Any]
) -> AdaptiveCard:
    """Put one's own answer where one asked. Raises NotFound for what is not one's own, NotAPress, and as
    `Connector.send`."""
    try:
        asked = _Answer.model_validate(data)
    except ValidationError as e:
        raise NotAPress from e
    said = app.copilot.history(principal, asked.thread_id)
    answer = next((m for m in said if m.message_id == asked.message_id and m.author == "copilot"), None)
    with app.db.tx(principal, "agent") as tx:
        place = place_of(tx, asked.thread_id, "teams")
        if answer is None or place is None:
            raise NotFound(what="answer", id=str(asked.message_id))
        tx.audit("chat.answer_shared", f"thread:{asked.thread_id}", message=asked.message_id)
    connector.send(chat_at(place), message(SHARED.format(name=principal.name, text=answer.text)))
    return _card("You shared this answer.", [])


def _card(said: str, actions: list[Any]) -> AdaptiveCard:
    return AdaptiveCard(
        version=VERSION, ac_schema=SCHEMA, fallback_text=said, body=[line(said)], actions=actions
    )
