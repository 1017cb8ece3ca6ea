"""`chargehand chat` on the test's firm, with the real tools."""

import json

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from api.cli.chat import chat
from store.db import Database


@pytest.fixture
def run(firm: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", firm.dsn("agent"))
    app = Typer()
    app.command()(chat)

    def run(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=typed)

    return run


def test_one_message_as_events(run) -> None:
    result = run("--as", "maria@firm.example", "--json", "what waits for me?")
    assert result.exit_code == 0, result.output
    events = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    assert [e["event"] for e in events if e["event"] != "text_delta"] == [
        "tool_started",
        "tool_finished",
        "answered",
    ]
    assert events[-1]["text"].startswith("Nothing waits for your signature.")


def test_a_conversation_that_is_typed(run) -> None:
    result = run("--as", "P-1", typed="I need a data engineer\nnever mind\n")
    assert result.exit_code == 0, result.output
    assert "For which project?\n  1. Lighthouse\n  2. Harbour Analytics" in result.stdout
    assert "I have dropped that" in result.stdout


def test_nobody_speaks_as_a_stranger(run) -> None:
    assert run("--as", "nobody@firm.example", "hello").exit_code == 2
