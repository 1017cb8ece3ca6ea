"""`chargehand prompt` and `chargehand eval baseline`, as people run them."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from api.cli import eval_, eval_baseline, prompt
from api.wiring import Application
from evals.runs import ROWS
from models.actions import PromoteVersion
from prompts import loader
from tests.evals.made_runs import rows
from tests.evals.promoting_runs import limits, told
from tests.workflow import firm
from tests.workflow.promoting import SECOND, SHIPPED

RUN = CliRunner()
__all__ = ["limits"]

pytestmark = pytest.mark.usefixtures("limits")

NEXT = loader.parsed("copilot", 2, SECOND)
GOOD = [True] * 95 + [False] * 5
WHY = "Kinder, and as good."


@pytest.fixture
def here(application: Application, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Application:
    """The small firm, as the command line finds it, with a second version of the copilot's prompt beside the
    one that ships."""
    monkeypatch.setenv("DATABASE_URL", application.place.admin)
    monkeypatch.setenv("CHARGEHAND_HOME", str(tmp_path / "home"))
    versions, load = loader.versions, loader.load
    monkeypatch.setattr(loader, "versions", lambda name: (1, 2) if name == "copilot" else versions(name))
    monkeypatch.setattr(
        loader, "load", lambda name, v=None: NEXT if (name, v) == ("copilot", 2) else load(name, v)
    )
    return application


def call(*words: str, app: Any = prompt.app, code: int = 0) -> str:
    result = RUN.invoke(app, list(words))
    assert result.exit_code == code, result.output
    return result.output


def proposed(*words: str, app: Any = prompt.app) -> dict[str, Any]:
    result = RUN.invoke(app, [*words, "--why", WHY, "--as", "ada", "--json"])
    assert result.exit_code == 0, result.output
    card: dict[str, Any] = json.loads(result.stdout)
    return card


def sign(here: Application, card: dict[str, Any]) -> None:
    here.workflow.decide(
        firm.principal("dora"),
        UUID(card["proposal_id"]),
        content_hash=card["content_hash"],
        verdict="approve",
        reason="Read it.",
    )


def test_the_prompts_and_who_tests_them(here: Application) -> None:
    said = call("list")
    assert f"copilot: v1, v2; in force {SHIPPED.label}, as it ships" in said
    assert "no suite: it cannot be promoted" in said
    found = {p["name"]: p for p in json.loads(call("list", "--json"))}
    assert "routing" in found["copilot"]["suites"]
    assert found["copilot"]["sha256"] == SHIPPED.sha256


def test_a_version_is_shown_with_its_change_log(here: Application) -> None:
    assert SHIPPED.text in call("show", "copilot")
    assert "2: Kinder." in call("show", "copilot", "2")
    call("show", "ghost", code=2)
    call("show", "copilot", "9", code=2)


def test_what_differs_is_told_with_what_the_runs_say(here: Application, tmp_path: Path) -> None:
    told(tmp_path, rows(GOOD), SHIPPED.label)
    page = tmp_path / "diff.html"
    kept = ("--runs", str(tmp_path / "runs"))
    said = call("diff", "copilot", "1", "2", "--html", str(page), *kept)
    assert "- - Be brief: the answer" in said and "+ - Be brief and kind: the answer" in said
    assert f"{SHIPPED.label}, routing: passed 0.95" in said
    html = page.read_text(encoding="utf-8")
    assert "<ins> and kind</ins>" in html and "passed 0.95" in html
    assert "http" not in html and "<script" not in html, "it needs nothing else"
    found = json.loads(call("diff", "copilot", "1", "2", "--json", *kept))
    assert [" and kind", True] in [part for line in found["lines"] for part in line["parts"]]


def test_what_ships_has_no_fault() -> None:
    said = call("check")
    assert "note: mcp/bench_risk: no suite tests it" in said


def test_a_prompt_is_proposed_signed_and_in_force(here: Application, tmp_path: Path) -> None:
    told(tmp_path, rows(GOOD), SHIPPED.label)
    run = told(tmp_path, rows(GOOD), NEXT.label)
    kept = ("--runs", str(tmp_path / "runs"))
    card = proposed("propose", "copilot", "2", "--run", run.facts.run_id, *kept)
    assert card["title"] == "Promote the prompt copilot from v1 to v2"
    sign(here, card)
    assert f"in force {NEXT.label}, promoted" in call("list")
    assert "Be brief and kind" in call("show", "copilot")


def test_a_run_that_was_altered_speaks_for_nothing(here: Application, tmp_path: Path) -> None:
    told(tmp_path, rows(GOOD), SHIPPED.label)
    run = told(tmp_path, rows(GOOD), NEXT.label)
    file = run.folder / ROWS
    file.chmod(0o644)
    file.write_text(file.read_text(encoding="utf-8").replace("false", "true"), encoding="utf-8")
    said = call(
        *("propose", "copilot", "2", "--run", run.facts.run_id, "--runs", str(tmp_path / "runs")),
        *("--why", WHY, "--as", "ada"),
        code=2,
    )
    assert "are not those that were written" in " ".join(said.split())


def test_a_small_run_and_a_missing_one(here: Application, tmp_path: Path) -> None:
    small = told(tmp_path, rows(GOOD), NEXT.label, small=True)
    told(tmp_path, rows(GOOD), SHIPPED.label)
    asked = ("--why", WHY, "--as", "ada", "--runs", str(tmp_path / "runs"))
    said = call("propose", "copilot", "2", "--run", small.facts.run_id, *asked, code=2)
    assert "small part" in " ".join(said.split())
    call("propose", "copilot", "2", "--run", "20200101T000000-routing-gone", *asked, code=2)


def test_a_baseline_is_proposed_signed_and_found(here: Application, tmp_path: Path) -> None:
    kept = ("--runs", str(tmp_path / "runs"))
    assert "No baseline" in call("baseline", "show", app=eval_.app)
    run = told(tmp_path, rows(GOOD), SHIPPED.label)
    card = proposed("baseline", "propose", run.facts.run_id, *kept, app=eval_.app)
    assert PromoteVersion.model_validate(card["action"]).measured.sha256 == run.sha256
    sign(here, card)
    (found,) = json.loads(call("baseline", "show", "--json", app=eval_.app))
    assert (found["suite"], found["sha256"]) == ("routing", run.sha256)
    assert run.facts.run_id in call("baseline", "show", app=eval_.app)
    assert eval_baseline.promoted_run("routing", tmp_path / "runs").sha256 == run.sha256
    assert "baseline in force" in call("leaderboard", "--in-force", *kept, app=eval_.app)
    with pytest.raises(eval_baseline.NoBaseline):
        eval_baseline.promoted_run("staffing", tmp_path / "runs")


def test_the_gate_holds_a_run_against_the_promoted_baseline(here: Application, tmp_path: Path) -> None:
    kept = ("--runs", str(tmp_path / "runs"), "--limits", str(tmp_path / "gates.yaml"))
    baseline = told(tmp_path, rows(GOOD), SHIPPED.label)
    worse = told(tmp_path, rows([False] * 8 + GOOD[8:]), NEXT.label)
    held = ("gate", "--run", worse.facts.run_id, "--baseline", "promoted", *kept)
    assert "No baseline of routing" in " ".join(call(*held, app=eval_.app, code=2).split())
    sign(here, proposed("baseline", "propose", baseline.facts.run_id, *kept[:2], app=eval_.app))
    said = call(*held, app=eval_.app, code=1)
    assert "BROKEN. passed 0.87" in said and f"against {baseline.facts.run_id}" in said
    assert "lost: 8" in said
