"""The copilot without a language model: a LangChain chat model made of rules.

It routes a sentence to a tool (intents), fills the tool's arguments from what was said and from the
conversation (slots, memory), asks one question when something is missing or unclear, and answers in the
tools' own words. The same messages on the same day give the same reply, which also makes it the model of
tests."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import uuid4

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, BaseMessage, ToolMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import ConfigDict, SkipValidation

from agents.decision import AskPerson, Calls, Decision, Say
from agents.dialogue import Dialogue
from agents.linking import Linker
from agents.memory import Memory
from agents.replies import answer
from agents.said import Said
from agents.toolbox import Toolbox
from agents.transcript import Pending, answered_question, current_turn, steps

ToolSchemas = Mapping[str, Mapping[str, Any]]  # JSON schema of the arguments, by tool


class Planner(BaseChatModel):
    """Rules that speak like a chat model. `toolbox` tells it the names the speaker may see; the tools it may
    call are bound with `bind_tools`, as OpenAI function definitions."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    toolbox: SkipValidation[Toolbox]
    today: date

    @property
    def _llm_type(self) -> str:
        return "chargehand-rules"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        return self.bind(tools=list(tools), **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        decision = self._decide(messages, kwargs.get("tools", []))
        return ChatResult(generations=[ChatGeneration(message=_message(decision))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        message = _message(self._decide(messages, kwargs.get("tools", [])))
        if message.tool_calls or message.additional_kwargs:
            calls = [
                tool_call_chunk(name=c["name"], args=_json(c["args"]), id=c["id"], index=i)
                for i, c in enumerate(message.tool_calls)
            ]
            yield ChatGenerationChunk(
                message=AIMessageChunk(
                    content=message.text, tool_call_chunks=calls, additional_kwargs=message.additional_kwargs
                )
            )
            return
        for line in message.text.splitlines(keepends=True):
            yield ChatGenerationChunk(message=AIMessageChunk(content=line))

    def _decide(self, messages: Sequence[BaseMessage], tools: Sequence[Mapping[str, Any]]) -> Decision:
        schemas = {t["name"]: t.get("parameters", {}) for t in (d.get("function", d) for d in tools)}
        said: list[AnyMessage] = [m for m in messages if m.type != "system"]  # type: ignore[misc]
        last = said[-1]
        if isinstance(last, ToolMessage):
            return Say(answer(list(steps(_since_question(said))), schemas))
        dialogue = Dialogue(
            Said(last.text, self.today, Linker(self.toolbox.names())), Memory(said[:-1]), schemas
        )
        question = answered_question(last)
        return dialogue.go_on(question) if question else dialogue.reply()


def answers(text: str, question: Pending, toolbox: Toolbox, today: date) -> bool:
    """Whether a message can be the answer to the question; if not, it is a new request."""
    said = Said(text, today, Linker(toolbox.names()))
    schemas = {t.name: t.arguments.model_json_schema() for t in toolbox.tools()}
    return Dialogue(said, Memory([]), schemas).answers(question)


def _since_question(messages: Sequence[AnyMessage]) -> Sequence[AnyMessage]:
    """The turn's messages after the last question that was answered in it."""
    turn = current_turn(messages)
    answered = [i for i, m in enumerate(turn) if answered_question(m)]
    return turn[answered[-1] :] if answered else turn


def _message(decision: Decision) -> AIMessage:
    match decision:
        case Calls(calls):
            return AIMessage(
                "",
                tool_calls=[
                    {"name": c.tool, "args": c.arguments, "id": uuid4().hex, "type": "tool_call"}
                    for c in calls
                ],
            )
        case AskPerson(question):
            return AIMessage(question.text, additional_kwargs={"question": question.model_dump(mode="json")})
        case Say(text):
            return AIMessage(text)


def _json(arguments: dict[str, Any]) -> str:
    return json.dumps(arguments, default=str)
