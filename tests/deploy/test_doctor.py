"""`chargehand doctor`: each thing that can be wrong is said with a way to mend it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from api.cli.doctor_checks import CHECKS, Finding, Installation, examine
from api.cli.main import app
from api.database import SET_UP
from api.jobs.audit import anchor_now
from api.settings import Settings
from connectors.sim.serve import address, listen, server
from connectors.sim.twin import Twin
from models.access import service
from store.db import Database
from store.shelf import put
from tests.agents.conftest import ScriptedServer, endpoint
from workflow import policies
from workflow.service import Workflow
from workflow.signing import SigningKey

__all__ = ["endpoint"]

Examine = Callable[..., list[Finding]]


@pytest.fixture
def look(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Examine:
    """The findings of one check on the test's database, under some settings."""
    for variable in (
        "DATABASE_URL",
        "OPENAI_BASE_URL",
        "OPENAI_API_KEY",
        "CHARGEHAND_MODEL",
        "CHARGEHAND_SECRET",
    ):
        monkeypatch.delenv(variable, raising=False)

    def run(check: str, **settings: Any) -> list[Finding]:
        found = Settings(home=tmp_path, database_url=db.dsn("agent"), **settings)
        return list(examine(Installation(found, db), (check,)))

    return run


def levels(findings: list[Finding]) -> list[str]:
    return [f.level for f in findings]


def test_what_is_not_right_says_how_to_mend_it(look: Examine) -> None:
    for check in CHECKS:
        for finding in look(check):
            assert finding.level == "ok" or finding.mend, finding


def test_a_directory_that_cannot_be_used(look: Examine, tmp_path: Path) -> None:
    assert levels(look("home")) == ["ok"]
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert look("home")[0].says.startswith(str(tmp_path))


@pytest.mark.parametrize(
    ("settings", "expected", "says"),
    [
        ({"environment": "production"}, "fail", "no CHARGEHAND_SECRET in production"),
        ({}, "warn", "without passwords"),
        ({"secret": "short"}, "warn", "shorter than"),
    ],
)
def test_a_secret_that_is_none(look: Examine, settings: dict[str, Any], expected: str, says: str) -> None:
    found = look("secret", **settings)[0]
    assert (found.level, says in found.says) == (expected, True), found


def test_a_production_with_tls_and_a_long_secret_has_nothing_to_mend(look: Examine) -> None:
    good = {"environment": "production", "secret": "x" * 40, "public_url": "https://chargehand.example"}
    assert look("secret", **good) == []


def test_a_database_that_is_up_to_date(look: Examine) -> None:
    (found,) = look("database")
    assert found.level == "ok" and "PostgreSQL" in found.says and "pgvector" in found.says


def test_a_migration_that_is_pending(look: Examine, admin_dsn: str) -> None:
    with psycopg.connect(admin_dsn, autocommit=True) as owner:
        owner.execute("delete from public.chargehand_migration where number = 9")
    found = look("database")[-1]
    assert found.level == "fail" and "0009" in found.says and "migrate" in found.mend


def test_a_database_that_nobody_answers_for(tmp_path: Path) -> None:
    nowhere = Database(
        dict.fromkeys(("agent", "worker"), "host=/nonexistent dbname=x connect_timeout=1"), timeout_s=0.2
    )
    settings = Settings(home=tmp_path, database_url="postgresql://nowhere/x")  # type: ignore[arg-type]
    for check in ("database", "clock", "worker", "circuits"):
        assert levels(list(examine(Installation(settings, nowhere), (check,)))) == ["fail"], check
    nowhere.close()


def test_clocks_agree_here(look: Examine) -> None:
    assert levels(look("clock")) == ["ok"]


def test_no_policy_then_one(look: Examine, db: Database) -> None:
    assert levels(look("policy")) == ["fail"]
    Workflow(db).load_policy(SET_UP, policies.default())
    (found,) = look("policy")
    assert found.level == "ok" and "rules" in found.says


def test_a_firm_without_records(look: Examine) -> None:
    (found,) = look("records")
    assert found.level == "warn" and "chargehand import" in found.mend


@pytest.fixture
def systems(tmp_path: Path) -> Iterator[str]:
    """The simulated systems of record on a free port."""
    import threading

    twin = Twin(tmp_path / "systems.db")
    listening = listen("127.0.0.1", 0)
    serving = server(twin, "right")
    thread = threading.Thread(target=serving.run, kwargs={"sockets": [listening]})
    thread.start()
    yield address(listening)
    serving.should_exit = True
    thread.join()


