"""Scenario files: what they judge, and the one that the shipped policy must hold to."""

from importlib.resources import files
from typing import Any
from xml.etree import ElementTree

import pytest

from models.access import NotFound
from models.errors import BadInput
from models.policy_scenarios import Scenario, judge, junit, parse_scenarios
from store.db import Database
from tests.workflow.firm import principal
from workflow import policies
from workflow.policy_scenarios import judge_people

FILE = "default_policy.scenarios.yaml"
SHIPPED = parse_scenarios(files("workflow").joinpath(FILE).read_text(encoding="utf-8"), FILE)
SMALL: dict[str, Any] = {
    "name": "small",
    "facts": {
        "action": "create_change_order",
        "amount": {"amount": "9000", "currency": "EUR"},
        "confidence": "0.94",
    },
    "about": {"proposer": "paula", "project": "aurora"},
    "rule": "small-change-order",
    "signatures": 1,
}
ACCOUNT = {"name": "Account", "asked": ["account_owner"]}


@pytest.fixture(scope="module")
def db(shared_db: Database) -> Database:
    return shared_db


@pytest.mark.parametrize("scenario", SHIPPED, ids=lambda s: s.name)
def test_the_shipped_policy_holds_to_its_scenarios(scenario: Scenario) -> None:
    assert judge(policies.default(), scenario).faults == ()


def test_the_shipped_scenarios_try_every_rule() -> None:
    assert {s.rule for s in SHIPPED} == {r.name for r in policies.default().rules}


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({}, None),
        ({"rule": "change-order"}, "meets 'small-change-order', not 'change-order'"),
        ({"signatures": 2}, "asks for 1 signatures, not 2"),
        ({"steps": [{"name": "Finance"}]}, "has the steps Account, not Finance"),
        ({"steps": [ACCOUNT | {"asked": ["finance"]}]}, "asks account_owner, not finance"),
        ({"steps": [ACCOUNT | {"not_asked": ["account_owner"]}]}, "asks account_owner"),
    ],
)
def test_what_a_scenario_judges(changed: dict[str, Any], fault: str | None) -> None:
    outcome = judge(policies.default(), Scenario.model_validate(SMALL | changed))
    assert outcome.passed == (fault is None)
    assert fault is None or fault in outcome.faults[0]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"steps": [ACCOUNT | {"may_sign": ["amir"], "may_not_sign": ["paula", "dora"]}]}, None),
        ({"steps": [ACCOUNT | {"may_sign": ["leo"]}]}, "cannot be signed by leo, only by amir"),
        ({"steps": [ACCOUNT | {"may_not_sign": ["amir"]}]}, "can be signed by amir"),
        (
            {
                "about": {"proposer": "amir", "project": "aurora"},
                "steps": [ACCOUNT | {"may_sign": ["dora", "dan"], "may_not_sign": ["amir"]}],
            },
            None,
        ),
    ],
)
def test_who_may_sign_in_the_firm(changed: dict[str, Any], fault: str | None, db: Database) -> None:
    scenario = Scenario.model_validate(SMALL | changed)
    assert not judge(policies.default(), scenario).people_judged
    with db.tx(principal("ada"), "workflow") as tx:
        outcome = judge_people(tx, policies.default(), scenario)
    assert outcome.people_judged
    assert outcome.passed == (fault is None)
    assert fault is None or fault in outcome.faults[0]


def test_a_project_that_is_not_there(db: Database) -> None:
    steps = [ACCOUNT | {"may_sign": ["amir"]}]
    scenario = Scenario.model_validate(SMALL | {"about": {"project": "nowhere"}, "steps": steps})
    with db.tx(principal("ada"), "workflow") as tx, pytest.raises(NotFound, match="nowhere"):
        judge_people(tx, policies.default(), scenario)


@pytest.mark.parametrize("text", ["scenarios: [{name: x}]", "scenario: []", ": :", "scenarios: [{"])
def test_a_file_that_is_none_says_where(text: str) -> None:
    with pytest.raises(BadInput):
        parse_scenarios(text, "s.yaml")


def test_junit_for_build_servers() -> None:
    outcomes = [
        judge(policies.default(), Scenario.model_validate(SMALL | change), "s.yaml")
        for change in ({}, {"signatures": 2})
    ]
    suite = ElementTree.fromstring(junit("default", outcomes))
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [case.find("failure") is None for case in suite] == [True, False]
