"""Filters of one's inbox: one's own alone, at most one to open with, and nothing the copilot could set."""

from typing import Any

import psycopg
import pytest

from api.wiring import Application
from tests.api.small_firm import Program
from workflow.filters import MOST_FILTERS

LARGE = {"narrowed": {"min_amount": "10000", "kind": "create_assignment"}}


def test_filters_are_kept_by_name_for_oneself(program: Program) -> None:
    rita = program("rita")
    assert rita.get("/v1/me/filters").json() == []
    [kept] = rita.put("/v1/me/filters/Large ones", json=LARGE).json()
    assert (kept["name"], kept["opens"], kept["narrowed"]["min_amount"]) == ("Large ones", False, "10000")
    [again] = rita.put("/v1/me/filters/Large ones", json={"narrowed": {"text": "Aurora"}}).json()
    assert (again["narrowed"]["text"], again["narrowed"]["min_amount"]) == ("Aurora", None)
    assert program("rolf").get("/v1/me/filters").json() == []
    assert program("rolf").delete("/v1/me/filters/Large ones").status_code == 404
    assert rita.delete("/v1/me/filters/Large ones").status_code == 204
    assert rita.get("/v1/me/filters").json() == []


def test_an_inbox_opens_with_one_of_them(program: Program) -> None:
    rita = program("rita")
    for name in ("first", "second"):
        found = rita.put(f"/v1/me/filters/{name}", json={**LARGE, "opens": True}).json()
    assert [(f["name"], f["opens"]) for f in found] == [("first", False), ("second", True)]


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("x" * 61, LARGE, "a name has an end"),
        (" ", LARGE, "and a beginning"),
        ("x", {"narrowed": {"min_amount": "NaN"}}, "no number"),
        ("x", {"narrowed": {"kind": "rob_bank"}}, "no kind"),
        ("x", {"narrowed": {"hidden": True}}, "nothing is ignored"),
    ],
)
def test_what_is_no_filter_is_refused(program: Program, name: str, body: dict[str, Any], reason: str) -> None:
    assert program("rita").put(f"/v1/me/filters/{name}", json=body).status_code == 422, reason


def test_filters_are_not_without_number(program: Program) -> None:
    rita = program("rita")
    for number in range(MOST_FILTERS):
        assert rita.put(f"/v1/me/filters/{number}", json=LARGE).status_code == 200
    refused = rita.put("/v1/me/filters/one more", json=LARGE)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "too-many-filters")
    assert rita.put("/v1/me/filters/0", json=LARGE).status_code == 200, "changing one adds none"


def test_the_agents_role_reads_ones_own_and_sets_none(application: Application, program: Program) -> None:
    """What an inbox opens with decides what is not seen at first: the copilot has no say in it."""
    program("rita").put("/v1/me/filters/mine", json=LARGE)
    with psycopg.connect(application.db.dsn("agent"), autocommit=True) as agent:
        agent.execute("select set_config('chargehand.principal', 'rolf', false)")
        assert agent.execute("select count(*) from workflow.saved_filter").fetchone() == (0,)
        agent.execute("select set_config('chargehand.principal', 'rita', false)")
        assert agent.execute("select count(*) from workflow.saved_filter").fetchone() == (1,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            agent.execute("update workflow.saved_filter set opens = true")
    with psycopg.connect(application.db.dsn("workflow"), autocommit=True) as workflow:
        workflow.execute("select set_config('chargehand.principal', 'rolf', false)")
        assert workflow.execute("delete from workflow.saved_filter").rowcount == 0
