"""The quality run: its figures, its ends, and each suite on a small firm and on small records."""

import csv
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from evals.demo_firms import DemoFirm
from evals.quality import __main__ as quality
from evals.quality import clauses, invoices, page, records, risk, terms, timesheets
from evals.quality.results import Interval, Judged, Result, bootstrap, compared, counted, wilson
from models.predict.clauses import Contract, MarkedClause, MarkedContract
from models.predict.terms import LabelledPair, Pair
from tests.evals.measured_firm import measured_firm
from tests.firm_fixtures import Firm, firm

__all__ = ["firm"]


def result(value: float, baseline: float | None, aim: Any = "high") -> Result:
    return Result("invoices", "g", "m", value, None, baseline, "b", 9, aim)


@pytest.mark.parametrize(
    ("value", "baseline", "aim", "better", "why"),
    [
        (0.8, 0.7, "high", True, "higher"),
        (0.7, 0.8, "high", False, "lower"),
        (0.7, 0.7, "high", True, "as good as the baseline is good enough"),
        (5.0, 6.0, "low", True, "less of an error"),
        (6.0, 5.0, "low", False, "more of an error"),
        (0.91, 0.8, 0.9, True, "nearer to the coverage asked for"),
        (0.99, 0.85, 0.9, False, "too wide is off as well"),
        (float("nan"), 0.1, "high", False, "not defined is not better"),
        (0.1, None, "high", True, "nothing to compare with"),
    ],
)
def test_better_is_nearer_to_what_is_aimed_at(
    value: float, baseline: float | None, aim: Any, better: bool, why: str
) -> None:
    assert result(value, baseline, aim).better is better, why


def test_the_interval_is_wilsons() -> None:
    """Against the worked value for 8 of 10 in Brown, Cai and DasGupta (2001): 0.490 to 0.943."""
    found = wilson(8, 10)
    assert found.low == pytest.approx(0.490, abs=0.001)
    assert found.high == pytest.approx(0.943, abs=0.001)


@settings(deadline=None)
@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share(counts: tuple[int, int]) -> None:
    found, share = wilson(*counts), counts[0] / counts[1]
    assert 0 <= found.low <= share + 1e-12 and share - 1e-12 <= found.high <= 1


@pytest.mark.parametrize(
    ("value", "interval", "decides", "fails", "why"),
    [
        (0.6, Interval(0.5, 0.65), True, True, "clearly below 0.7"),
        (0.6, Interval(0.5, 0.75), True, False, "it may be chance"),
        (0.6, None, True, True, "without an interval there is nothing to plead"),
        (0.6, Interval(0.5, 0.65), False, False, "a half of a trade-off"),
        (0.8, Interval(0.75, 0.9), True, False, "better"),
    ],
)
def test_what_is_clearly_worse_fails(
    value: float, interval: Interval | None, decides: bool, fails: bool, why: str
) -> None:
    found = Result("bench", "g", "m", value, interval, 0.7, "b", 9, decides=decides)
    assert found.fails is fails, why


def test_whole_units_are_drawn() -> None:
    """Rows of one unit are alike: however many there are, two units do not make a narrow interval."""
    values = np.repeat([0.0, 1.0], 500)
    alone = bootstrap(lambda r: float(values[r].mean()), np.arange(1000), 200)
    together = bootstrap(lambda r: float(values[r].mean()), values, 200)
    assert alone and together
    assert alone.high - alone.low < 0.1
    assert (together.low, together.high) == (0.0, 1.0)


def test_no_interval_where_there_is_too_little() -> None:
    assert bootstrap(lambda r: 1.0, np.zeros(9), 50) is None
    assert bootstrap(lambda r: float("nan"), np.arange(9), 50) is None


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(-5, 5), min_size=3, max_size=40))
def test_an_interval_of_means_lies_among_the_values(values: list[float]) -> None:
    rows = np.array(values)
    found = bootstrap(lambda r: float(rows[r].mean()), np.arange(len(rows)), 50)
    assert found and rows.min() - 1e-9 <= found.low <= found.high <= rows.max() + 1e-9


