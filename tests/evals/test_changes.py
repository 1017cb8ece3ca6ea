"""The suite of clients' messages does not fall behind what it reached."""

from evals.changes.suite import report


def test_findings_clauses_and_prices_stay_right() -> None:
    groups = report().by_group
    assert groups["finding"].share >= 0.96
    assert groups["clause"].share >= 0.96
    assert groups["price"].share >= 0.95
    assert groups["order"].share >= 0.95
