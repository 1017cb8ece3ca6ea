"""The registry is the only way to a tool: it checks, limits and records every call, whatever comes of it."""

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from pydantic import BaseModel, ConfigDict, Field

from models.access import Grant, NotAllowed, NotFound, Permission, Principal
from models.text.embed import default_embedder
from store.db import Database
from store.shelf import Shelf
from tools.catalogue import TOOLS
from tools.registry import (
    Ask,
    InvalidArguments,
    Limits,
    Question,
    Registry,
    ResultTooLarge,
    Tool,
    ToolContext,
    ToolResult,
    ToolTooSlow,
    UnknownTool,
)

PM = Principal("P-1", "Pat", (Grant("project_manager"),), "web")
AUDITOR = Principal("P-2", "Aud", (Grant("auditor", "firm"),), "web")


class Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    n: int = Field(default=1, ge=0, le=5)


def tool(
    run: Callable[[ToolContext, Any], ToolResult], permission: Permission = "staffing.read", **limits: Any
) -> Tool:
    return Tool("try_it", "7", "Tries.", permission, "read", Arguments, run, Limits(**limits))


def call(db: Database, made: Tool, who: Principal = PM, **arguments: Any) -> ToolResult:
    return Registry([made], embedder=default_embedder(), shelf=Shelf()).call(db, who, made.name, arguments)


def said(_: ToolContext, asked: Arguments) -> ToolResult:
    return ToolResult(text=f"n is {asked.n}", data={"n": asked.n})


def writes_then(ctx: ToolContext, end: Callable[[], ToolResult]) -> ToolResult:
    ctx.tx.value("talk.open_thread", surface="web", title="left behind")
    return end()


@pytest.fixture
def recorded(admin_dsn: str) -> Callable[[], list[tuple[Any, ...]]]:
    """What the records of calls say: who, which, with what, and what became of it."""

    def rows() -> list[tuple[Any, ...]]:
        with psycopg.connect(admin_dsn) as owner:
            return owner.execute(
                "select person_id, tool, version, arguments, outcome, detail"
                " from talk.tool_call order by called_at"
            ).fetchall()

    return rows


@pytest.fixture
def left_behind(admin_dsn: str) -> Callable[[], int]:
    def count() -> int:
        with psycopg.connect(admin_dsn) as owner:
            row = owner.execute("select count(*) from talk.thread").fetchone()
            return int(row[0]) if row else -1

    return count


def test_a_call_is_answered_and_recorded(db: Database, recorded: Any) -> None:
    assert call(db, tool(said), n=3).data == {"n": 3}
    assert recorded() == [("P-1", "try_it", "7", {"n": 3}, "ok", "")]


def test_without_the_permission_nothing_runs_and_the_audit_log_knows(db: Database, recorded: Any) -> None:
    ran: list[int] = []

    def run(ctx: ToolContext, asked: Arguments) -> ToolResult:
        ran.append(1)
        return said(ctx, asked)

    with pytest.raises(NotAllowed):
        call(db, tool(run), AUDITOR)
    assert not ran
    ((who, *_, outcome, detail),) = recorded()
    assert (who, outcome) == ("P-2", "refused") and "staffing.read" in detail
    with db.tx(AUDITOR, "worker") as tx:
        (event,) = tx.records("audit.of_subject", subject="tool:try_it")
    assert (event["actor"], event["action"]) == ("P-2", "tool.refused")


def test_a_token_that_is_narrowed_does_not_reach_the_tool(db: Database) -> None:
    narrow = Principal("P-1", "Pat", PM.grants, "api", narrowed_to=frozenset({"proposals.read"}))
    with pytest.raises(NotAllowed):
        call(db, tool(said), narrow)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"n": 9}, "n: "),
        ({"n": "many"}, "n: "),
        ({"n": 1, "as_person": "P-9"}, "as_person: "),  # nothing passes that the tool does not know
    ],
)
def test_arguments_that_do_not_fit_are_told_by_name(
    db: Database, recorded: Any, arguments: dict[str, Any], fault: str
) -> None:
    with pytest.raises(InvalidArguments, match=fault) as caught:
        call(db, tool(said), **arguments)
    assert caught.value.status == 422
    assert recorded()[0][3:5] == (arguments, "invalid")


def test_a_question_is_an_answer_and_leaves_nothing_behind(
    db: Database, recorded: Any, left_behind: Any
) -> None:
    question = Question(argument="n", text="How many?", options=("1", "2"))

    def run(ctx: ToolContext, _: Arguments) -> ToolResult:
        def ask() -> ToolResult:
            raise Ask(question)

        return writes_then(ctx, ask)

    answer = call(db, tool(run))
    assert (answer.text, answer.question) == ("How many?", question)
    assert left_behind() == 0
    assert recorded()[0][4:] == ("ok", "asked")


