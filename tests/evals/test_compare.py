"""Two runs side by side: what is compared, what flipped, and for whom it got worse."""

from pathlib import Path

import pytest

from evals.compare import Comparison, NotComparable, compare
from tests.evals.made_runs import made, row, rows


def both(folder: Path, before: list, after: list) -> Comparison:
    return compare(made(folder, before), made(folder, after))


def test_the_deciding_metric_comes_first_with_what_flipped(tmp_path: Path) -> None:
    found = both(tmp_path, rows([True] * 30 + [False] * 10), rows([False] * 2 + [True] * 38))
    decides, *standing = found.differences
    assert (decides.metric, decides.before, decides.after) == ("passed", 0.75, 0.95)
    assert decides.verdict == "better" and decides.low is not None and decides.low > 0
    assert [f.after.id for f in found.lost] == ["000", "001"]
    assert [f.before.id for f in found.gained] == [f"{n:03}" for n in range(30, 40)]
    assert {d.metric for d in standing} == {"tokens", "cost", "seconds", "seconds_95"}
    assert all(d.verdict == "not told apart" for d in standing)


def test_a_case_that_says_something_else_is_another_case(tmp_path: Path) -> None:
    before = [row("a"), row("b"), row("c", text="old words"), row("gone")]
    after = [row("b", False), row("a"), row("c", False, text="new words"), row("new")]
    found = both(tmp_path, before, after)
    assert found.only_before == ("c", "gone") and found.only_after == ("c", "new")
    assert found.differences[0].cases == 2 and [f.after.id for f in found.lost] == ["b"]


def test_a_truth_that_was_mended_is_another_case(tmp_path: Path) -> None:
    found = both(tmp_path, [row("a"), row("b", expected="x")], [row("a"), row("b", expected="y")])
    assert found.only_before == found.only_after == ("b",)


@pytest.mark.parametrize(
    ("suite", "ids", "reason"),
    [("changes", ["a", "b"], "two suites"), ("routing", ["x", "y"], "no case of one")],
)
def test_what_cannot_be_compared_says_why(tmp_path: Path, suite: str, ids: list[str], reason: str) -> None:
    with pytest.raises(NotComparable, match=reason):
        compare(made(tmp_path, [row("a"), row("b")]), made(tmp_path, [row(id) for id in ids], suite))


def test_a_slice_that_got_worse_though_the_whole_rose_is_found(tmp_path: Path) -> None:
    """German rows are lost one and all while English ones gain more."""

    def told(german: bool, english: int) -> list:
        return [row(f"de-{n}", german, groups={"language": "de"}) for n in range(12)] + [
            row(f"en-{n}", n < english, groups={"language": "en"}) for n in range(60)
        ]

    found = both(tmp_path, told(True, 20), told(False, 55))
    assert found.differences[0].verdict == "better"
    (worse,) = found.worse_slices
    assert (worse.group, worse.value, worse.difference.verdict) == ("language", "de", "worse")
    assert worse.difference.difference == -1 and worse.difference.p == pytest.approx(2 / 2**12)


def test_slices_are_corrected_for_their_number(tmp_path: Path) -> None:
    """Six of one project were lost: alone that is significant, among eleven projects it is not."""

    def told(*lost: int) -> list:
        return [
            row(f"{p}-{n}", p not in lost or n > 5, groups={"project": f"P{p}"})
            for p in range(11)
            for n in range(12)
        ]

    found = both(tmp_path, told(), told(3))
    (three,) = [s for s in found.slices if s.value == "P3"]
    assert three.difference.p == pytest.approx(11 * 2 / 2**6)
    assert three.difference.verdict == "not told apart"
    assert found.worse_slices == ()  # the whole fell with it


def test_epochs_count_as_one_case_by_what_most_of_them_say(tmp_path: Path) -> None:
    before = [row("a", epoch=e) for e in (1, 2, 3)] + [row("b", e == 1, epoch=e) for e in (1, 2, 3)]
    after = [row("a", e == 2, epoch=e) for e in (1, 2, 3)] + [row("b", e < 3, epoch=e) for e in (1, 2, 3)]
    found = both(tmp_path, before, after)
    assert found.differences[0].cases == 2
    assert [(f.before.epoch, f.after.epoch) for f in found.lost] == [(1, 1)]
    assert [(f.before.epoch, f.after.epoch) for f in found.gained] == [(2, 1)]
    assert "pass^3" in {d.metric for d in found.differences}


def test_fewer_epochs_are_compared_with_more(tmp_path: Path) -> None:
    once = [row("a"), row("b", False)]
    thrice = [row(id, e < 3, epoch=e) for id in "ab" for e in (1, 2, 3)]
    twice = [row(id, True, epoch=e) for id in "ab" for e in (1, 2)]
    assert both(tmp_path, once, thrice).differences[0].after == pytest.approx(2 / 3)
    by_name = {d.metric: d for d in both(tmp_path, thrice, twice).differences}
    assert by_name["pass^2"].before == pytest.approx(1 / 3) and by_name["pass^2"].after == 1
