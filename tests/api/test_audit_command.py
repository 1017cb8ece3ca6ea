"""`chargehand audit` as an operator runs it."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from api.cli.main import app
from api.jobs.audit import anchor_if_due, forget_old
from api.settings import Settings
from models.access import service
from store.admin import audit_unguarded
from store.db import Database
from workflow.signing import SigningKey


@pytest.fixture
def settings(tmp_path: Path, admin_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of an installation that is anchored."""
    monkeypatch.setenv("DATABASE_URL", admin_dsn)
    monkeypatch.setenv("CHARGEHAND_AUDIT_ANCHORS", str(tmp_path / "anchors"))
    monkeypatch.setenv("CHARGEHAND_AUDIT_KEY_FILE", str(tmp_path / "audit.key"))
    return Settings()


@pytest.fixture
def run(settings: Settings) -> Any:
    return lambda *arguments: CliRunner().invoke(app, ["audit", *map(str, arguments)])


@pytest.fixture
def said(db: Database) -> None:
    with db.tx(service("test"), "worker") as tx:
        tx.audit("thing.done", "person:P-7", personal={"reason": "They were ill"})
        tx.audit("thing.done", "thing:2")


def ended(result: Result, code: int = 0) -> Result:
    assert result.exit_code == code, result.output
    return result


def test_from_a_key_to_an_outsiders_check(run: Any, said: None, tmp_path: Path) -> None:
    key_id, *pem = ended(run("key", tmp_path / "audit.key")).stdout.splitlines()
    key = SigningKey.from_pem((tmp_path / "audit.key").read_text())
    assert (key.id, key.public_pem.splitlines()) == (key_id, pem)
    assert (tmp_path / "audit.key").stat().st_mode & 0o777 == 0o600
    assert "cannot be written" in ended(run("key", tmp_path / "audit.key"), 2).stderr

    written = json.loads(ended(run("anchor", "--json")).stdout)["anchor"]
    assert Path(written).is_file()
    beside = ended(run("verify")).stderr
    assert "3 entries, 1 anchors hold" in beside and "keys were taken from beside the anchors" in beside
    named = ended(run("verify", "--trust", key_id)).stderr
    assert "3 entries, 1 anchors hold" in named and "beside the anchors" not in named
    found = json.loads(ended(run("verify", "--json", "--since-anchor")).stdout)
    assert (found["whole"], found["first"], found["anchors"], found["anchor_faults"]) == (True, 2, 1, [])

    ended(run("export", tmp_path / "log.jsonl"))
    (tmp_path / "verify.py").write_text(ended(run("verifier")).stdout)
    command = [sys.executable, "-I", "verify.py", "log.jsonl", "--anchors", "anchors", "--trust", key_id]
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert checked.stdout.startswith("Entries 1 to 3 of log")
    assert "ill" not in (tmp_path / "log.jsonl").read_text()


def test_what_does_not_hold_is_named(
    run: Any, said: None, tmp_path: Path, admin_dsn: str, settings: Settings
) -> None:
    assert "to sign the audit log's anchors" in ended(_without_key(run), 2).stderr
    ended(run("key", tmp_path / "audit.key"))
    assert "is not a directory" in ended(run("verify"), 2).stderr
    name = Path(ended(run("anchor")).stdout.strip()).name
    with psycopg.connect(admin_dsn) as owner, audit_unguarded(owner):
        owner.execute("update audit.event set hash = '\\x00' where seq = 2")
    found = ended(run("verify"), 1)
    assert "does not hold at entry 2: the row was altered" in found.stderr
    assert f"Anchor {name}: entry 2 is not the one that was anchored" in found.stderr
    assert json.loads(ended(run("verify", "--json"), 1).stdout)["anchor_faults"] == [
        {"where": name, "says": "entry 2 is not the one that was anchored"}
    ]


def _without_key(run: Any) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CHARGEHAND_AUDIT_KEY_FILE")
        found: Result = run("anchor")
    return found


def test_who_is_in_it_and_is_forgotten(run: Any, said: None) -> None:
    assert "1 personal fields" in ended(run("who", "P-7")).stdout
    found = json.loads(ended(run("show", "person:P-7", "--json")).stdout)
    assert found[0]["personal"] == {"reason": "They were ill"}
    ended(run("redact", "--subject", "person:P-7"), 2)  # without a reason
    assert "1 personal fields" in ended(run("redact", "--subject", "person:P-7", "--reason", "Asked")).stderr
    found = json.loads(ended(run("show", "person:P-7", "--json")).stdout)
    assert [e["action"] for e in found] == ["thing.done", "audit.redacted"]
    assert found[0]["personal"] == {"reason": None}
    assert "0 personal fields" in ended(run("redact", "--subject", "person:P-7", "--reason", "Asked")).stderr
    assert "holds nothing of P-8" in ended(run("who", "P-8")).stderr
    ended(run("retain", "--days", 29), 2)
    assert "0 personal fields" in ended(run("retain", "--days", 30)).stderr


def test_the_clock_anchors_and_forgets_only_where_that_is_wanted(
    db: Database, settings: Settings, said: None, admin_dsn: str, tmp_path: Path
) -> None:
    bare = settings.model_copy(update={"audit_anchors": None})
    now = datetime.now(UTC)
    assert (anchor_if_due(db, bare, now), forget_old(db, bare)) == (None, 0)
    (tmp_path / "audit.key").write_text(SigningKey.generate().pem)
    assert anchor_if_due(db, settings, now) is not None
    assert anchor_if_due(db, settings, now + timedelta(minutes=50)) is None
    assert forget_old(db, settings.model_copy(update={"audit_retain_days": 30})) == 0
