"""The memory of conversations: kept by the database for their owners, whatever a turn asks LangGraph for."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint

from agents.checkpoints import Checkpoints
from agents.events import Answered
from models.access import Principal
from store.db import Database
from tests.agents.conftest import MakeCopilot


@pytest.fixture
def turns(firm: Database) -> Iterator[Checkpoints]:
    """Of one session, so that every turn has that of the one before."""
    checkpoints = Checkpoints(firm.dsn("agent"), turns=1)
    checkpoints.open()
    yield checkpoints
    checkpoints.close()


@pytest.fixture
def marias(make_copilot: MakeCopilot, maria: Principal) -> UUID:
    """A conversation with something to remember."""
    copilot = make_copilot()
    thread = copilot.open_thread(maria)
    assert isinstance(
        list(copilot.turn(maria, thread, "Anything strange in last week's time?"))[-1], Answered
    )
    return thread


def config(thread: UUID) -> RunnableConfig:
    return {"configurable": {"thread_id": str(thread), "checkpoint_ns": ""}}


def test_a_turn_reads_and_alters_the_callers_conversations_only(
    turns: Checkpoints, make_copilot: MakeCopilot, marias: UUID, maria: Principal, piet: Principal
) -> None:
    own = make_copilot().open_thread(piet)
    with turns.hold(piet, own) as saver:
        saver.put(config(own), empty_checkpoint(), {}, {})
        assert {t.config["configurable"]["thread_id"] for t in saver.list(None)} == {str(own)}
        assert saver.get_tuple(config(marias)) is None
        saver.prune([str(marias)], strategy="delete")
        saver.delete_thread(str(marias))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            saver.put(config(marias), empty_checkpoint(), {}, {})
    with turns.hold(maria, marias) as saver:
        kept = saver.get_tuple(config(marias))
    assert kept and kept.checkpoint["channel_values"]["messages"]


def test_a_session_is_nobodys_between_turns(
    turns: Checkpoints, firm: Database, marias: UUID, maria: Principal
) -> None:
    def of(session: psycopg.Connection[Any]) -> tuple[object, ...]:
        row = session.execute(
            "select pg_backend_pid() as pid, app.me() as me, (select count(*) from checkpoints) as shown"
        ).fetchone()
        assert row
        return tuple(row.values())

    with turns.hold(maria, marias) as saver:
        pid, me, shown = of(saver.conn)  # type: ignore[arg-type]  # one connection, not a pool of them
        assert me == maria.person_id and shown
    with turns.hold(Principal("", "", (), "web"), marias) as saver:
        assert of(saver.conn) == (pid, None, 0)  # type: ignore[arg-type]
