"""A run speaks for a promotion, or is refused with what to do about it."""

from pathlib import Path
from typing import Any

import pytest

from evals import promoting
from evals.promoting import baseline_promotion, prompt_promotion
from evals.runs import Run
from models.actions import PromoteVersion
from models.errors import ChargehandError
from models.promotion import Standing
from prompts.loader import parsed
from tests.evals.made_runs import rows
from tests.evals.promoting_runs import NOW, limits, told
from tests.workflow.promoting import FIRST_STANDS, SECOND, SHIPPED
from workflow.errors import SmallRun

__all__ = ["limits"]

pytestmark = pytest.mark.usefixtures("limits")

NEXT = parsed("copilot", 2, SECOND)
GOOD = [True] * 95 + [False] * 5
BETTER = [False] * 2 + [True] * 98
WORSE = [True] * 80 + [False] * 20


@pytest.fixture
def before(tmp_path: Path) -> Run:
    """By the prompt that ships: 95 of 100."""
    return told(tmp_path, rows(GOOD), SHIPPED.label, days_ago=3)


def ask(
    folder: Path, run: Run, *, returns: bool = False, standing: Standing = FIRST_STANDS
) -> PromoteVersion:
    return prompt_promotion(NEXT, FIRST_STANDS, run, folder / "runs", returns=returns, why="Kinder.", now=NOW)


def test_what_is_signed_holds_the_run_and_the_comparison(tmp_path: Path, before: Run) -> None:
    run = told(tmp_path, rows(BETTER), NEXT.label)
    asked = ask(tmp_path, run)
    assert (asked.version, asked.sha256, asked.text) == ("v2", NEXT.sha256, NEXT.content)
    assert (asked.measured.run_id, asked.measured.sha256) == (run.facts.run_id, run.sha256)
    assert asked.measured.figure.value == pytest.approx(0.98)
    compared = asked.compared
    assert compared and (compared.run_id, compared.sha256) == (before.facts.run_id, before.sha256)
    assert compared.difference.value == pytest.approx(0.03)
    assert compared.difference.low is not None and compared.difference.low < 0.03
    assert (compared.gained, compared.lost) == (5, 2)
    assert [row.case for row in compared.lost_rows] == ["000", "001"]


REFUSED: list[tuple[str, dict[str, Any], type[ChargehandError]]] = [
    ("another text", {"prompt": "copilot/v2@00000000"}, promoting.RunOfAnotherText),
    ("the rules read no prompt", {"model": "rules"}, promoting.RunReadNoPrompt),
    ("another suite", {"suite": "invoices"}, promoting.RunOfAnotherSuite),
    ("the small part", {"small": True}, SmallRun),
    ("31 days ago", {"days_ago": 31}, promoting.RunTooOld),
    ("nothing by that model to compare with", {"model": "other"}, promoting.NothingToCompareWith),
]


@pytest.mark.parametrize(("why", "changes", "error"), REFUSED, ids=lambda v: v if isinstance(v, str) else "")
def test_a_run_that_does_not_speak_for_it(
    why: str, changes: dict[str, Any], error: type[ChargehandError], tmp_path: Path, before: Run
) -> None:
    run = told(tmp_path, rows(BETTER), changes.pop("prompt", NEXT.label), **changes)
    with pytest.raises(error):
        ask(tmp_path, run)


def test_a_run_past_the_limits_of_its_suite_is_refused_with_the_rows(tmp_path: Path, before: Run) -> None:
    run = told(tmp_path, rows(WORSE), NEXT.label)
    with pytest.raises(promoting.PastLimits, match="passed"):
        ask(tmp_path, run)


def test_what_was_in_force_before_may_always_come_back(tmp_path: Path, before: Run) -> None:
    """However it compares, and with the run of that day."""
    run = told(tmp_path, rows(WORSE), NEXT.label, days_ago=200)
    asked = ask(tmp_path, run, returns=True)
    assert asked.returns
    assert asked.compared and (asked.compared.verdict, asked.compared.lost) == ("worse", 15)


def test_a_small_run_is_nothing_to_compare_with(tmp_path: Path) -> None:
    told(tmp_path, rows(GOOD), SHIPPED.label, small=True)
    with pytest.raises(promoting.NothingToCompareWith):
        ask(tmp_path, told(tmp_path, rows(BETTER), NEXT.label))


def test_a_prompt_that_no_suite_tests(tmp_path: Path, before: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promoting, "cards", dict)
    with pytest.raises(promoting.PromptWithoutSuite):
        ask(tmp_path, told(tmp_path, rows(BETTER), NEXT.label))


def test_a_firms_own_records_stay_out_of_the_proposal(tmp_path: Path) -> None:
    groups: dict[str, Any] = {"groups": {"source": "own records"}, "text": "Ann Smith is free"}
    told(tmp_path, rows([True] * 99 + [False], **groups), SHIPPED.label)
    run = told(tmp_path, rows([False] + [True] * 99, **groups), NEXT.label)
    asked = ask(tmp_path, run)
    assert "Ann" not in asked.model_dump_json()
    assert asked.compared and asked.compared.lost == 1


# --- baselines


def baseline(folder: Path, run: Run, standing: Standing | None = None) -> PromoteVersion:
    return baseline_promotion(run, standing, folder / "runs", returns=False, why="The first.", now=NOW)


def test_the_first_baseline_is_compared_with_nothing(tmp_path: Path, before: Run) -> None:
    asked = baseline(tmp_path, before)
    assert (asked.what, asked.name, asked.version) == ("baseline", "routing", before.facts.run_id)
    assert (asked.compared, asked.not_compared) == (None, "")


def test_the_next_baseline_is_compared_with_the_one_in_force(tmp_path: Path, before: Run) -> None:
    standing = Standing(version=before.facts.run_id, sha256=before.sha256, promotion=1)
    asked = baseline(tmp_path, told(tmp_path, rows(BETTER), NEXT.label), standing)
    assert asked.compared and asked.compared.gained == 5


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": "20200101T000000-routing-gone"}, "no run"),
        ({"sha256": "0" * 64}, "is not the one that was promoted"),
    ],
)
def test_why_a_baseline_could_not_be_compared_is_said(
    changes: dict[str, str], reason: str, tmp_path: Path, before: Run
) -> None:
    standing = Standing(version=before.facts.run_id, sha256=before.sha256, promotion=1)
    run = told(tmp_path, rows(BETTER), NEXT.label)
    asked = baseline(tmp_path, run, standing.model_copy(update=changes))
    assert asked.compared is None and reason in asked.not_compared
