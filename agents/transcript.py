"""A conversation as its messages tell it: which belong to the turn at hand, what tools found, what was asked.

A turn opens with what the person says. A question may interrupt it; the person's answer carries the question
in `additional_kwargs["answers"]` and does not open a new turn. What a tool returned stands in its message's
artifact, as plain JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, RemoveMessage, ToolCall, ToolMessage
from pydantic import BaseModel, ConfigDict

from tools.registry import ToolResult

TURNS_KEPT = 12  # what a conversation remembers; older turns are dropped from the checkpoint


class Pending(BaseModel):
    """A question to the person, and the call that waits for its answer."""

    model_config = ConfigDict(frozen=True)

    tool: str
    arguments: dict[str, Any]
    argument: str  # what the answer fills
    text: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One call of a tool and what came of it."""

    call: ToolCall
    result: ToolResult | None  # None when the call failed
    error: str

    @property
    def tool(self) -> str:
        return self.call["name"]

    @property
    def arguments(self) -> dict[str, Any]:
        return self.call["args"]


def opens_turn(message: AnyMessage) -> bool:
    return isinstance(message, HumanMessage) and "answers" not in message.additional_kwargs


def current_turn(messages: Sequence[AnyMessage]) -> Sequence[AnyMessage]:
    """The messages from the last opening on."""
    starts = [i for i, m in enumerate(messages) if opens_turn(m)]
    return messages[starts[-1] :] if starts else messages


def steps(messages: Sequence[AnyMessage]) -> Iterator[Step]:
    """The tool calls that were answered, oldest first."""
    calls = {c["id"]: c for m in messages if isinstance(m, AIMessage) for c in m.tool_calls}
    for message in messages:
        if isinstance(message, ToolMessage) and (call := calls.get(message.tool_call_id)):
            ok = message.status == "success" and message.artifact is not None
            result = ToolResult.model_validate(message.artifact) if ok else None
            yield Step(call, result, "" if ok else message.text)


def answered_question(message: AnyMessage) -> Pending | None:
    """The question that this message of the person answers."""
    answers = message.additional_kwargs.get("answers")
    return Pending.model_validate(answers) if answers else None


def asked(messages: Sequence[AnyMessage]) -> Pending | None:
    """The question that the last message, or one of the tool results at the end, puts to the person."""
    if messages and isinstance(messages[-1], AIMessage):
        question = messages[-1].additional_kwargs.get("question")
        return Pending.model_validate(question) if question else None
    tail = []
    for message in reversed(messages):
        if not isinstance(message, ToolMessage):
            break
        tail.append(message)
    answered = {m.tool_call_id for m in tail}
    for step in steps(messages):
        if step.call["id"] in answered and step.result and (q := step.result.question):
            return Pending(
                tool=step.tool,
                arguments=step.arguments,
                argument=q.argument,
                text=q.text,
                options=q.options,
            )
    return None


def forget(messages: Sequence[AnyMessage]) -> list[RemoveMessage]:
    """Removals that leave the newest turns."""
    starts = [i for i, m in enumerate(messages) if opens_turn(m)]
    if len(starts) < TURNS_KEPT:
        return []
    return [RemoveMessage(id=str(m.id)) for m in messages[: starts[1 - TURNS_KEPT]]]


def complete(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """Without calls that nobody answered (a turn that was cut off): endpoints refuse such histories."""
    answered = {m.tool_call_id for m in messages if isinstance(m, ToolMessage)}
    return [
        m
        for m in messages
        if not (isinstance(m, AIMessage) and any(c["id"] not in answered for c in m.tool_calls))
    ]