def test_a_system_that_answers_one_that_refuses_and_one_that_is_not_connected(
    look: Examine, systems: str
) -> None:
    found = look(
        "systems",
        crm_url=f"{systems}/crm",
        crm_token="right",
        psa_url=f"{systems}/psa",
        psa_token="wrong",
        erp_url="http://127.0.0.1:9",
    )
    assert levels(found) == ["ok", "fail", "fail", "warn"]
    assert "CHARGEHAND_PSA_URL" in found[1].mend and "HRIS is not connected" in found[3].says


def test_a_language_model(look: Examine, endpoint: ScriptedServer) -> None:
    assert levels(look("language-model")) == ["ok"]  # the planner
    assert levels(look("language-model", model="m")) == ["fail"]  # nowhere to ask
    gone = look("language-model", model="m", openai_base_url="http://127.0.0.1:9/v1")[0]
    assert gone.level == "fail" and "deterministic planner talks" in gone.mend
    refuses = look("language-model", model="m", openai_base_url=endpoint.settings.base_url)[0]
    assert (refuses.level, "501" in refuses.says) == ("fail", True)  # it has no list of models


def test_a_copilot_elsewhere_that_does_not_answer(look: Examine) -> None:
    assert levels(look("copilot")) == ["ok"]  # the desk's own
    gone = look("copilot", copilot_url="http://127.0.0.1:9")[0]
    assert gone.level == "fail" and "Pages and decisions go on" in gone.mend


def test_the_embedding_model_loads(look: Examine) -> None:
    assert levels(look("embeddings")) == ["ok"]


def test_models_that_serve_were_refused_or_never_fitted(look: Examine, db: Database) -> None:
    assert set(levels(look("models"))) == {"warn"}
    with db.tx(service("fit"), "worker") as tx:
        put(tx, "bench", "m", {}, "serving")
        put(tx, "bench", "worse", {}, "refused")
        put(tx, "risk", "m", {}, "refused")
    found = {f.says.split("model ")[1].split()[0].rstrip(":"): f for f in look("models")}
    assert "serves version 1" in found["bench"].says
    assert found["risk"].level == "warn" and "did not beat" in found["risk"].says


def test_a_worker_that_lives_and_one_that_does_not(look: Examine, admin_dsn: str) -> None:
    assert levels(look("worker")) == ["warn"]
    assert levels(look("worker", environment="production")) == ["fail"]
    with psycopg.connect(admin_dsn, autocommit=True) as owner:
        owner.execute("insert into jobs.procrastinate_workers default values")
        assert levels(look("worker", environment="production")) == ["ok"]
        owner.execute("update jobs.procrastinate_workers set last_heartbeat = now() - interval '1 hour'")
    assert levels(look("worker")) == ["warn"]


def test_a_system_that_is_paused(look: Examine, admin_dsn: str) -> None:
    assert levels(look("circuits")) == ["ok"]
    with psycopg.connect(admin_dsn, autocommit=True) as owner:
        owner.execute(
            "update workflow.circuit set state = 'paused', reason = 'year end' where system = 'erp'"
        )
    (found,) = look("circuits")
    assert found.level == "warn" and "ERP is paused" in found.says and "year end" in found.says


def test_the_command_speaks_json_and_fails_when_something_does(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", db.dsn("agent"))
    failing = CliRunner().invoke(app, ["doctor", "--only", "python", "--only", "policy", "--json"])
    assert failing.exit_code == 1
    said = json.loads(failing.stdout)
    assert [(f["check"], f["level"]) for f in said] == [("python", "ok"), ("policy", "fail")]
    assert CliRunner().invoke(app, ["doctor", "--only", "python"]).exit_code == 0
    assert CliRunner().invoke(app, ["doctor", "--only", "weather"]).exit_code == 2


def test_a_log_that_is_not_anchored_or_not_lately(look: Examine, db: Database, tmp_path: Path) -> None:
    assert levels(look("anchors")) == ["ok"]
    (found,) = look("anchors", environment="production", secret="x" * 40)
    assert found.level == "warn" and "anew unseen" in found.says
    folder = tmp_path / "anchors"
    assert levels(look("anchors", audit_anchors=folder)) == ["fail", "fail"], "no directory, and no key"
    folder.mkdir()
    (found,) = look("anchors", audit_anchors=folder, audit_key="not a key")
    assert found.level == "fail" and "chargehand audit key" in found.says
    anchored = {"audit_anchors": folder, "audit_key": SigningKey(bytes(32)).pem}
    (found,) = look("anchors", **anchored)
    assert found.level == "warn" and "ever" in found.says
    anchor_now(db, Settings(**anchored), datetime.now(UTC))
    (found,) = look("anchors", **anchored)
    assert found.level == "ok" and SigningKey(bytes(32)).id in found.says
