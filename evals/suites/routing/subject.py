"""The subject: the copilot's own graph, speaking for a person of the suite's firm. Tool calls are stopped at
the registry's door, after their arguments were validated by the real tools' models."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import ValidationError

from agents.budget import Budget, Meter
from agents.endpoint import Endpoint
from agents.events import Remark
from agents.graph import build
from agents.toolbox import Name
from agents.transcript import Pending
from agents.voice import TurnContext
from evals.cases import Answer, Step, Usage
from evals.subjects import Subject
from evals.suites.routing.cases import Finding, Sentence, firm
from models.access import Grant, Principal
from tools.catalogue import TOOLS
from tools.registry import InvalidArguments, Tool, ToolResult, UnknownTool

SPEAKER = Principal(
    "PE-07",
    "Tom Lindqvist",
    (Grant("delivery_director", "firm"), Grant("practice_lead", "practice", "Delivery")),
    "cli",
)


@dataclass
class StoppingToolbox:
    """The tools of the catalogue; a call is checked and noted, and finds nothing."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def tools(self) -> Sequence[Tool]:
        return sorted(TOOLS, key=lambda t: t.name)

    def call(self, name: str, arguments: dict[str, Any]) -> ToolResult:
        tool = next((t for t in TOOLS if t.name == name), None)
        if tool is None:
            raise UnknownTool(tool=name)
        try:
            tool.arguments.model_validate(arguments)
        except ValidationError as e:
            raise InvalidArguments(tool=name, faults=str(e.errors()[0]["msg"])) from e
        self.calls.append((name, arguments))
        return ToolResult(text="Nothing was found.")

    def names(self) -> Sequence[Name]:
        return firm().known_names()


class Heard(Answer):
    """What one sentence led to."""

    calls: tuple[tuple[str, dict[str, Any]], ...]
    question: Pending | None

    @property
    def label(self) -> str:
        if self.calls:
            return " + ".join(name for name, _ in self.calls)
        return "asks" if self.question else "declines"


def hear(case: Sentence, subject: Subject) -> Heard:
    """Say the sentence, with what came before it, and see what the copilot does."""
    started, toolbox = time.monotonic(), StoppingToolbox()
    settings = subject.settings()
    endpoint = Endpoint(settings) if settings else None
    context = TurnContext(
        SPEAKER, toolbox, Meter(Budget()), firm().today, endpoint, subject.prompt_of("copilot")
    )
    graph = build(InMemorySaver())
    config: RunnableConfig = {"configurable": {"thread_id": case.id}}
    before = _before(case.rule.after) if case.rule.after else []
    messages: list[AnyMessage] = [*before, HumanMessage(case.rule.say)]
    remarks = [
        event.text
        for event in graph.stream({"messages": messages}, config, context=context, stream_mode="custom")
        if isinstance(event, Remark)
    ]
    state = graph.get_state(config)
    question = Pending.model_validate(state.interrupts[0].value) if state.interrupts else None
    text = question.text if question else state.values["messages"][-1].text
    return Heard(
        text=text,
        trace=(
            Step(kind="said", by=SPEAKER.person_id, text=case.text),
            *(Step(kind="remarked", text=remark) for remark in remarks),
            *(Step(kind="called", by=name, data=arguments) for name, arguments in toolbox.calls),
            Step(kind="asked" if question else "answered", text=text),
        ),
        usage=Usage(
            input_tokens=context.meter.input_tokens,
            output_tokens=context.meter.output_tokens,
            seconds=time.monotonic() - started,
            cost=subject.cost(context.meter.input_tokens, context.meter.output_tokens),
        ),
        calls=tuple(toolbox.calls),
        question=question,
    )


def _before(tool: str) -> list[AnyMessage]:
    finding: Finding = firm().findings[tool]
    call_id = uuid4().hex
    result = ToolResult(text="As shown.", data=finding.data)
    return [
        HumanMessage(finding.said),
        AIMessage(
            "", tool_calls=[{"name": tool, "args": finding.arguments, "id": call_id, "type": "tool_call"}]
        ),
        ToolMessage(result.text, tool_call_id=call_id, name=tool, artifact=result.model_dump(mode="json")),
        AIMessage(result.text),
    ]