def test_figures_known_from_elsewhere_take_the_baselines_place() -> None:
    known, other = compared(
        [result(0.8, 0.7), result(0.8, 0.7).__class__("time", "g", "m", 0.8, None, 0.7, "b", 9)],
        {"invoices/g": {"m": 0.9}},
        "last year's model",
    )
    assert (known.baseline, known.against, known.better) == (0.9, "last year's model", False)
    assert other.baseline == 0.7


def test_what_may_only_have_one_value() -> None:
    judged = Judged("plan", "g", "b", np.arange(4))
    assert judged.must("wrong", lambda r: 0.0, be=0.0).better
    assert not judged.must("wrong", lambda r: 0.25, be=0.0).better


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 60), min_size=4, max_size=80), st.integers(1, 5))
def test_batches_hold_the_newest_in_order_and_divide_no_day(offsets: list[int], count: int) -> None:
    days = pd.Series([date(2026, 1, 1) + timedelta(days=n) for n in offsets])
    parts = records.batches(days, count)
    ranges = [(min(days[p]), max(days[p])) for p in parts]
    assert 1 <= len(parts) <= count
    assert all(a[1] < b[0] for a, b in itertools.pairwise(ranges))
    assert ranges[-1][1] == max(days)
    taken = sum(len(p) for p in parts)
    assert taken >= len(days) - int(len(days) * (1 - records.LAST))


def test_payments_that_lay_ahead_are_not_known() -> None:
    ledger = pd.DataFrame(
        {
            "invoice_id": ["a", "b", "c"],
            "issued_on": [date(2026, 1, 1), date(2026, 1, 1), date(2026, 2, 1)],
            "paid_on": [date(2026, 1, 20), date(2026, 2, 1), date(2026, 2, 9)],
        }
    )
    known = invoices.seen_before(ledger, (date(2026, 2, 1) - date(1970, 1, 1)).days)
    assert known["invoice_id"].tolist() == ["a", "b"]
    assert known["paid_on"].notna().tolist() == [True, False]


def test_reports_of_the_last_days_are_judged() -> None:
    dates = pd.Series([date(2020, 1, 1)] * 8 + [date(2021, 1, 1)] * 2)
    assert risk.first_judged(dates) == date(2021, 1, 1)
    assert risk.first_judged(pd.Series([date(2021, 1, 1)] * 4)) == date(2021, 1, 1)


def test_written_with_a_picture_a_suite(tmp_path: Path) -> None:
    found = [
        counted("contracts", "demo firm", "rate read right", 9, 10, baseline=0.5, against="the commonest"),
        result(17.5, 20.0, "low"),
        result(0.7, 0.8),
    ]
    paths = page.write(found, tmp_path)
    text = (tmp_path / "quality.md").read_text()
    assert {p.name for p in paths} == {"quality.json", "quality.md", "contracts.svg", "invoices.svg"}
    assert "| demo firm | rate read right | **0.9** | 0.596 to 0.982 | 0.5 | the commonest | 10 |" in text
    assert "0.7 (worse)" in text
    assert "<svg" in (tmp_path / "invoices.svg").read_text()
    assert [r["better"] for r in json.loads((tmp_path / "quality.json").read_text())] == [True, True, False]


