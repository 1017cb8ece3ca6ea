"""Where conversations are kept between turns, and the lock that keeps the turns of one thread apart.

LangGraph's own tables live in the schema `langgraph` (store/checkpoints.py) and show everybody their own
threads only. Two turns resuming one thread at once would both run. So each turn has a session of the database
to itself, in which it is the caller, holds an advisory lock on its thread, and keeps the thread's
checkpoints."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar
from uuid import UUID

import psycopg
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from models.access import Principal
from models.errors import ChargehandError, Retry
from store.db import DatabaseUnavailable
from store.queries import catalogue


class ThreadBusy(ChargehandError):
    """I am still working on your last message in this conversation. Wait for its answer, then write again."""

    status = 409
    retry: ClassVar[Retry] = "later"


class TooManyTurns(ChargehandError):
    """{limit} conversations are being answered already. Try again in a moment."""

    status = 503
    retry: ClassVar[Retry] = "later"


class Checkpoints:
    """The sessions of running turns."""

    def __init__(self, dsn: str, *, turns: int) -> None:
        """`dsn`: of the agent's role. `turns`: how many may run at once in this process."""
        self._turns = turns
        self._pool: ConnectionPool[psycopg.Connection[DictRow]] = ConnectionPool(
            dsn,
            kwargs={
                "autocommit": True,
                "prepare_threshold": 0,
                "row_factory": dict_row,
                "options": "-c search_path=langgraph",
            },
            min_size=0,
            max_size=turns,
            check=ConnectionPool.check_connection,
            name="chargehand-turns",
            open=False,
        )
        # Only messages and plain JSON are kept; nothing else is ever revived from a checkpoint.
        self._serde = JsonPlusSerializer(allowed_msgpack_modules=None)

    def open(self) -> None:
        self._pool.open()

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def hold(self, principal: Principal, thread_id: UUID) -> Iterator[PostgresSaver]:
        """The thread is this turn's until the block ends; the saver sees the principal's threads. Raises
        ThreadBusy, TooManyTurns or DatabaseUnavailable."""
        try:
            connection = self._pool.getconn(timeout=5)
        except PoolTimeout as e:
            full = self._pool.get_stats().get("pool_size", 0) >= self._turns
            raise (TooManyTurns(limit=self._turns) if full else DatabaseUnavailable()) from e
        try:
            held = connection.execute(
                catalogue()["talk.try_hold"].sql,
                {
                    "thread_id": thread_id,
                    "principal": principal.person_id,
                    "pass_token": principal.pass_token,
                },
            ).fetchone()
            if not (held and held["held"]):
                raise ThreadBusy(thread_id=str(thread_id))
            yield PostgresSaver(connection, serde=self._serde)
        finally:
            _leave(connection)
            self._pool.putconn(connection)


def _leave(connection: psycopg.Connection[DictRow]) -> None:
    """Give up the lock and be nobody, so that the next turn in this session is not taken for this one; a
    session that cannot be left so is closed."""
    try:
        connection.execute("discard all")
    except psycopg.Error:
        connection.close()
