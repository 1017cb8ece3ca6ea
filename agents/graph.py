"""The conversation as a LangGraph graph: the model speaks, its calls of tools are run, a question stops the
turn until the person answers.

    start -> model -> tools -> model ... -> end
               |        |
               +-> ask <+      (interrupts; resumed by the person's next message, then back to the model)

A node runs again from its start when a turn is resumed or repeated, so `ask` does nothing but interrupt, and
`tools` never does."""

import time
from typing import Any, Literal

import structlog
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolCall, ToolMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from agents.budget import BudgetSpent
from agents.events import ToolFinished, ToolStarted
from agents.transcript import asked, current_turn, forget, opens_turn, steps
from agents.voice import TurnContext, speak
from models.errors import ChargehandError
from tools.registry import InvalidArguments, UnknownTool

log = structlog.get_logger(__name__)

Graph = CompiledStateGraph[MessagesState, TurnContext, MessagesState, MessagesState]


def build(checkpointer: BaseCheckpointSaver[Any]) -> Graph:
    """The compiled graph. Invoke it with a `TurnContext` and durability "sync"."""
    graph = StateGraph(MessagesState, context_schema=TurnContext)
    graph.add_node("model", _model)
    graph.add_node("tools", _tools)
    graph.add_node("ask", _ask)
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", _after_model)
    graph.add_conditional_edges("tools", _after_tools)
    graph.add_edge("ask", "model")
    return graph.compile(checkpointer=checkpointer)


def _model(state: MessagesState, runtime: Runtime[TurnContext]) -> dict[str, list[Any]]:
    messages = state["messages"]
    forgotten = forget(messages) if messages and opens_turn(messages[-1]) else []
    kept = messages[len(forgotten) :]
    try:
        runtime.context.meter.check()
        said = speak(kept, runtime.context, runtime.stream_writer)
    except BudgetSpent as spent:
        said = AIMessage(_stopped(spent, kept))
    return {"messages": [*forgotten, said]}


def _after_model(state: MessagesState) -> Literal["tools", "ask", "__end__"]:
    last = state["messages"][-1]
    if isinstance(last, AIMessage) and last.tool_calls:
        return "tools"
    return "ask" if asked(state["messages"]) else "__end__"


def _tools(state: MessagesState, runtime: Runtime[TurnContext]) -> dict[str, list[ToolMessage]]:
    last = state["messages"][-1]
    assert isinstance(last, AIMessage)
    answers: list[ToolMessage] = []
    for call in last.tool_calls:
        answers.append(_repeated(call, state["messages"], runtime) or _run(call, runtime))
    return {"messages": answers}


def _after_tools(state: MessagesState) -> Literal["model", "ask"]:
    return "ask" if asked(state["messages"]) else "model"


def _ask(state: MessagesState) -> dict[str, list[HumanMessage]]:
    question = asked(state["messages"])
    assert question is not None
    plain = question.model_dump(mode="json")
    answer = interrupt(plain)
    return {"messages": [HumanMessage(str(answer), additional_kwargs={"answers": plain})]}


def _run(call: ToolCall, runtime: Runtime[TurnContext]) -> ToolMessage:
    """Run one call. What a model can put right, or should tell the person, becomes the tool's answer;
    anything else ends the turn."""
    context = runtime.context
    try:
        context.meter.check()
    except BudgetSpent as spent:
        return _refusal(call, spent.sentence)
    context.meter.steps += 1
    runtime.stream_writer(ToolStarted(tool=call["name"], arguments=call["args"]))
    started = time.monotonic()
    outcome: Literal["ok", "invalid", "refused", "failed"] = "failed"
    try:
        result = context.toolbox.call(call["name"], call["args"])
        outcome = "ok"
        return ToolMessage(
            content=result.text,
            tool_call_id=str(call["id"]),
            name=call["name"],
            artifact=result.model_dump(mode="json"),
        )
    except (InvalidArguments, UnknownTool) as e:
        outcome = "invalid"
        context.meter.repairs += 1
        return _refusal(call, e.sentence)
    except ChargehandError as e:
        if e.status == 503:
            raise
        outcome = "refused" if e.status in (403, 404) else "failed"
        return _refusal(call, e.sentence)
    finally:
        milliseconds = int((time.monotonic() - started) * 1000)
        runtime.stream_writer(ToolFinished(tool=call["name"], outcome=outcome, milliseconds=milliseconds))
        log.info("tool.called", tool=call["name"], outcome=outcome, milliseconds=milliseconds)


def _refusal(call: ToolCall, sentence: str) -> ToolMessage:
    return ToolMessage(content=sentence, tool_call_id=str(call["id"]), name=call["name"], status="error")


def _repeated(
    call: ToolCall, messages: list[AnyMessage], runtime: Runtime[TurnContext]
) -> ToolMessage | None:
    """The answer to the same call earlier in this turn: a model that loops must not propose twice, and its
    loop counts."""
    for step in steps(current_turn(messages)):
        if step.result and step.tool == call["name"] and step.arguments == call["args"]:
            runtime.context.meter.steps += 1
            return ToolMessage(
                content=step.result.text,
                tool_call_id=str(call["id"]),
                name=call["name"],
                artifact=step.result.model_dump(mode="json"),
            )
    return None


def _stopped(spent: BudgetSpent, messages: list[AnyMessage]) -> str:
    found = dict.fromkeys(s.result.text for s in steps(current_turn(messages)) if s.result)
    rest = "This is what I had found:\n\n" + "\n\n".join(found) if found else "I had found nothing yet."
    return f"{spent.sentence} {rest}"
