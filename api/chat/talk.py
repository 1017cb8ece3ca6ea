"""A turn of a conversation that outlives the process that asked for it. The copilot, a process of its own,
goes on when nobody reads and keeps what it says: who comes back looks there before asking again."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from agents.conversations import Message
from agents.events import Answered, Asked, Event
from api.auth.people import GATE
from api.chat.inbound import Received
from api.wiring import Application
from models.access import Principal

WAIT_S = 75.0  # for a turn that another process began: its budget is 60 s
LOOK_EVERY_S = 0.5
INTERRUPTED = "I was interrupted while I worked on this. What I had proposed by then is below."


def converse(
    app: Application, principal: Principal, thread_id: UUID, received: Received, text: str
) -> Iterator[Event]:
    """The events of a turn, as `RemoteCopilot.turn` has them; safe to repeat for what was received once.
    Raises what that raises."""
    with app.db.tx(principal, "agent") as tx:
        newest = int(tx.value("chat.newest_message", thread_id=thread_id))
    with app.db.tx(GATE, "gate") as tx:
        before = int(tx.value("chat.begin_turn", inbound_id=received.inbound_id, message_before=newest))
    if before < newest and (kept := _kept(app, principal, thread_id, received, before)):
        yield kept
        return
    yield from app.copilot.turn(principal, thread_id, text)


def _kept(
    app: Application, principal: Principal, thread_id: UUID, received: Received, before: int
) -> Answered | Asked | None:
    """What an earlier attempt came to; None where it came to nothing."""
    said = _since(app, principal, thread_id, before)
    if not said:
        return None  # the copilot never heard it
    ends = time.monotonic() + WAIT_S
    while not (answer := next((m for m in said if m.author == "copilot"), None)):
        if time.monotonic() > ends:
            return _proposed(app, principal, thread_id, received, said[-1].message_id)
        time.sleep(LOOK_EVERY_S)
        said = _since(app, principal, thread_id, before)
    return told(answer)


def told(message: Message) -> Answered | Asked:
    """A kept message of the copilot as the event that it was."""
    payload: dict[str, Any] = message.payload
    if "options" in payload:
        return Asked(message_id=message.message_id, text=message.text, options=tuple(payload["options"]))
    return Answered.model_validate(
        {
            "message_id": message.message_id,
            "text": message.text,
            **{k: payload[k] for k in ("data", "citations", "proposals") if k in payload},
        }
    )


def _since(app: Application, principal: Principal, thread_id: UUID, before: int) -> list[Message]:
    with app.db.tx(principal, "agent") as tx:
        return tx.rows("chat.since", Message, thread_id=thread_id, after=before)


def _proposed(
    app: Application, principal: Principal, thread_id: UUID, received: Received, message_id: int
) -> Answered | None:
    """The copilot died in the turn: what it proposed must not be proposed twice."""
    with app.db.tx(principal, "agent") as tx:
        rows = tx.records("chat.proposed_since", thread_id=thread_id, since=received.received_at)
    if not rows:
        return None
    proposals = tuple(row["proposal_id"] for row in rows)
    return Answered(message_id=message_id, text=INTERRUPTED, proposals=proposals)
