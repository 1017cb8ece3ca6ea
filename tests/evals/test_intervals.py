"""Intervals hold what they say they hold, whatever the rows resemble."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from evals.calibration import CALIBRATION, brier, ece, log_loss, reliability
from evals.intervals import holm, interval, paired, wilson
from evals.metrics import PASSED, Metric, Quantile, frame, mean, pass_k, standing
from tests.evals.made_runs import row

SCORE = Metric("score", "any number", mean("score"), unit="number")
MEDIAN = Metric("median", "half are under it", Quantile("score", 0.5), unit="number")
METRICS = (PASSED, SCORE, MEDIAN)


def table(passed: list[float], clusters: list[int] | None = None, scores: list[float] | None = None):
    ids = [str(n) for n in range(len(passed))]
    names = [str(c) for c in clusters] if clusters else ids
    return pd.DataFrame({"id": ids, "cluster": names, "passed": passed, "score": scores or passed})


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    size = draw(st.integers(3, 40))
    of = {"min_size": size, "max_size": size}
    return table(
        draw(st.lists(st.sampled_from([0.0, 1.0]), **of)),
        [0, 1, *draw(st.lists(st.integers(0, 9), min_size=size - 2, max_size=size - 2))],
        draw(st.lists(st.floats(-50, 50).map(lambda x: round(x, 3)), **of)),
    )


@pytest.mark.parametrize(
    ("right", "of", "low", "high", "source"),
    [
        (81, 263, 0.2553, 0.3662, "Newcombe (1998), table I"),
        (15, 148, 0.0624, 0.1605, "Newcombe (1998), table I"),
        (0, 20, 0.0, 0.1611, "Newcombe (1998), table I"),
        (1, 29, 0.0061, 0.1718, "Newcombe (1998), table I"),
        (29, 29, 0.8830, 1.0, "the bootstrap says 100% to 100%"),
    ],
)
def test_wilson_as_published(right: int, of: int, low: float, high: float, source: str) -> None:
    assert wilson(right / of, of) == pytest.approx((low, high), abs=1e-4), source
    single = table([1.0] * right + [0.0] * (of - right))
    assert interval(PASSED, single) == pytest.approx((low, high), abs=1e-4)


def test_a_share_of_clusters_that_all_agree_is_that_of_the_clusters() -> None:
    assert interval(PASSED, table([1.0] * 100, [n // 10 for n in range(100)])) == pytest.approx(
        wilson(1, 10), abs=1e-9
    )


def test_a_difference_of_pairs_as_published() -> None:
    """The example of Fagerland, Lydersen and Laake (2014): airway hyper-responsiveness before and after a
    transplantation, 1 lost and 7 gained of 21, by Bonett and Price's method."""
    before = [1.0] + [0.0] * 7 + [1.0] + [0.0] * 12
    after = [0.0] + [1.0] * 7 + [1.0] + [0.0] * 12
    found = paired(PASSED, table(before), table(after))
    assert found.low is not None and found.high is not None
    assert (-found.high, -found.low) == pytest.approx((-0.508, -0.014), abs=1e-3)


@pytest.mark.parametrize(("lost", "gained"), [(1, 7), (0, 3), (0, 6), (5, 5), (0, 0)])
def test_the_p_of_single_cases_is_mcnemars_exact_one(lost: int, gained: int) -> None:
    before, after = [1.0] * lost + [0.0] * gained + [1.0] * 9, [0.0] * lost + [1.0] * gained + [1.0] * 9
    expected = binomtest(lost, lost + gained).pvalue if lost + gained else 1.0
    assert paired(PASSED, table(before), table(after)).p == pytest.approx(expected)


def test_a_difference_where_nothing_changed_still_has_a_width() -> None:
    found = paired(PASSED, table([1.0] * 30), table([1.0] * 30))
    assert found.p == 1 and found.low is not None and found.low < -0.05


