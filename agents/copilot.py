"""The copilot: conversations of verified people with the governed tools. Every chat surface talks to this."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.types import Command, Interrupt

from agents.budget import Budget, Meter
from agents.checkpoints import Checkpoints
from agents.conversations import TITLE_CHARACTERS, Conversations
from agents.endpoint import Endpoint, ModelSettings
from agents.events import Answered, Asked, Event, EventAdapter, Failed
from agents.graph import build
from agents.intents import router
from agents.planner import answers
from agents.toolbox import GovernedToolbox
from agents.transcript import Pending, current_turn, steps
from agents.voice import TurnContext
from models.access import Principal, require
from models.errors import ChargehandError
from prompts.loader import Prompt
from store.db import Database
from tools.registry import Registry
from workflow.in_force import prompt_in_force

log = structlog.get_logger(__name__)

TEXT_CHARACTERS = 40_000  # the longest message: a contract's length of pasted e-mail


class MessageTooLong(ChargehandError):
    """Your message has {characters} characters; I read at most {limit} at once."""

    status = 422


class EmptyMessage(ChargehandError):
    """Your message is empty."""

    status = 422


class TurnFailed(ChargehandError):
    """Something went wrong on my side and this turn ended early. Nothing was written to a system of
    record."""

    status = 500
    retry = "later"


class Copilot(Conversations):
    """Answers people. One for a process; use it from any thread."""

    def __init__(
        self,
        db: Database,
        registry: Registry,
        model: ModelSettings | None = None,
        *,
        budget: Budget | None = None,
        turns: int = 16,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        prompt: Prompt | None = None,
        metered: Callable[[Meter], None] = lambda _: None,
    ) -> None:
        """`model`: the language model to talk through; None for the rules alone. `budget`: of one turn.
        `turns`: how many may run at once in this process. `clock`: aware. `prompt`: how the language model
        is instructed; None: as is in force at each turn. `metered`: told what each turn has cost, in its
        thread."""
        super().__init__(db)
        self._registry = registry
        self._endpoint = Endpoint(model) if model else None
        self._budget = budget or Budget()
        self._clock = clock
        self._prompt = prompt
        self._metered = metered
        self._checkpoints = Checkpoints(db.dsn("agent"), turns=turns)
        self._checkpoints.open()
        self._workers = ThreadPoolExecutor(turns, thread_name_prefix="turn")

    def close(self) -> None:
        """Wait for the turns that run, then let go of the database."""
        self._workers.shutdown(wait=True)
        self._checkpoints.close()

    def warm(self) -> None:
        """Do now what the first turn would otherwise wait for: fit the router (a few seconds)."""
        router()

    def turn(self, principal: Principal, thread_id: UUID, text: str) -> Iterator[Event]:
        """In a thread of its own. Raises NotAllowed, NotFound, EmptyMessage, MessageTooLong,
        ThreadBusy (409: another turn of this conversation is running), TooManyTurns, DatabaseUnavailable."""
        require(principal, "chat.use")
        text = text.strip().replace("\x00", "")
        if not text:
            raise EmptyMessage
        if len(text) > TEXT_CHARACTERS:
            raise MessageTooLong(characters=len(text), limit=TEXT_CHARACTERS)
        self.check_own(principal, thread_id)
        events: SimpleQueue[Event | None] = SimpleQueue()
        admitted: Future[None] = Future()
        self._workers.submit(self._work, principal, thread_id, text, events, admitted)
        admitted.result()
        return iter(events.get, None)

    def _work(
        self,
        principal: Principal,
        thread_id: UUID,
        text: str,
        events: SimpleQueue[Event | None],
        admitted: Future[None],
    ) -> None:
        try:
            with self._checkpoints.hold(principal, thread_id) as saver:
                self._keep(principal, thread_id, "person", text)
                admitted.set_result(None)
                events.put(self._take(principal, thread_id, text, events, saver))
        except Exception as e:
            if admitted.done():
                events.put(_failed(e))
            else:
                admitted.set_exception(e)
        finally:
            events.put(None)

    def _take(
        self,
        principal: Principal,
        thread_id: UUID,
        text: str,
        events: SimpleQueue[Event | None],
        saver: PostgresSaver,
    ) -> Answered | Asked:
        """Run the graph, then keep and return what the turn came to."""
        graph = build(saver)  # for this turn: its checkpoints are read and written as the caller
        config: RunnableConfig = {"configurable": {"thread_id": str(thread_id)}}
        prompt = self._prompt or self._in_force(principal)
        context = TurnContext(
            principal=principal,
            toolbox=GovernedToolbox(self._db, self._registry, principal, thread_id, self._clock),
            meter=Meter(self._budget, time.monotonic()),
            today=self._clock().astimezone(ZoneInfo(principal.timezone)).date(),
            endpoint=self._endpoint,
            prompt=prompt,
        )
        waiting = graph.get_state(config).interrupts
        try:
            for event in graph.stream(
                _next(waiting, text, context),
                config,
                context=context,
                stream_mode="custom",
                durability="sync",
            ):
                events.put(EventAdapter.validate_python(event))
        finally:
            self._metered(context.meter)
        state = graph.get_state(config)
        saver.prune([str(thread_id)])
        if state.interrupts:
            question = Pending.model_validate(state.interrupts[0].value)
            payload = {"options": list(question.options)}
            message_id = self._keep(principal, thread_id, "copilot", question.text, payload)
            return Asked(message_id=message_id, text=question.text, options=question.options)
        return self._answered(principal, thread_id, state.values["messages"], prompt)

    def _in_force(self, principal: Principal) -> Prompt:
        with self._db.tx(principal, "agent") as tx:
            return prompt_in_force(tx, "copilot")

    def _answered(
        self, principal: Principal, thread_id: UUID, messages: list[Any], prompt: Prompt
    ) -> Answered:
        found = [s for s in steps(current_turn(messages)) if s.result]
        results = [s.result for s in found if s.result]
        last = messages[-1]
        assert isinstance(last, AIMessage)
        data = {s.tool: s.result.data for s in found if s.result}
        citations = tuple(dict.fromkeys(c for r in results for c in r.citations))
        proposals = tuple(dict.fromkeys(p for r in results for p in r.proposals))
        payload = {
            "data": data,
            "citations": [c.model_dump(mode="json") for c in citations],
            "proposals": [str(p) for p in proposals],
            "prompt": prompt.label if self._endpoint else "rules",
        }
        message_id = self._keep(principal, thread_id, "copilot", last.text, payload)
        return Answered(
            message_id=message_id, text=last.text, data=data, citations=citations, proposals=proposals
        )

    def _keep(
        self,
        principal: Principal,
        thread_id: UUID,
        author: Literal["person", "copilot"],
        text: str,
        payload: dict[str, Any] | None = None,
    ) -> int:
        with self._db.tx(principal, "agent") as tx:
            message_id: int = tx.value(
                "talk.add_message", thread_id=thread_id, author=author, text=text, payload=payload or {}
            )
            tx.execute("talk.touch_thread", thread_id=thread_id, title=text[:TITLE_CHARACTERS])
        return message_id


def _next(waiting: Sequence[Interrupt], text: str, context: TurnContext) -> Any:
    """The graph's input: the answer to a pending question, or a new turn, which drops the question."""
    for question in waiting:
        if answers(text, Pending.model_validate(question.value), context.toolbox, context.today):
            return Command(resume={question.id: text})
    return {"messages": [HumanMessage(text)]}


def _failed(error: Exception) -> Failed:
    if isinstance(error, ChargehandError):
        return Failed(problem=error.problem())
    log.exception("turn.failed", exc_info=error)
    return Failed(problem=TurnFailed().problem())