@pytest.fixture
def on_shared_firm(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def opened(*_: Any, **__: Any) -> Iterator[DemoFirm]:
        yield measured_firm(firm)

    monkeypatch.setattr(quality, "opened", opened)


@pytest.mark.usefixtures("on_shared_firm")
def test_the_tools_are_judged_on_a_firm(tmp_path: Path) -> None:
    arguments = ["--only", "staffing,bench,contracts", "--seeds", "7", "--out", str(tmp_path), "--json"]
    ended = CliRunner().invoke(quality.app, arguments)
    found = json.loads(ended.stdout)
    assert [r["name"] for r in found] == sorted(
        (r["name"] for r in found), key=["staffing", "bench", "contracts"].index
    )
    assert ended.exit_code == int(any(r["fails"] for r in found))
    by_metric = {r["metric"]: r for r in found}
    assert by_metric["roll-offs, f1"]["better"]
    assert by_metric["rate read right"]["value"] >= 0.9
    assert all(r["against"] for r in found if r["baseline"] is not None)


def test_strange_entries_are_ranked_and_told_by_kind() -> None:
    entries = pd.DataFrame(
        {
            "entry_id": list("abcd"),
            "person_id": list("ppqq"),
            "minutes": [60.0, 60.0, 60.0, 600.0],
            "planned_minutes": [60.0, 60.0, np.nan, 60.0],
        }
    )
    scored = pd.DataFrame({"entry_id": list("abcd"), "score": [0.9, 0.8, 0.1, 0.2]})
    kinds = ["weekend", "duplicate", "", ""]
    found = {r.metric: r for r in timesheets.measured("g", entries, scored, kinds)}
    assert found["average precision"].value == 1
    assert found["average precision"].baseline == pytest.approx(2 / 3)  # tied, behind another
    assert found["recall at k, weekend"].value == found["recall at k, duplicate"].value == 1


def test_the_teams_are_those_who_share_projects() -> None:
    entries = pd.DataFrame({"person_id": list("abbcd"), "project_id": list("xxyzz")})
    assert timesheets.teams(entries).tolist() == [0, 0, 0, 1, 1]


def test_a_customer_pays_as_before_and_a_new_one_as_all_do() -> None:
    def invoice(customer: str, days: int) -> dict[str, Any]:
        paid_on = date(2026, 1, 1) + timedelta(days=days)
        return {
            "customer_id": customer,
            "issued_on": date(2026, 1, 1),
            "due_on": date(2026, 1, 31),
            "paid_on": paid_on,
        }

    known = pd.DataFrame(
        [invoice("slow", 60), invoice("slow", 60), invoice("quick", 20), invoice("quick", 20)]
    )
    wanted = pd.DataFrame({"customer_id": ["slow", "quick", "new"]})
    assert invoices.customer_means(known, wanted).tolist() == [[50, 0.75], [30, 0.25], [40, 0.5]]


def test_the_words_of_agreements_are_a_baseline() -> None:
    texts = {"d": "The parties meet monthly. Nobody may copy the drawings. The law of Spain governs."}
    known = [
        LabelledPair(
            pair_id=str(n), document_id="d", statement="Copying is barred.", relation=relation, evidence=()
        )
        for n, relation in enumerate(("entails", "entails", "silent"))
    ]
    asked = [
        Pair(pair_id="q", document_id="d", statement="Copying is barred."),
        Pair(pair_id="r", document_id="d", statement="Drawings may not be shown."),
    ]
    copying, drawings = terms.by_words(texts, known, asked)
    assert (copying.relation, copying.p_silent) == ("entails", pytest.approx(1 / 3))
    assert max(drawings.evidence, key=lambda e: e.score).quote == "Nobody may copy the drawings."


def test_the_words_of_paragraphs_are_a_baseline() -> None:
    law, fee = (
        "This agreement is governed by the law of Spain alone.",
        "The fee is payable within thirty days of the invoice.",
    )
    known = [
        MarkedContract(
            contract_id=str(n),
            text=f"{law}\n\n{fee}",
            clauses=(MarkedClause(kind="law", start=0, end=len(law), quote=law),),
        )
        for n in range(4)
    ]
    (read,) = clauses.by_paragraph(known, [Contract(contract_id="new", text=f"{fee}\n\n{law}")])
    best = max(read.clauses, key=lambda c: c.confidence)
    assert (best.kind, best.quote) == ("law", law)


def test_the_models_are_judged_on_records(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "bench"
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    with (folder / "history.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["person_id", "period", "hours"])
        for person in range(60):
            usual = 140 if person % 3 else 30
            writer.writerows(
                [f"p{person}", period, round(usual + random.normal(0, 10))] for period in range(1, 6)
            )
    arguments = [
        "--only",
        "bench,plan",
        "--no-firm",
        "--data",
        str(tmp_path / "data"),
        "--out",
        str(tmp_path / "out"),
    ]
    ended = CliRunner().invoke(quality.app, [*arguments, "--json"])
    found = {r["metric"]: r for r in json.loads(ended.stdout)}
    assert set(found) == {"auc bench", "mean absolute error, hours"}  # there are no plans in the data
    assert found["auc bench"]["value"] == 1
    assert found["mean absolute error, hours"]["better"]
    assert ended.exit_code == 0


def test_an_unknown_suite_is_named() -> None:
    ended = CliRunner().invoke(quality.app, ["--only", "weather"])
    assert ended.exit_code == 2
    assert "There is no quality suite weather" in " ".join(ended.output.split())
