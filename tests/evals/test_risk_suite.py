"""The suite of delivery risk: sound reports, a plain judge, and what the reader must not fall under."""

import math
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evals.cases import Case, Row
from evals.metrics import frame
from evals.subjects import Subject
from evals.suite import Setting, setting, suite
from evals.suites.risk.cases import Rated, Sentence, Whole, of_firm, of_ratings, of_written, written
from evals.suites.risk.judge import judge
from evals.suites.risk.measures import METRICS
from evals.suites.risk.ratings import OWN, judged
from evals.suites.risk.subject import Heard, Read, Statement, answer, read
from models.text.risks import _LANGUAGE

CASES = tuple(of_written(small=False))


def row(case: Case, read: Read) -> Row:
    return Row(
        id=case.id,
        text=case.text,
        expected=case.expected,
        groups=case.groups,
        cluster=case.cluster,
        verdict=judge(case, read),
    )


def figures(rows: list[Row]) -> dict[str, float]:
    table = frame(rows)
    return {metric.name: metric.of(table) for metric in METRICS}


def test_there_are_sixty_reports_of_every_kind_of_difficulty() -> None:
    assert len(written()) >= 60
    assert len({c.id for c in CASES}) == len(CASES)
    assert {c.groups["kind"] for c in CASES} < set(suite("risk").card.groups)
    parts = Counter(r.part for r in written())
    assert {"negated", "solved", "quoted", "boilerplate", "sarcasm", "hedged", "buried", "german"} <= set(
        parts
    )
    for report in written():
        for line in report.lines:
            assert line.span.of(report.text) == line.says
            assert bool(line.risk) == bool(line.severity)


def test_no_sentence_is_learnt_from() -> None:
    learnt = {s.casefold() for texts in _LANGUAGE["risks"].values() for s in texts}
    learnt |= {s.casefold() for s in _LANGUAGE["fine"]}
    assert not [line.says for r in written() for line in r.lines if line.says.casefold() in learnt]


WORDS = "The interface is late. The team is complete."
RISKY = next(c for c in CASES if isinstance(c, Sentence) and c.line.risk == ("governance",) and c.line.grave)
FINE = next(c for c in CASES if isinstance(c, Sentence) and not c.line.risk)


def stated(case: Sentence, category: str = "governance", severity: str = "high") -> Read:
    """An answer that states the sentence as a risk."""
    line, report = case.line, case.report
    statement = Statement(
        report_id=report.id,
        quote=line.says,
        start=line.start,
        end=line.end,
        category=category,
        severity=severity,
    )
    heard = Heard(start=line.start, end=line.end, probability=0.8)
    return Read(statements=(statement,), sentences=(heard,))


@pytest.mark.parametrize(
    ("case", "read", "passed", "why"),
    [
        (RISKY, stated(RISKY), True, "found, of its kind"),
        (RISKY, stated(RISKY, "budget"), False, "it is about the contract"),
        (RISKY, stated(RISKY, severity="low"), False, "it is not low"),
        (RISKY, Read(), False, "left out"),
        (FINE, Read(), True, "nothing to state"),
        (FINE, stated(FINE), False, "no risk is named there"),
    ],
)
def test_the_judge_of_sentences(case: Sentence, read: Read, passed: bool, why: str) -> None:
    verdict = judge(case, read)
    assert verdict.passed is passed, why
    assert bool(verdict.fault) is not passed
    assert verdict.values["y"] == float(bool(case.line.risk))
    assert verdict.values["p"] == (0.8 if read.statements else 0.0)


def test_a_statement_must_be_in_the_report_and_carried_by_a_risk() -> None:
    whole = next(c for c in CASES if isinstance(c, Whole) and c.report.id == RISKY.report.id)
    good = stated(RISKY)
    assert judge(whole, good).passed
    bent = good.statements[0].model_copy(update={"quote": "The contract is signed."})
    assert judge(whole, Read(statements=(bent,))).values["verbatim"] == 0
    assert not judge(whole, Read(statements=(bent,))).passed
    fine = next(c for c in CASES if isinstance(c, Sentence) and c.report == whole.report and not c.line.risk)
    loose = judge(whole, stated(fine))
    assert not loose.passed and loose.values["carried"] == 0


def test_figures_are_of_the_rows_that_bear_them() -> None:
    found = figures([row(RISKY, stated(RISKY)), row(FINE, stated(FINE)), row(FINE, Read())])
    assert found["risk precision"] == 0.5 and found["risk recall"] == 1
    assert found["risk F1"] == pytest.approx(2 / 3)
    assert found["grave risks missed"] == 0
    assert math.isnan(found["rating right"]) and math.isnan(found["verbatim"])


def test_the_reader_holds_its_ground_and_quotes_word_for_word() -> None:
    """Lower bounds under the figures of evals/suites/risk/card.yaml."""
    readings = {report.id: read(report) for report in written()}
    found = figures([row(c, readings[c.report.id]) for c in CASES if isinstance(c, Sentence | Whole)])
    assert found["verbatim"] == 1
    assert found["risk F1"] >= 0.55
    assert found["risk recall"] >= 0.7


@pytest.fixture
def own_records(tmp_path: Path) -> Path:
    """Reports of ten projects over a year whose words tell the rating."""
    random = np.random.default_rng(0)
    words = {
        "green": "All is on track and done.",
        "amber": "It is late and slips.",
        "red": "It failed, stopped.",
    }
    lines = [
        {
            "report_id": f"R{month}-{project}",
            "project_id": f"P{project}",
            "organisation": "North",
            "reported_on": date(2025, month, 1),
            "text": words[rag],
            "rag": rag,
        }
        for month in range(1, 13)
        for project in range(10)
        for rag in [str(random.choice(list(words)))]
    ]
    (tmp_path / "risk").mkdir()
    pd.DataFrame(lines).to_csv(tmp_path / "risk" / "labelled.csv", index=False)
    return tmp_path


def test_own_records_are_parted_by_time_and_rated(own_records: Path) -> None:
    with setting(Subject(), data=own_records) as within:
        cases = list(of_ratings(judged(within, OWN), OWN))
        assert cases and all(isinstance(c, Rated) and c.groups["source"] == OWN for c in cases)
        assert {c.report_id.partition("-")[0] for c in cases} == {"R10", "R11", "R12"}
        rows = [row(c, answer(within, c)) for c in cases]
    assert figures(rows)["rating right"] == 1
    assert all(0 <= r.verdict.values["p_red"] <= 1 for r in rows)


def test_without_own_records_there_are_no_such_cases(tmp_path: Path) -> None:
    for data in (None, tmp_path):
        assert judged(Setting(Subject(), data=data), OWN).empty


def test_the_tool_quotes_the_firms_reports_and_leaves_a_trace(within: Setting) -> None:
    with within.sandbox.firm(within.subject.policy_set()) as firm:
        case = next(c for c in of_firm(firm, small=True) if c.groups["difficulty"] == "biting")
    found = answer(within, case)
    assert [step.kind for step in found.trace] == ["called", "found"]
    assert found.trace[1].data["projects"][0]["report_id"] == case.report_id
    assert judge(case, found).values["verbatim"] == 1
    assert judge(case, Read()).fault == "The planted trouble is not shown."
