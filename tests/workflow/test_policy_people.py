"""Whether the small firm's people can sign what a policy asks of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
import pytest

from models.policy import PolicySet
from models.policy_lint import LintFinding
from store.db import Database
from tests.workflow.firm import principal
from workflow import policies
from workflow.policy_people import lint_people

DIRECTORS = {"name": "Directors", "approvers": [{"role": "delivery_director"}]}


def policy(steps: Sequence[Mapping[str, Any]], when: Mapping[str, Any] | None = None) -> PolicySet:
    """A rule for reminders (or `when`) with these steps, and a last rule that the two directors and finance
    fill."""
    when = when or {"action": ["send_reminder"]}
    last = [DIRECTORS | {"signatures": 2}, {"name": "Finance", "approvers": [{"relation": "office_finance"}]}]
    rules = [
        {"name": "tried", "because": "b", "when": when, "gate": {"steps": steps}},
        {"name": "last", "because": "b", "gate": {"steps": last}},
    ]
    return PolicySet.model_validate({"name": "t", "currency": "EUR", "rules": rules})


@pytest.fixture
def found(db: Database) -> Any:
    def linted(of: PolicySet, rule: str = "tried") -> list[LintFinding]:
        with db.tx(principal("ada"), "workflow") as tx:
            return [f for f in lint_people(tx, of) if f.rules in ((rule,), ())]

    return linted


@pytest.fixture(scope="module")
def db(shared_db: Database) -> Database:
    return shared_db


@pytest.mark.parametrize(
    ("steps", "expected", "says", "reason"),
    [
        ([DIRECTORS], [], "", "two directors: either can be away"),
        (
            [{"name": "Owner", "approvers": [{"relation": "account_owner"}]}],
            [("one-person", "warning", "Owner")],
            "Only Amir Aziz",
            "a step that hangs on one person",
        ),
        (
            [
                {
                    "name": "Owner",
                    "approvers": [{"relation": "account_owner"}],
                    "fallback": [{"person": "leo"}],
                }
            ],
            [],
            "",
            "with somebody to stand in",
        ),
        (
            [DIRECTORS | {"signatures": 3}],
            [("too-few-people", "warning", "")],
            "the last rule holds instead",
            "three of two directors",
        ),
        (
            [DIRECTORS | {"signatures": 2}],
            [("stuck-without", "warning", ""), ("stuck-without", "warning", "")],
            "is away, or proposes it",
            "both directors are needed",
        ),
        (
            [{"name": "Sign", "approvers": [{"relation": "contract_signatory"}]}],
            [("nobody", "error", "Sign")],
            "Nobody is found",
            "the records name no signatory",
        ),
        (
            [DIRECTORS | {"approvers": [{"role": "auditor"}], "fallback": [{"role": "delivery_director"}]}],
            [],
            "",
            "an auditor and two stand-ins",
        ),
        (
            [
                DIRECTORS
                | {"approvers": [{"relation": "budget_owner"}], "fallback": [{"role": "delivery_director"}]}
            ],
            [("nobody", "note", "Directors")],
            "every time",
            "no budget owner anywhere: the stand-ins sign",
        ),
    ],
)
def test_what_the_firms_people_cannot_do(
    steps: Sequence[Mapping[str, Any]],
    expected: list[tuple[str, str, str]],
    says: str,
    reason: str,
    found: Any,
) -> None:
    odd = found(policy(steps))
    assert [(f.check, f.severity, f.step) for f in odd] == expected, reason
    assert not odd or says in odd[0].says


def test_a_rule_is_tried_only_where_it_can_hold(found: Any) -> None:
    nobody = [{"name": "Sign", "approvers": [{"relation": "contract_signatory"}]}]
    odd = found(policy(nobody, {"action": ["send_reminder"], "practice": ["Cloud"]}))
    assert [(f.check, f.says) for f in odd] == [("unknown-name", "The firm has no practice 'Cloud'.")]


def test_the_places_are_named(found: Any) -> None:
    manager = [{"name": "PM", "approvers": [{"relation": "project_manager"}]}]
    odd = found(policy(manager))
    assert {(f.says.split(",")[0], f.example) for f in odd} == {
        ("Only Paula Pohl can sign", "Aurora"),
        ("Only Petra Paul can sign", "Borealis"),
    }


def test_the_shipped_policy_shows_what_the_small_firm_lacks(db: Database) -> None:
    with db.tx(principal("ada"), "workflow") as tx:
        odd = [f for f in lint_people(tx, policies.default()) if f.severity == "error"]
    assert odd == []


def test_a_currency_without_a_rate(db: Database, owner: psycopg.Connection[Any]) -> None:
    no_rates = policy([DIRECTORS])
    with db.tx(principal("ada"), "workflow") as tx:
        assert not [f for f in lint_people(tx, no_rates) if f.check == "no-exchange-rate"]
        dollars = no_rates.model_copy(update={"currency": "USD"})
        [odd] = [f for f in lint_people(tx, dollars) if f.check == "no-exchange-rate"]
    assert "in EUR" in odd.says
