"""Who speaks in a turn: the language model where one is configured and answers, else the rules, and what the
language model may not do. The person always hears when the rules had to take over."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, SystemMessage, ToolMessage
from openai.types.shared_params import FunctionDefinition

from agents.budget import Meter
from agents.endpoint import Endpoint, EndpointFailed
from agents.events import Event, Remark, TextDelta
from agents.honesty import objection
from agents.planner import Planner
from agents.toolbox import Toolbox
from agents.transcript import complete
from models.access import Principal
from prompts.loader import Prompt, load
from tools.registry import Tool

REPAIRS = 1  # how often a call that does not fit goes back to the language model in one turn
SHARE_OF_TIME = 0.7  # of a turn, for the language model; the rest is kept for the rules to take over
DATA_SHOWN = 12_000  # characters of a tool's data that the language model reads


@dataclass(frozen=True)
class TurnContext:
    """What a turn's nodes work with. It comes from the caller of the graph and is not part of its state."""

    principal: Principal
    toolbox: Toolbox
    meter: Meter
    today: date  # where the person is
    endpoint: Endpoint | None = None
    prompt: Prompt = field(default_factory=lambda: load("copilot"))  # how the language model is instructed


Emit = Callable[[Event], None]


def speak(messages: Sequence[AnyMessage], context: TurnContext, emit: Emit) -> AIMessage:
    """The next message of the copilot: text, a question, or calls of tools."""
    if context.endpoint and not context.meter.by_rules:
        try:
            return _by_model(messages, context, context.endpoint, emit)
        except EndpointFailed as e:
            context.meter.by_rules = True
            emit(Remark(text=f"{e.sentence} I go on with fixed rules instead."))
    return _by_rules(messages, context, emit)


def definitions(tools: Sequence[Tool]) -> list[FunctionDefinition]:
    """The tools as chat models are told of them."""
    return [
        FunctionDefinition(name=t.name, description=t.description, parameters=t.arguments.model_json_schema())
        for t in tools
    ]


def _by_rules(messages: Sequence[AnyMessage], context: TurnContext, emit: Emit) -> AIMessage:
    planner = Planner(toolbox=context.toolbox, today=context.today)
    whole: AIMessageChunk | None = None
    for chunk in planner.bind_tools(definitions(context.toolbox.tools())).stream(list(messages)):
        if isinstance(chunk, AIMessageChunk):
            if chunk.text and "question" not in chunk.additional_kwargs:
                emit(TextDelta(text=chunk.text))
            whole = chunk if whole is None else whole + chunk
    assert whole is not None, "the planner always says something"
    return AIMessage(
        content=whole.text, tool_calls=whole.tool_calls, additional_kwargs=whole.additional_kwargs
    )


def _by_model(
    messages: Sequence[AnyMessage], context: TurnContext, endpoint: Endpoint, emit: Emit
) -> AIMessage:
    """Its words are held back until they are whole and checked: what is not grounded is never shown."""
    meter = context.meter
    if meter.repairs > REPAIRS:
        raise EndpointFailed(reason="it called tools with arguments that do not fit, twice")
    history = [_system(context), *map(_readable, complete(messages))]
    tools = definitions(context.toolbox.tools())
    deadline = meter.started + SHARE_OF_TIME * meter.budget.seconds
    message = endpoint.ask(history, tools, deadline=deadline)
    _count(meter, history, message)
    if message.tool_calls:
        return message
    if not message.text.strip():
        raise EndpointFailed(reason="an empty answer")
    if why := objection(message.text, messages, context.toolbox.names()):
        meter.by_rules = True
        emit(Remark(text=f"The language model's wording is left out: {why}. These are the tools' own words."))
        return _by_rules(messages, context, emit)
    for paragraph in message.text.splitlines(keepends=True):
        emit(TextDelta(text=paragraph))
    return message


def _system(context: TurnContext) -> SystemMessage:
    text = context.prompt.text
    for placeholder, value in (
        ("{name}", context.principal.name),
        ("{today}", f"{context.today:%A} {context.today.isoformat()}"),
        ("{timezone}", context.principal.timezone),
    ):
        text = text.replace(placeholder, value)
    return SystemMessage(text)


def _readable(message: AnyMessage) -> AnyMessage:
    """A tool's result with its data, as the language model needs it to name ids in later calls."""
    if not (isinstance(message, ToolMessage) and message.artifact):
        return message
    data = json.dumps(message.artifact.get("data") or {}, ensure_ascii=False)[:DATA_SHOWN]
    return ToolMessage(content=f"{message.text}\n\ndata: {data}", tool_call_id=message.tool_call_id)


def _count(meter: Meter, history: Sequence[AnyMessage], message: AIMessage) -> None:
    """Tokens as the endpoint counts them, or about one for four characters where it does not."""
    if usage := message.usage_metadata:
        meter.input_tokens += usage["input_tokens"]
        meter.output_tokens += usage["output_tokens"]
        return
    meter.input_tokens += sum(len(m.text) for m in history) // 4
    meter.output_tokens += len(message.text) // 4
