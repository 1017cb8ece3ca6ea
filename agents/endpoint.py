"""A language model behind an OpenAI-compatible endpoint, made dependable: an answer is either whole or an
error.

What goes wrong with such endpoints and is caught here: 429 and 503 (retried within the turn's time, waiting
as long as the endpoint asks), refusals (never retried), stalls, streams that end without a finish reason
(langchain raises nothing then), and small local models that answer a tool call as JSON text."""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import uuid4

import httpx2
import openai
from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, ToolCall
from langchain_openai import ChatOpenAI
from openai.types.shared_params import FunctionDefinition
from pydantic import SecretStr

from agents import wire
from models.errors import ChargehandError, Retry

_WORTH_RETRYING = (
    openai.RateLimitError,
    openai.InternalServerError,
    openai.APIConnectionError,  # timeouts too
    httpx2.TransportError,  # a connection that ends within a stream
)

_WHOLE = frozenset({"stop", "tool_calls", "function_call"})  # reasons for an answer to end
ANSWER_CHARACTERS = 20_000  # more than anybody reads in a chat


@dataclass(frozen=True)
class ModelSettings:
    """Which language model to talk to, and how patiently."""

    model: str
    base_url: str | None = None  # None: OpenAI's own
    api_key: str = field(default="", repr=False)
    timeout_s: float = 20.0  # without a new token
    retries: int = 2
    first_wait_s: float = 0.5  # doubled with every retry, unless the endpoint says how long
    temperature: float = 0.0


class EndpointFailed(ChargehandError):
    """The language model did not answer ({reason})."""

    status = 503
    retry: ClassVar[Retry] = "later"


class _Unfinished(Exception):
    """The stream ended before the model had finished."""


class Endpoint:
    """Asks the language model of the settings."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._chat = ChatOpenAI(
            model=settings.model,
            base_url=settings.base_url,
            api_key=SecretStr(settings.api_key or "none"),  # local servers need none, the client wants one
            temperature=settings.temperature,
            timeout=settings.timeout_s,
            max_retries=0,  # ours know the turn's time
            streaming=True,
            http_client=wire.client(),
        )

    def ask(
        self, messages: Sequence[AnyMessage], tools: Sequence[FunctionDefinition], *, deadline: float
    ) -> AIMessage:
        """The model's whole answer: text, or calls of tools. `deadline`: on the monotonic clock.

        Raises EndpointFailed."""
        attempt = 0
        while True:
            try:
                with wire.within(deadline):
                    return self._once(messages, tools)
            except (*_WORTH_RETRYING, _Unfinished) as e:
                wait = _asked_to_wait(e) or self._settings.first_wait_s * 2**attempt
                attempt += 1
                if attempt > self._settings.retries or time.monotonic() + wait >= deadline:
                    raise EndpointFailed(reason=_reason(e)) from e
                time.sleep(wait)
            except (
                openai.OpenAIError,  # a refusal
                wire.AnswerTooSlow,
                wire.AnswerTooLong,
                ValueError,  # or not the protocol
                TypeError,
                KeyError,
            ) as e:
                raise EndpointFailed(reason=_reason(e)) from e

    def _once(self, messages: Sequence[AnyMessage], tools: Sequence[FunctionDefinition]) -> AIMessage:
        chat = (
            self._chat.bind(tools=[{"type": "function", "function": t} for t in tools])
            if tools
            else self._chat
        )
        whole: AIMessageChunk | None = None
        for chunk in chat.stream(list(messages)):
            if isinstance(chunk, AIMessageChunk):
                whole = chunk if whole is None else whole + chunk
        if whole is None or not (finish := whole.response_metadata.get("finish_reason")):
            raise _Unfinished
        if finish == "length":
            raise EndpointFailed(reason="the answer was cut at the model's length limit")
        if finish not in _WHOLE:
            raise EndpointFailed(reason=f"the answer was stopped: {finish[:40]}")
        if len(whole.text) > ANSWER_CHARACTERS:
            raise EndpointFailed(reason="the answer is far too long")
        message = AIMessage(
            content=whole.text,
            # With ids of our own: small servers count their calls from 0 in every answer.
            tool_calls=[{**c, "id": uuid4().hex} for c in (*whole.tool_calls, *_broken_calls(whole))],
            usage_metadata=whole.usage_metadata,
        )
        if not message.tool_calls and (said := call_in_text(message.text)):
            return message.model_copy(update={"content": "", "tool_calls": [said]})
        return message


def _broken_calls(whole: AIMessageChunk) -> list[ToolCall]:
    """Calls whose arguments are not JSON, with the text as it came: they go back for repair like any other
    call whose arguments do not fit."""
    return [
        ToolCall(name=c["name"] or "", args={"not_json": c["args"]}, id=c["id"], type="tool_call")
        for c in whole.invalid_tool_calls
    ]


_FENCE = re.compile(
    r"\A\s*(?:<tool_call>|```(?:json|tool_call)?)\s*(?P<inside>.*?)\s*(?:</tool_call>|```)\s*\Z", re.DOTALL
)


def call_in_text(text: str) -> ToolCall | None:
    """The tool call that a text is, when it is nothing but one: {"name": ..., "arguments": {...}}, bare or
    fenced, also with the keys that small models use instead."""
    fenced = _FENCE.match(text)
    try:
        said: Any = json.loads(fenced["inside"] if fenced else text)
    except ValueError:
        return None
    if isinstance(said, list) and len(said) == 1:
        said = said[0]
    if isinstance(said, dict) and isinstance(said.get("function"), dict):
        said = said["function"]
    if not isinstance(said, dict):
        return None
    name = said.get("name") or said.get("tool") or said.get("function")
    arguments: Any = next((said[k] for k in ("arguments", "parameters", "args") if k in said), {})
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except ValueError:
            return None
    if not isinstance(name, str) or not isinstance(arguments, dict):
        return None
    return ToolCall(name=name, args=arguments, id=uuid4().hex, type="tool_call")


def _asked_to_wait(error: Exception) -> float | None:
    """Seconds of a Retry-After header."""
    if isinstance(error, openai.APIStatusError):
        try:
            seconds = float(error.response.headers["retry-after"])
        except (KeyError, ValueError):
            return None
        return seconds if seconds >= 0 else None  # not NaN either
    return None


_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (openai.APITimeoutError, "no answer in time"),
    (openai.APIConnectionError, "not reachable"),
    (httpx2.TimeoutException, "no answer in time"),
    (httpx2.TransportError, "the connection broke off"),
    (wire.AnswerTooSlow, "too slow for one turn"),
    (wire.AnswerTooLong, "the answer is far too long"),
    (_Unfinished, "the answer broke off"),
)


def _reason(error: Exception) -> str:
    if isinstance(error, openai.APIStatusError):
        return f"HTTP {error.status_code}"
    unknown = f"an answer that is not understood: {type(error).__name__}"
    return next((words for kind, words in _REASONS if isinstance(error, kind)), unknown)
