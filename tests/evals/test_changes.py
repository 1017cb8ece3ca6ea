"""The suite of clients' messages does not fall behind what it reached."""

from evals.changes.suite import report, right_by_ground
from models.scope_grounds import RIGHT


def test_findings_clauses_and_prices_stay_right() -> None:
    groups = report().by_group
    assert groups["finding"].share >= 0.96
    assert groups["clause"].share >= 0.96
    assert groups["price"].share >= 0.95
    assert groups["order"].share >= 0.95


def test_how_sure_a_finding_is_said_to_be_is_what_was_counted() -> None:
    assert right_by_ground() == RIGHT
