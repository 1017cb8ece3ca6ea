"""The suites of tables: judges, what a prediction may rest on, pinned models, and figures that come again."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evals.cases import Row
from evals.metrics import frame
from evals.running import run
from evals.subjects import Subject
from evals.suite import Setting, setting, suite
from evals.suites.bench.cases import PersonMonth, sheets
from evals.suites.bench.judge import judge as judge_month
from evals.suites.bench.subject import NextHours, naive
from evals.suites.invoices.cases import Invoice, books
from evals.suites.invoices.judge import judge as judge_invoice
from evals.suites.invoices.subject import Days
from evals.suites.staffing.cases import wanted_of
from evals.suites.staffing.reading import Reading
from evals.suites.time.cases import lots
from evals.tabular.figures import auc, interval_score, of_probability, skill
from evals.tabular.firms import evenly, sandbox_files
from evals.tabular.pinned import ModelHasSeenTheRows, ModelSpanUnknown, pinned
from models.predict.base import Card, save
from models.predict.invoices import VERSION, fit
from models.predict.ledger import NEVER, to_days

SMALL = ("invoices", "bench", "time", "staffing", "plans")


@pytest.fixture(scope="module")
def small() -> Iterator[Setting]:
    with setting(Subject(), small=True) as within:
        yield within


@pytest.mark.quality  # `make gate` runs them once, against what is shipped
@pytest.mark.parametrize("name", SMALL)
def test_a_small_run_ends_and_its_figures_come_again(name: str, small: Setting, tmp_path: Path) -> None:
    """To the last digit, in a setting of its own."""
    tried = suite(name)
    kept = run(tried, small, tmp_path)
    assert len(kept.rows) >= 15
    assert all(row.trace and row.groups["source"] for row in kept.rows)
    assert kept.facts.figures[tried.metrics[0].name].value is not None
    with setting(Subject(), small=True) as again:
        again.once("sandbox", lambda: small.sandbox)  # the same databases, copied anew
        verdicts = [tried.judge(case, tried.answer(again, case)) for case in tried.cases(again)]
    assert verdicts == [row.verdict for row in kept.rows]


def test_no_invoice_is_learnt_from_before_its_day(small: Setting) -> None:
    for book in books(small):
        for batch in range(len(book.batches)):
            first = book.first_day(batch).toordinal() - date(1970, 1, 1).toordinal()
            known = book.known(batch)
            assert not set(known["invoice_id"]) & set(book.rows(batch)["invoice_id"])
            assert (to_days(known["issued_on"]) < first).all()
            paid = to_days(known["paid_on"])
            assert (paid[paid != NEVER] < first).all()


def test_no_month_is_learnt_from_before_it_is_over(small: Setting) -> None:
    for sheet in sheets(small):
        assert sheet.first_day
        assert sheet.truth
        assert sheet.known["period"].max() == sheet.asked["period"].max()
        last = sheet.asked.groupby("person_id")["period"].max()
        assert (last == sheet.known["period"].max()).all(), "the prediction is of the judged month"
        assert set(sheet.asked["person_id"]) == set(sheet.truth)


def test_no_time_entry_is_learnt_from_before_it_is_judged(small: Setting) -> None:
    for lot in lots(small):
        assert lot.days
        assert not set(lot.known["entry_id"]) & set(lot.entries["entry_id"])
        assert lot.known["started_at"].max() < lot.entries["started_at"].min()
        assert set(lot.planted) <= set(lot.judged), "recall is exact: every planted entry is a case"


def test_who_fits_agrees_with_the_generators_own_truth(small: Setting) -> None:
    """Two readings of the same rules, neither of which knows the other."""
    firm = sandbox_files(small)
    requests = firm.table("role_requests").set_index("request_id", drop=False)
    for line in firm.truth("staffing"):
        wanted = wanted_of(requests.loc[line["request_id"]].to_dict())
        truth = {person["person_id"]: person["verdict"] for person in line["people"]}
        assert Reading(firm).verdicts(wanted) == truth


def invoice(days: int | None, open_days: int, *, late: bool) -> Invoice:
    return Invoice(
        id="i", text="", expected="", ledger="l", batch=0, invoice_id="i", late=late, days=days,
        open_days=open_days,
    )  # fmt: skip


def days(p: float, low: float, high: float) -> Days:
    return Days(p=p, days=30, low=low, high=high, p_naive=0.5, days_naive=40, low_naive=0, high_naive=50)


@pytest.mark.parametrize(
    ("case", "said", "passed", "values", "why"),
    [
        (invoice(35, 35, late=True), days(0.8, 20, 40), True,
         {"squared_error": 0.04, "error": 5, "error_naive": 5, "covered": 1, "width": 20}, "inside"),
        (invoice(35, 35, late=True), days(0.4, 20, 30), False,
         {"squared_error": 0.36, "covered": 0, "interval_score": 10 + 20 * 5}, "wrong and outside"),
        (invoice(None, 60, late=True), days(0.5, 20, 50), True,
         {"covered": 0, "error": None, "days_true": None}, "unpaid beyond the interval's end: it has failed"),
        (invoice(None, 60, late=True), days(0.5, 20, 90), True,
         {"covered": None, "covered_naive": 0}, "unpaid within the interval: nobody knows yet"),
    ],
)  # fmt: skip
def test_the_judge_of_invoices(
    case: Invoice, said: Days, passed: bool, values: dict[str, float | None], why: str
) -> None:
    verdict = judge_invoice(case, said)
    assert verdict.passed is passed, why
    assert verdict.score == pytest.approx(1 - verdict.values["squared_error"])
    for name, value in values.items():
        assert verdict.values.get(name) == (None if value is None else pytest.approx(value)), (name, why)


@pytest.mark.parametrize(
    ("hours", "p", "passed", "why"),
    [
        (79.9, 0.6, True, "under 80 hours is the bench"),
        (80.0, 0.6, False, "80 hours are not"),
        (150.0, 0.49, True, "below one half nobody is called on the bench"),
    ],
)
def test_the_judge_of_months(hours: float, p: float, passed: bool, why: str) -> None:
    case = PersonMonth(id="m", text="", expected="", sheet="s", person_id="p", hours=hours)
    verdict = judge_month(case, NextHours(p=p, hours=100, p_naive=0.5, hours_naive=60))
    assert verdict.passed is passed, why
    assert verdict.values["error"] == pytest.approx(abs(100 - hours))


def test_the_naive_answer_of_the_bench_is_how_it_went_for_those_alike() -> None:
    rows = [("a", 1, 10), ("a", 2, 20), ("b", 1, 10), ("b", 2, 150), ("c", 1, 150), ("c", 2, 150)]
    known = pd.DataFrame(rows, columns=["person_id", "period", "hours"])
    found = naive(known, known)
    assert found["hours_naive"].to_dict() == {"a": 20, "b": 150, "c": 150}
    assert found["p_naive"].to_dict() == {"a": 1 / 2, "b": 1 / 3, "c": 1 / 3}


def test_a_probability_is_measured_row_by_row() -> None:
    values = of_probability(0.0, True, 1.0)
    assert (values["squared_error"], values["squared_error_naive"]) == (1.0, 0.0)
    assert 13 < values["log_loss"] < 14, "one sure miss does not make the mean infinite"
    assert values["log_loss_naive"] == 0


@pytest.mark.parametrize(
    ("low", "high", "true", "score", "why"),
    [
        (10, 20, 15, 10, "inside: the width alone"),
        (10, 20, 21, 30, "a day outside costs twenty at 90%"),
        (10, 20, 9, 30, "on either side"),
    ],
)
def test_the_interval_score(low: float, high: float, true: float, score: float, why: str) -> None:
    assert interval_score(low, high, true) == pytest.approx(score), why


def test_figures_of_a_table() -> None:
    table = pd.DataFrame(
        {"y": [1, 1, 0, 0], "p": [0.9, 0.4, 0.4, 0.1], "loss": [1, 1, 1, 1], "loss_naive": [2, 2, 2, 2]}
    )
    assert auc("p")(table) == pytest.approx(3.5 / 4), "a tie counts half"
    assert np.isnan(auc("p")(table[table["y"] == 1]))
    assert skill("loss")(table) == 0.5


def test_what_is_not_known_of_a_row_is_no_number_in_the_table() -> None:
    """The days of an unpaid invoice are missing, and means leave them out."""
    rows = [
        Row(id=str(n), text="", expected="", cluster="c", verdict=judge_invoice(case, days(0.5, 20, 90)))
        for n, case in enumerate([invoice(None, 60, late=True), invoice(34, 34, late=True)])
    ]
    assert frame(rows)["error"].isna().tolist() == [True, False]


def test_evenly_spread_rows_are_the_same_ones_each_time() -> None:
    assert evenly(3, 10).tolist() == [0, 1, 2]
    assert evenly(101, 5).tolist() == [0, 25, 50, 75, 100]
    assert evenly(0).tolist() == []


def kept_model(folder: Path, until: date | None) -> Path:
    source = folder / "history.csv"
    source.write_text("a\n")
    save({"a": 1}, Card.of("invoices", 1, [source], until), folder / "model")
    return folder / "model"


@pytest.mark.parametrize(
    ("until", "first", "error", "why"),
    [
        (date(2025, 11, 4), date(2025, 11, 5), None, "the day before is early enough"),
        (date(2025, 11, 5), date(2025, 11, 5), ModelHasSeenTheRows, "the first day itself may be known"),
        (None, date(2025, 11, 5), ModelSpanUnknown, "a card that says nothing proves nothing"),
    ],
)
def test_a_pinned_model_must_not_have_seen_the_rows(
    until: date | None, first: date, error: type[Exception] | None, why: str, tmp_path: Path
) -> None:
    within = Setting(Subject(models={"invoices": kept_model(tmp_path, until)}))

    def found() -> Any:
        return pinned(within, "invoices", "invoices", 1, first)

    if error is None:
        assert found() == {"a": 1}, why
    else:
        with pytest.raises(error):
            found()


def test_a_pinned_model_predicts_in_place_of_one_fitted_in_the_run(small: Setting, tmp_path: Path) -> None:
    """On the rows of the first batch it is the same model, fitted before."""
    book, tried = books(small)[0], suite("invoices")
    first = book.first_day(0)
    (tmp_path / "past.csv").write_text("a\n")
    for until, folder in ((first - timedelta(days=1), "before"), (first, "too late")):
        card = Card.of("invoices", VERSION, [tmp_path / "past.csv"], until)
        save(fit(book.known(0)), card, tmp_path / folder)
    within = Setting(Subject(models={"invoices": tmp_path / "before"}), small=True)
    within.once("ledgers", lambda: books(small))
    case = next(c for c in tried.cases(within) if c.batch == 0)
    pinned_one, own = tried.answer(within, case), tried.answer(small, case)
    assert pinned_one.p == own.p
    assert pinned_one.trace[0].text == "pinned"
    assert own.trace[0].text.startswith("fitted on ")
    late = Setting(Subject(models={"invoices": tmp_path / "too late"}), small=True)
    late.once("ledgers", lambda: books(small))
    with pytest.raises(ModelHasSeenTheRows, match=first.isoformat()):
        tried.cases(late)


def test_a_model_of_another_suite_is_not_pinned(tmp_path: Path) -> None:
    within = Setting(Subject(models={"bench": kept_model(tmp_path, None)}))
    assert pinned(within, "invoices", "invoices", 1, date(2025, 1, 1)) is None
