"""What happens during a turn of a conversation, as every surface sees it: a stream of events that ends with
exactly one of `Answered`, `Asked` or `Failed`."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from models.evidence import Citation


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True)


class ToolStarted(_Event):
    event: Literal["tool_started"] = "tool_started"
    tool: str
    arguments: dict[str, Any]


class ToolFinished(_Event):
    event: Literal["tool_finished"] = "tool_finished"
    tool: str
    outcome: Literal["ok", "invalid", "refused", "failed"]
    milliseconds: int


class TextDelta(_Event):
    """The next words of the answer."""

    event: Literal["text_delta"] = "text_delta"
    text: str


class Remark(_Event):
    """Something the person should know about the turn itself, e.g. that the language model did not answer and
    the rules took over."""

    event: Literal["remark"] = "remark"
    text: str


class Asked(_Event):
    """The copilot needs an answer before it goes on: the person's next message is that answer."""

    event: Literal["asked"] = "asked"
    message_id: int
    text: str
    options: tuple[str, ...] = ()


class Answered(_Event):
    event: Literal["answered"] = "answered"
    message_id: int
    text: str
    data: dict[str, Any] = {}  # what a surface may draw, by the tool that found it
    citations: tuple[Citation, ...] = ()
    proposals: tuple[UUID, ...] = ()


class Failed(_Event):
    """The turn could not be done; `problem` is RFC 9457 problem details."""

    event: Literal["failed"] = "failed"
    problem: dict[str, Any]


Event = Annotated[
    ToolStarted | ToolFinished | TextDelta | Remark | Asked | Answered | Failed,
    Field(discriminator="event"),
]
EventAdapter: TypeAdapter[Event] = TypeAdapter(Event)