def test_changes_of_one_cluster_are_one_change() -> None:
    """Twelve cases of one document were lost: by themselves that were proof, as one document it is not."""
    before, after = [1.0] * 60, [0.0] * 12 + [1.0] * 48
    assert (paired(PASSED, table(before), table(after)).p or 0) < 0.001
    clusters = [n // 12 for n in range(60)]
    found = paired(PASSED, table(before, clusters), table(after, clusters))
    assert found.p == 1 and found.low is not None and found.low < -0.5


def test_holm_steps_down() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def test_nothing_is_said_of_one_cluster() -> None:
    for metric in METRICS:
        alone = table([1.0, 0.0, 1.0], [0, 0, 0])
        assert interval(metric, alone) is None
        assert paired(metric, alone, alone).p is None


@settings(deadline=None, max_examples=15)
@given(tables())
def test_an_interval_holds_its_figure(cases: pd.DataFrame) -> None:
    for metric in METRICS:
        found = interval(metric, cases, draws=30)
        assert found and found[0] <= metric.of(cases) + 1e-9 and metric.of(cases) <= found[1] + 1e-9


@settings(deadline=None, max_examples=15)
@given(tables(), st.randoms())
def test_the_order_of_the_rows_says_nothing(cases: pd.DataFrame, random) -> None:
    order = list(range(len(cases)))
    random.shuffle(order)
    other = cases.assign(passed=1 - cases["passed"], score=-cases["score"])
    for metric in METRICS:
        assert interval(metric, cases.iloc[order], draws=30) == pytest.approx(
            interval(metric, cases, draws=30)
        )
        shuffled = paired(metric, cases.iloc[order], other.iloc[order], draws=30)
        assert shuffled == pytest.approx(paired(metric, cases, other, draws=30))


@settings(deadline=None, max_examples=15)
@given(tables())
def test_more_of_the_same_in_each_cluster_narrows_nothing(cases: pd.DataFrame) -> None:
    twice = pd.concat([cases, cases.assign(id=cases["id"] + " again")], ignore_index=True)
    for metric in METRICS:
        once, again = interval(metric, cases, draws=30), interval(metric, twice, draws=30)
        assert once and again
        assert again[1] - again[0] >= (once[1] - once[0]) * (1 - 1e-9)


@settings(deadline=None, max_examples=15)
@given(tables())
def test_a_difference_with_itself_is_none(cases: pd.DataFrame) -> None:
    for metric in METRICS:
        found = paired(metric, cases, cases, draws=30)
        assert found.low is not None and found.high is not None
        assert found.low <= 0 <= found.high and found.p == 1


def test_clustered_intervals_hold_what_they_promise() -> None:
    """300 draws of 25 documents whose questions resemble one another: the interval of the share and of the
    difference each hold the truth in about 95 of 100, and what takes every question for itself does not. A
    gate that asks for significance would stop no more than one in twenty that changed nothing."""
    random, draws, held = (
        np.random.default_rng(1),
        300,
        {"share": 0, "naive": 0, "difference": 0, "alarms": 0},
    )
    for _ in range(draws):
        clusters = np.repeat(np.arange(25), random.poisson(6, 25) + 1)
        before, after = (
            (random.random(len(clusters)) < random.beta(0.8 * 7 / 3, 0.2 * 7 / 3, 25)[clusters]).astype(float)
            for _ in range(2)
        )
        was, is_ = (table(list(x), list(clusters)) for x in (before, after))
        found = interval(PASSED, was)
        low, high = wilson(before.mean(), len(before))
        change = paired(PASSED, was, is_)
        assert found and change.low is not None and change.high is not None and change.p is not None
        held["share"] += found[0] <= 0.8 <= found[1]
        held["naive"] += low <= 0.8 <= high
        held["difference"] += change.low <= 0 <= change.high
        held["alarms"] += change.p < 0.05
    assert 0.91 * draws <= held["share"] <= 0.99 * draws
    assert held["naive"] < 0.85 * draws
    assert 0.92 * draws <= held["difference"]
    assert held["alarms"] <= 0.08 * draws


def test_epochs_are_averaged_within_a_case() -> None:
    """Two cases, one right in 3 of 4 epochs and one in all 4: 16 rows more would be no 16 cases more."""
    of = [row("a", n != 0, epoch=n + 1, p=n / 4) for n in range(4)] + [
        row("b", epoch=n + 1) for n in range(4)
    ]
    found = frame(of)
    assert list(found["id"]) == ["a", "b"] and list(found["passed"]) == [0.75, 1.0]
    assert found["p"][0] == pytest.approx(0.375) and np.isnan(found["p"][1])
    assert list(found["pass^2"]) == [0.5, 1.0] and list(found["pass^4"]) == [0.0, 1.0]
    by_name = {m.name: m.of(found) for m in standing(4)}
    assert by_name["pass^4"] == 0.5 and by_name["flaky"] == 0.5
    assert by_name["tokens"] == 10 and by_name["seconds_95"] == 0.5 and np.isnan(by_name["cost"])


@pytest.mark.parametrize("k", [1, 2, 3])
def test_pass_k_is_inspects(k: int) -> None:
    from inspect_ai.scorer import Score
    from inspect_ai.scorer import pass_k as reducer

    for right in range(4):
        scores = [Score(value=float(n < right)) for n in range(3)]
        assert pass_k(right, 3, k) == reducer(k)(scores).as_float()
    assert np.isnan(pass_k(1, 1, 2))


def test_calibration_as_published() -> None:
    """The worked examples of scikit-learn's brier_score_loss and log_loss."""
    assert brier(pd.DataFrame({"p": [0.1, 0.9, 0.8, 0.3], "y": [0, 1, 1, 0]})) == pytest.approx(0.0375)
    assert log_loss(pd.DataFrame({"p": [0.9, 0.1, 0.2, 0.65], "y": [1, 0, 0, 1]})) == pytest.approx(
        0.21616, abs=1e-5
    )


def test_bins_hold_as_many_each_and_equal_ones_stay_together() -> None:
    p = np.repeat([0.1, 0.9], 50)
    judged = pd.DataFrame({"p": p, "y": np.tile([1.0, 0, 0, 0, 0], 20)})
    bins = reliability(judged)
    assert list(bins["cases"]) == [50, 50] and list(bins["observed"]) == [0.2, 0.2]
    assert ece(judged) == pytest.approx((0.1 + 0.7) / 2)
    spread = reliability(pd.DataFrame({"p": np.linspace(0, 1, 40), "y": [0.0] * 40}), bins=4)
    assert list(spread["cases"]) == [10] * 4 and (spread["low"] == 0).all() and (spread["high"] > 0.2).all()
    same = reliability(pd.DataFrame({"p": [0.3] * 9, "y": [0.0] * 9}))
    assert list(same["cases"]) == [9]


def test_calibration_is_not_defined_without_probabilities() -> None:
    for metric in CALIBRATION:
        assert np.isnan(metric.of(pd.DataFrame({"passed": [1.0]})))
        assert np.isnan(metric.of(pd.DataFrame({"p": [np.nan], "y": [np.nan]})))
