"""The baseline of a load: what one writes first with LangGraph and FastAPI. A graph that routes a sentence by
its embedding, looks something up with one statement and answers, with the Postgres checkpointer; decisions by
`interrupt` and `Command(resume=...)`. The paths and the shapes are ours, so that the same people can talk
with it; the model of sentences is the same.

It checks nobody: no sign-in, no permissions, no row-level security, no gates, no audit, no ledger, nothing is
scored or cited. A person is whoever their token says."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypedDict
from uuid import uuid4

import anyio.to_thread
import numpy as np
import uvicorn
from fastapi import FastAPI, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command, interrupt
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from models.text.embed import default_embedder
from prompts.loader import routing_examples

Pool = AsyncConnectionPool[AsyncConnection[DictRow]]
CONNECTIONS = 32  # as many as the desk and the copilot may hold together

TABLES = (
    "create table waiting (proposal_id text primary key, person_id text, title text, state text)",
    "create table written (proposal_id text primary key, at timestamptz default now())",
)
MINE = "select proposal_id, title from waiting where person_id = %s and state = 'pending' limit %s"
LOOK_UPS: Mapping[str, str] = {  # intent: the statement that finds something; others only answer
    "my_proposals": "select title from waiting where state = 'pending' limit 10",
    "find_people": "select p.name, p.title from firm.person p join firm.skill s using (person_id)"
    " group by p.name, p.title order by count(*) desc limit 5",
    "bench_outlook": "select p.name, max(a.ends_on) as free_from from firm.person p join firm.assignment a"
    " using (person_id) group by p.name order by 2 limit 10",
    "summarise_status": "select project_id, rag, text from firm.status_report"
    " order by reported_on desc limit 10",
    "check_readiness": "select entry_id, minutes from firm.time_entry order by started_at desc limit 20",
    "predict_payments": "select invoice_id, due_on from firm.invoice where paid_on is null"
    " order by due_on limit 20",
}


class Said(TypedDict, total=False):
    text: str
    intent: str
    found: list[dict[str, str]]
    answer: str


class Asked(TypedDict, total=False):
    proposal_id: str
    verdict: str


class Service:
    """The two graphs and what they need."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._embed = default_embedder()
        examples = [(e.intent, s) for e in routing_examples() for s in e.sentences]
        self._intents = [intent for intent, _ in examples]
        self._vectors = np.asarray(self._embed.encode([s for _, s in examples]))
        saver = AsyncPostgresSaver(pool)
        self.saver = saver
        self.talking = self._talking().compile(checkpointer=saver)
        self.deciding = self._deciding().compile(checkpointer=saver)

    async def rows(self, statement: str, *values: object) -> Sequence[DictRow]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(statement.encode(), values)
            return await cursor.fetchall() if cursor.description else []

    def _talking(self) -> "StateGraph[Said]":
        graph = StateGraph(Said)
        graph.add_node("route", self._route)
        graph.add_node("look_up", self._look_up)
        graph.add_node("say", self._say)
        graph.add_edge(START, "route")
        graph.add_edge("route", "look_up")
        graph.add_edge("look_up", "say")
        graph.add_edge("say", END)
        return graph

    def _deciding(self) -> "StateGraph[Asked]":
        graph = StateGraph(Asked)
        graph.add_node("ask", lambda state: {"verdict": interrupt(state["proposal_id"])})
        graph.add_node("write", self._write)
        graph.add_edge(START, "ask")
        graph.add_edge("ask", "write")
        graph.add_edge("write", END)
        return graph

    async def _route(self, state: Said) -> Said:
        vector = await anyio.to_thread.run_sync(self._embed.encode, [state["text"]])
        return {"intent": self._intents[int(np.argmax(self._vectors @ np.asarray(vector)[0]))]}

    async def _look_up(self, state: Said) -> Said:
        statement = LOOK_UPS.get(state["intent"])
        rows = await self.rows(statement) if statement else []
        return {"found": [{k: str(v) for k, v in row.items()} for row in rows]}

    async def _say(self, state: Said) -> Said:
        lines = [", ".join(row.values()) for row in state["found"]]
        return {"answer": "\n".join([state["intent"], *lines])}

    async def _write(self, state: Asked) -> Asked:
        await self.rows(
            "update waiting set state = %s where proposal_id = %s", state["verdict"], state["proposal_id"]
        )
        await self.rows("insert into written values (%s) on conflict do nothing", state["proposal_id"])
        return {}


def thread(thread_id: str) -> Any:
    return {"configurable": {"thread_id": thread_id}}


def create_app(dsn: str) -> FastAPI:
    """The service on a database that `prepare` was run on."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _pool(dsn) as pool:
            app.state.service = Service(pool)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/healthz")
    async def alive() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/v1/threads")
    async def open_thread() -> dict[str, str]:
        return {"thread_id": str(uuid4())}

    @app.post("/v1/threads/{thread_id}/turns", response_class=EventSourceResponse)
    async def turn(thread_id: str, body: dict[str, str]) -> AsyncIterator[ServerSentEvent]:
        graph: CompiledStateGraph[Any, Any, Any, Any] = app.state.service.talking
        answer = ""
        async for update in graph.astream({"text": body["text"]}, thread(thread_id), stream_mode="updates"):
            for node, changed in update.items():
                answer = changed.get("answer", answer)
                yield ServerSentEvent(event=node, data={"node": node})
        yield ServerSentEvent(event="answered", data={"text": answer})

    @app.get("/v1/proposals")
    async def mine(authorization: str = Header(), limit: int = 20) -> dict[str, Any]:
        person_id = authorization.removeprefix("Bearer ")
        return {"items": await app.state.service.rows(MINE, person_id, limit)}

    @app.get("/v1/proposals/{proposal_id}")
    async def card(proposal_id: str) -> dict[str, Any]:
        state = await app.state.service.deciding.aget_state(thread(proposal_id))
        return {"proposal_id": proposal_id, "content_hash": "", "asked": state.values, "next": state.next}

    @app.post("/v1/proposals/{proposal_id}/decisions")
    async def decide(proposal_id: str, body: dict[str, str]) -> dict[str, Any]:
        resumed: Command[Any] = Command(resume=body["verdict"])
        done: dict[str, Any] = await app.state.service.deciding.ainvoke(resumed, thread(proposal_id))
        return done

    return app


async def prepare(dsn: str, waiting: Mapping[str, str], title: str) -> None:
    """The tables, and a graph that waits for each decision. `waiting`: who decides, by proposal."""
    async with _pool(dsn) as pool:
        service = Service(pool)
        await service.saver.setup()
        for table in TABLES:
            await service.rows(table)
        for proposal_id, person_id in waiting.items():
            await service.rows(
                "insert into waiting values (%s, %s, %s, 'pending')", proposal_id, person_id, title
            )
            await service.deciding.ainvoke({"proposal_id": proposal_id}, thread(proposal_id))


def _pool(dsn: str) -> Pool:
    options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    return AsyncConnectionPool(dsn, kwargs=options, min_size=1, max_size=CONNECTIONS, open=False)


if __name__ == "__main__":
    import os

    uvicorn.run(
        create_app(os.environ["PLAIN_DSN"]),
        host="127.0.0.1",
        port=int(os.environ["PLAIN_PORT"]),
        log_config=None,
    )
