"""Where conversations are kept between turns, and the lock that keeps the turns of one thread apart.

LangGraph's own tables live in the schema `langgraph` (made by `store.migrate`) and are used with the agent's
rights. Two turns resuming one thread at once would both run; so a turn holds an advisory lock on its
thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from uuid import UUID

import psycopg
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

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
    """The pools of conversations: one for checkpoints, one whose connections each hold a running turn."""

    def __init__(self, dsn: str, *, turns: int) -> None:
        """`dsn`: of the agent's role. `turns`: how many may run at once in this process."""
        self._turns = turns
        self._saver_pool: ConnectionPool[psycopg.Connection[DictRow]] = ConnectionPool(
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
            name="chargehand-checkpoints",
            open=False,
        )
        self._turn_pool: ConnectionPool[psycopg.Connection[Any]] = ConnectionPool(
            dsn,
            kwargs={"autocommit": True},
            min_size=0,
            max_size=turns,
            check=ConnectionPool.check_connection,
            name="chargehand-turns",
            open=False,
        )
        # Only messages and plain JSON are kept; nothing else is ever revived from a checkpoint.
        self.saver = PostgresSaver(self._saver_pool, serde=JsonPlusSerializer(allowed_msgpack_modules=None))

    def open(self) -> None:
        self._saver_pool.open()
        self._turn_pool.open()

    def close(self) -> None:
        self._turn_pool.close()
        self._saver_pool.close()

    @contextmanager
    def hold(self, thread_id: UUID) -> Iterator[None]:
        """The thread is this turn's until the block ends. Raises ThreadBusy, TooManyTurns or
        DatabaseUnavailable."""
        try:
            connection = self._turn_pool.getconn(timeout=5)
        except PoolTimeout as e:
            full = self._turn_pool.get_stats().get("pool_size", 0) >= self._turns
            raise (TooManyTurns(limit=self._turns) if full else DatabaseUnavailable()) from e
        try:
            with connection.transaction():
                held = connection.execute(
                    catalogue()["talk.try_hold"].sql, {"thread_id": thread_id}
                ).fetchone()
                if held != (True,):
                    raise ThreadBusy(thread_id=str(thread_id))
                yield
        finally:
            self._turn_pool.putconn(connection)
