"""The language model is instructed by the prompt that is in force at the turn."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from prompts.loader import load, parsed
from store.cluster import SUPERUSER
from store.db import Database

SHIPPED = load("copilot")
SECOND = parsed(
    "copilot",
    2,
    SHIPPED.content.replace("changelog:\n", "changelog:\n  2: Rhymes.\n") + "- Speak in rhymes.\n",
)
INSERT = """insert into workflow.promotion
  (what, name, version, sha256, text, suite, run_id, run_sha256, proposal_id)
values ('prompt', 'copilot', 'v2', %s, %s, 'routing', 'r', 'x', gen_random_uuid())"""


@pytest.fixture
def promote(firm: Database) -> Iterator[Callable[[], object]]:
    """The second version in force, without the proposal that it needs (tests/workflow/test_promotions.py);
    the shipped one again afterwards."""
    dsn = make_conninfo(firm.dsn("agent"), user=SUPERUSER)
    with psycopg.connect(dsn, autocommit=True, options="-c session_replication_role=replica") as owner:
        yield lambda: owner.execute(INSERT, (SECOND.sha256, SECOND.content))
        owner.execute("delete from workflow.promotion")


def said_last(firm: Database, principal: Any, thread: Any) -> str:
    """The prompt that the last answer is labelled with."""
    with firm.tx(principal, "agent") as tx:
        row = tx.connection.execute(
            "select payload ->> 'prompt' from talk.message where thread_id = %s and author = 'copilot'"
            " order by message_id desc limit 1",
            (thread,),
        ).fetchone()
    assert row
    return str(row[0])


def test_what_was_promoted_instructs_the_next_turn(firm, make_copilot, maria, endpoint, promote) -> None:
    copilot = make_copilot(model=endpoint.settings)
    thread = copilot.open_thread(maria)
    labels = []
    for _ in range(2):
        endpoint.says("I look things up and propose.")
        list(copilot.turn(maria, thread, "What can you do?"))
        labels.append(said_last(firm, maria, thread))
        if len(labels) == 1:
            promote()
    assert labels == [SHIPPED.label, SECOND.label]
    first, second = (r["messages"][0]["content"] for r in endpoint.requests)
    assert "rhymes" not in first
    assert second.endswith("- Speak in rhymes.")


def test_an_eval_measures_the_prompt_it_names(firm, make_copilot, maria, endpoint, promote) -> None:
    promote()
    copilot = make_copilot(model=endpoint.settings, prompt=SHIPPED)
    endpoint.says("I look things up and propose.")
    thread = copilot.open_thread(maria)
    list(copilot.turn(maria, thread, "What can you do?"))
    assert "rhymes" not in endpoint.requests[0]["messages"][0]["content"]
    assert said_last(firm, maria, thread) == SHIPPED.label
