"""What is said between the desk and the copilot, which is also what the REST API says of it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from uuid import UUID

from fastapi.sse import format_sse_event
from pydantic import BaseModel, ConfigDict, Field

from agents.events import Event, EventAdapter
from models.access import Permission

if TYPE_CHECKING:
    from tools.registry import Tool


class Body(BaseModel):
    """A request's body: nothing in it is ignored."""

    model_config = ConfigDict(extra="forbid")


class Turn(Body):
    text: Annotated[str, Field(min_length=1, max_length=40_000, description="What you say")]


class Call(Body):
    arguments: Annotated[dict[str, Any], Field(default_factory=dict, description="As the tool's schema says")]
    thread_id: Annotated[UUID | None, Field(description="The conversation that hears the outcome")] = None


class ToolView(BaseModel):
    """A tool that you may use; `arguments` is a JSON Schema."""

    name: str
    version: str
    description: str
    permission: Permission
    effect: Literal["read", "propose"]
    arguments: dict[str, Any]

    @classmethod
    def of(cls, tool: "Tool") -> Self:
        return cls(
            name=tool.name,
            version=tool.version,
            description=tool.description,
            permission=tool.permission,
            effect=tool.effect,
            arguments=tool.arguments.model_json_schema(),
        )


def sse(events: Iterator[Event]) -> Iterator[bytes]:
    """A turn as server-sent events, each named by its `event` and holding its JSON in one line."""
    for event in events:
        yield format_sse_event(event=event.event, data_str=EventAdapter.dump_json(event).decode())


def events(lines: Iterator[str]) -> Iterator[Event]:
    """The turn of `sse`. Raises ValidationError for what is no event."""
    for line in lines:
        if line.startswith("data:"):
            yield EventAdapter.validate_json(line.removeprefix("data:"))