def test_what_cannot_be_seen_is_refused_like_what_is_not_there(db: Database, recorded: Any) -> None:
    def run(_: ToolContext, __: Arguments) -> ToolResult:
        raise NotFound(what="project", id="PJ-1")

    with pytest.raises(NotFound):
        call(db, tool(run))
    assert recorded()[0][4] == "refused"


def test_a_fault_of_the_tool_leaves_its_record_and_nothing_else(
    db: Database, recorded: Any, left_behind: Any
) -> None:
    def run(ctx: ToolContext, _: Arguments) -> ToolResult:
        def fail() -> ToolResult:
            raise ZeroDivisionError("with a secret in its message")

        return writes_then(ctx, fail)

    with pytest.raises(ZeroDivisionError):
        call(db, tool(run))
    assert recorded()[0][4:] == ("failed", "ZeroDivisionError")
    assert left_behind() == 0


def test_a_statement_that_takes_too_long_is_stopped(db: Database, recorded: Any) -> None:
    def run(ctx: ToolContext, _: Arguments) -> ToolResult:
        ctx.tx.connection.execute("select pg_sleep(60)")
        raise AssertionError

    started = time.monotonic()
    with pytest.raises(ToolTooSlow) as caught:
        call(db, tool(run, seconds=0.3))
    assert time.monotonic() - started < 20
    assert (caught.value.status, caught.value.retry) == (504, "later")
    assert recorded()[0][4:] == ("failed", "statement timeout")


def test_a_tool_that_thinks_too_long_has_done_nothing(db: Database, left_behind: Any) -> None:
    def run(ctx: ToolContext, asked: Arguments) -> ToolResult:
        def think() -> ToolResult:
            threading.Event().wait(0.3)
            return said(ctx, asked)

        return writes_then(ctx, think)

    with pytest.raises(ToolTooSlow):
        call(db, tool(run, seconds=0.2))
    assert left_behind() == 0


def test_an_answer_that_floods_is_refused_and_its_work_undone(db: Database, left_behind: Any) -> None:
    def run(ctx: ToolContext, _: Arguments) -> ToolResult:
        return writes_then(ctx, lambda: ToolResult(text="x" * 500))

    with pytest.raises(ResultTooLarge) as caught:
        call(db, tool(run, characters=400))
    assert caught.value.facts["limit"] == 400
    assert left_behind() == 0


def test_the_limits_end_with_the_call(db: Database) -> None:
    call(db, tool(said, seconds=0.2))
    with db.tx(PM, "agent") as tx:
        assert tx.connection.execute("show statement_timeout").fetchone() == ("0",)


def test_a_tool_works_with_the_agents_rights_as_the_caller(db: Database) -> None:
    def run(ctx: ToolContext, _: Arguments) -> ToolResult:
        row = ctx.tx.connection.execute("select current_user, app.me()").fetchone()
        return ToolResult(text="", data={"as": row, "aware": ctx.now.tzinfo is not None})

    assert call(db, tool(run)).data == {"as": ("chargehand_agent", "P-1"), "aware": True}


def test_only_tools_with_the_permission_are_offered() -> None:
    registry = Registry(TOOLS, embedder=default_embedder(), shelf=Shelf())
    assert [t.name for t in registry.available(AUDITOR)] == ["my_proposals"]
    offered = registry.available(PM)
    assert {"find_people", "propose_assignment"} <= {t.name for t in offered}
    assert all(t.permission in PM.permissions for t in offered)


def test_there_is_one_tool_of_a_name() -> None:
    with pytest.raises(ValueError, match="two tools"):
        Registry([tool(said), tool(said)], embedder=default_embedder(), shelf=Shelf())


def test_an_unknown_tool_is_told(db: Database) -> None:
    registry = Registry([], embedder=default_embedder(), shelf=Shelf())
    with pytest.raises(UnknownTool):
        registry.call(db, PM, "drop_everything", {})


@pytest.mark.parametrize("offered", TOOLS, ids=lambda t: t.name)
def test_a_tool_of_the_catalogue_is_declared_whole(offered: Tool) -> None:
    assert offered.arguments.model_config.get("extra") == "forbid"
    assert offered.description.endswith(".") and offered.version
    assert offered.permission.endswith(f".{offered.effect}") or offered.name == "my_proposals"
    assert offered.name.startswith("propose_") == (offered.effect == "propose")
