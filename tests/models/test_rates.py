"""Shares and runs: against values from the literature, enumeration, and what must hold of any."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rates import FEWEST, chance_of_run, rate, smoothed, wilson


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),  # R. Newcombe 1998, and any calculator of the score interval
        (1, 29, 0.0061, 0.1718),
        (15, 148, 0.0624, 0.1605),
        (81, 263, 0.2553, 0.3662),
        (10, 10, 0.7225, 1.0),
    ],
)
def test_wilson_is_the_published_interval(count: int, of: int, low: float, high: float) -> None:
    found = wilson(count, of)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_stays_a_share(counted: tuple[int, int]) -> None:
    found = wilson(*counted)
    assert 0 <= found.low <= found.share <= found.high <= 1


def test_too_few_give_no_share_and_nonsense_is_refused() -> None:
    assert rate(0, FEWEST - 1) is None and rate(0, FEWEST) is not None
    for count, of in ((1, 0), (-1, 5), (6, 5)):
        with pytest.raises(ValueError, match="no share"):
            wilson(count, of)


def test_a_smoothed_share_is_never_certain() -> None:
    assert 0 < smoothed(0, 3) < smoothed(3, 3) < 1


@pytest.mark.parametrize("yes", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_the_chance_of_a_run_is_that_of_counting_them_all(length: int, yes: float) -> None:
    trials, total = 9, 0.0
    for answers in product((0, 1), repeat=trials):
        if "1" * length in "".join(map(str, answers)):
            ones = sum(answers)
            total += yes**ones * (1 - yes) ** (trials - ones)
    assert chance_of_run(length, trials, yes) == pytest.approx(total)


def test_runs_at_the_edges() -> None:
    assert chance_of_run(4, 3, 0.9) == 0, "longer than there are trials"
    assert chance_of_run(3, 3, 0.5) == pytest.approx(0.125)
    assert chance_of_run(200, 200, 1.0) == 1
    assert chance_of_run(60, 1_000, 0.97) < 1 < chance_of_run(1, 1_000, 0.97) + 1e-9
