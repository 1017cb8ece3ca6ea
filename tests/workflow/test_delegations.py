"""Making and revoking delegations: by whom, of what, and what follows."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from models.access import NotAllowed, NotFound
from models.errors import ChargehandError
from models.policy import PolicySet
from store.db import Database
from tests.workflow.firm import assignment, draft, insert, people, principal, put_in_force
from workflow import decide as deciding
from workflow import policies
from workflow.delegations import Wanted, delegate, revoke
from workflow.errors import CannotDelegate, NotYourDecision
from workflow.service import Workflow

Heard = Callable[[str], Sequence[tuple[str, str]]]
Audited = Callable[[], Sequence[tuple[str, str, dict[str, Any]]]]


@pytest.fixture
def today(owner: psycopg.Connection[Any]) -> date:
    [(day,)] = owner.execute("select (now() at time zone 'Europe/Berlin')::date").fetchall()
    assert isinstance(day, date)
    return day


def wanted(today: date, **changes: Any) -> Wanted:
    return replace(Wanted("leo", "a trip", (today, today + timedelta(10))), **changes)


@pytest.mark.parametrize(
    ("who", "changes", "error", "reason"),
    [
        ("rita", {}, None, "one's own signature"),
        ("rita", {"delegator_id": "rita"}, None, "said aloud"),
        ("rita", {"delegate_id": "rita"}, CannotDelegate, "to oneself"),
        ("rita", {"delegate_id": "nobody"}, NotFound, "to who is not there"),
        ("rita", {"delegate_id": "cleo"}, CannotDelegate, "to who decides nothing"),
        ("rita", {"delegate_id": "audrey"}, CannotDelegate, "to who audits it"),
        ("rita", {"delegator_id": "rolf"}, NotAllowed, "another's signature"),
        ("leo", {"delegator_id": "rita"}, NotAllowed, "another's signature, for oneself"),
        ("ada", {"delegator_id": "rita"}, None, "for somebody absent, by who keeps access"),
        ("ada", {"delegator_id": "rita", "delegate_id": "ada"}, CannotDelegate, "but not for oneself"),
        ("rita", {"reason": "  "}, CannotDelegate, "without a reason"),
        ("rita", {"days": (1, 0)}, CannotDelegate, "the wrong way round"),
        ("rita", {"days": (-5, -1)}, CannotDelegate, "over already"),
        ("rita", {"days": (0, 366)}, CannotDelegate, "for more than a year"),
        ("rita", {"days": (-5, 0)}, None, "the last day is today"),
        ("rita", {"practices": ("Cloud",)}, NotFound, "a practice that is not there"),
        ("rita", {"client_ids": ("initech",)}, NotFound, "a client that is not there"),
        ("rita", {"client_ids": ("acme",), "practices": ("Data",)}, None, "what is there"),
        ("rita", {"amount_limit": Decimal(-1)}, CannotDelegate, "below zero"),
    ],
)
def test_who_may_delegate_what(
    who: str,
    changes: Mapping[str, Any],
    error: type[ChargehandError] | None,
    reason: str,
    db: Database,
    today: date,
) -> None:
    said = dict(changes)
    if said.get("days"):
        said["days"] = tuple(today + timedelta(n) for n in said["days"])
    with db.tx(principal(who), "workflow") as tx:
        if error:
            with pytest.raises(error):
                delegate(tx, wanted(today, **said))
            return
        made = delegate(tx, wanted(today, **said))
        assert (made.delegator.person_id, made.delegate.person_id) == ("rita", "leo"), reason
        assert made.made_by.person_id == who


@pytest.mark.parametrize(
    ("change", "reason"),
    [("ends_on = current_date - 1", "who left"), ("starts_on = current_date + 90", "who comes later")],
)
def test_a_delegate_works_here(
    change: str, reason: str, owner: psycopg.Connection[Any], workflow: Workflow, today: date
) -> None:
    owner.execute(f"update firm.person set {change} where person_id = 'leo'".encode())
    with pytest.raises(CannotDelegate, match="does not work here"):
        workflow.delegate(principal("rita"), wanted(today))


@pytest.mark.parametrize(
    ("who", "scopes", "error", "reason"),
    [
        ("rita", {"proposals.decide"}, None, "a token that decides"),
        ("rita", {"proposals.read"}, NotAllowed, "a token that reads hands nothing over"),
        ("ada", {"proposals.read"}, NotAllowed, "nor does an administrator's"),
    ],
)
def test_a_token_hands_over_no_more_than_it_may(
    who: str, scopes: set[Any], error: type[Exception] | None, reason: str, workflow: Workflow, today: date
) -> None:
    made = workflow.delegate(principal("rita"), wanted(today))
    caller = replace(principal(who), narrowed_to=frozenset(scopes))
    asked = wanted(today, delegator_id="rita")
    if error:
        with pytest.raises(error):
            workflow.delegate(caller, asked)
        with pytest.raises(error):
            workflow.revoke_delegation(caller, made.delegation_id)
    else:
        workflow.delegate(caller, asked)
        assert workflow.revoke_delegation(caller, made.delegation_id).state == "over", reason


def test_what_waits_is_brought_before_a_new_delegate(
    workflow: Workflow, today: date, notices: Heard, audited: Audited
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    made = workflow.delegate(principal("rita"), wanted(today))
    assert people(workflow.card(principal("rita"), card.proposal_id)) == [{"rita", "rolf", "leo"}]
    assert [kind for kind, _ in notices("leo")] == ["delegation", "card"]
    assert "You may sign for Rita Roth" in notices("leo")[0][1]
    assert made.state == "in_force"
    [(who, _, body)] = [entry for entry in audited() if entry[1] == "delegation.made"]
    assert (who, body["delegator_id"], body["delegate_id"]) == ("rita", "rita", "leo")
    assert "reason" not in body, "what people wrote can be forgotten"


def test_what_an_administrator_does_for_somebody_absent_is_said_so(
    workflow: Workflow, today: date, notices: Heard, audited: Audited
) -> None:
    made = workflow.delegate(principal("ada"), wanted(today, delegator_id="rita"))
    [(who, body)] = [(w, b) for w, action, b in audited() if action == "delegation.made_for_absent"]
    assert (who, body["delegator_id"]) == ("ada", "rita")
    [(_, text)] = notices("rita")
    assert "Ada Adam let Leo Lang sign for you" in text
    assert workflow.revoke_delegation(principal("rita"), made.delegation_id).state == "over"


@pytest.mark.parametrize(
    ("who", "may", "reason"),
    [
        ("rita", True, "the delegator"),
        ("leo", True, "the delegate hands it back"),
        ("ada", True, "who keeps access"),
        ("rolf", False, "who has no part in it"),
        ("audrey", False, "who only audits it"),
    ],
)
def test_who_may_revoke(who: str, may: bool, reason: str, workflow: Workflow, today: date) -> None:
    made = workflow.delegate(principal("rita"), wanted(today))
    if may:
        revoked = workflow.revoke_delegation(principal(who), made.delegation_id)
        assert revoked.revoked_by is not None
        assert (revoked.state, revoked.revoked_by.person_id) == ("over", who), reason
        assert workflow.revoke_delegation(principal("rita"), made.delegation_id) == revoked, "once"
    else:
        with pytest.raises(NotFound):
            workflow.revoke_delegation(principal(who), made.delegation_id)
    with pytest.raises(NotFound):
        workflow.revoke_delegation(principal(who), uuid4())


def test_everybody_lists_their_own(workflow: Workflow, today: date) -> None:
    workflow.delegate(principal("rita"), wanted(today, days=(today + timedelta(1), today + timedelta(2))))
    for who, count in {"rita": 1, "leo": 1, "rolf": 0, "ada": 1, "audrey": 1, "carl": 0}.items():
        found = workflow.delegations(principal(who))
        assert len(found) == count, who
        assert all(d.state == "coming" for d in found)


def test_leave_delegates_nothing_where_the_policy_does_not_say_so(
    workflow: Workflow, today: date, owner: psycopg.Connection[Any]
) -> None:
    body = policies.default().model_dump() | {"leave_delegates": None}
    put_in_force(owner, PolicySet.model_validate(body))
    with pytest.raises(CannotDelegate):
        workflow.delegate(principal("rita"), wanted(today, days=None))


def test_a_delegation_for_leave_is_in_force_with_the_leave(
    workflow: Workflow, today: date, owner: psycopg.Connection[Any]
) -> None:
    body = policies.default().model_dump() | {"leave_delegates": "named"}
    put_in_force(owner, PolicySet.model_validate(body))
    made = workflow.delegate(principal("rita"), wanted(today, days=None))
    assert (made.state, made.source) == ("coming", "leave")
    insert(owner, "firm.leave", [{"person_id": "rita", "starts_on": today, "ends_on": today, "kind": "sick"}])
    assert [d.state for d in workflow.delegations(principal("leo"))] == ["in_force"]


def test_a_limit_keeps_the_currency_it_was_made_in(
    workflow: Workflow, today: date, owner: psycopg.Connection[Any]
) -> None:
    workflow.delegate(principal("rita"), wanted(today, amount_limit=Decimal(20000)))
    body = policies.default().model_dump() | {"currency": "DKK", "exchange_rates": {"EUR": Decimal("7.46")}}
    put_in_force(owner, PolicySet.model_validate(body))
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert "leo" in people(card)[0], "15,360 EUR are below 20,000 EUR, whatever the policy counts in"


@pytest.mark.parametrize("revoked_first", [True, False])
def test_revoking_and_deciding_at_once(
    revoked_first: bool, workflow: Workflow, db: Database, today: date
) -> None:
    """Whoever is first has done it; the other one waits and then hears of it."""
    made = workflow.delegate(principal("rita"), wanted(today))
    card = workflow.propose(principal("paula"), draft(assignment()))
    started, outcome = threading.Event(), list[Any]()

    def second() -> None:
        started.set()
        try:
            if revoked_first:
                outcome.append(decide_as_leo())
            else:
                outcome.append(workflow.revoke_delegation(principal("rita"), made.delegation_id))
        except ChargehandError as e:
            outcome.append(e)

    def decide_as_leo() -> Any:
        return workflow.decide(
            principal("leo"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
        )

    thread = threading.Thread(target=second)
    with db.tx(principal("rita" if revoked_first else "leo"), "workflow") as tx:
        if revoked_first:
            revoke(tx, made.delegation_id)
        else:
            deciding.decide(tx, card.proposal_id, content_hash=card.content_hash, verdict="approve")
        thread.start()
        started.wait()
        thread.join(0.5)
        assert thread.is_alive(), "it waits for the other transaction"
    thread.join()
    if revoked_first:
        assert isinstance(outcome[0], NotYourDecision), outcome
        assert workflow.card(principal("paula"), card.proposal_id).state == "pending"
    else:
        assert outcome[0].state == "over"
        assert workflow.card(principal("paula"), card.proposal_id).state == "approved"


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("agent", "insert into workflow.delegation (delegator_id) values ('rita')"),
        ("agent", "update workflow.delegation set revoked_at = null"),
        ("workflow", "update workflow.delegation set delegate_id = 'paula'"),
        ("workflow", "update workflow.delegation set last_day = last_day + 90"),
        ("workflow", "delete from workflow.delegation"),
        ("worker", "insert into workflow.delegation (delegator_id) values ('rita')"),
        (
            "workflow",
            "insert into workflow.delegation (delegator_id, delegate_id, when_on_leave, reason, made_by)"
            " values ('rita', 'leo', true, 'forged', 'rita')",
        ),
    ],
)
def test_the_database_lets_nobody_forge_or_alter_one(
    role: Any, statement: str, db: Database, workflow: Workflow, today: date
) -> None:
    workflow.delegate(principal("rita"), wanted(today))
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        db.tx(principal("paula"), role) as tx,
    ):
        tx.connection.execute(statement.encode())


def test_who_hands_their_seat_over_leaves_none_to_stand_in(workflow: Workflow, today: date) -> None:
    """Neither to a delegate of before, nor to one who comes after."""
    workflow.delegate(principal("rita"), wanted(today))
    card = workflow.propose(principal("paula"), draft(assignment()))
    workflow.reassign(principal("rita"), card.proposal_id, to="dora", reason="She knows the client.")
    workflow.delegate(principal("rita"), wanted(today, delegate_id="amir"))
    for who in ("leo", "amir"):
        with pytest.raises((NotYourDecision, NotFound)):
            workflow.decide(
                principal(who), card.proposal_id, content_hash=card.content_hash, verdict="approve"
            )
    assert workflow.card(principal("paula"), card.proposal_id).state == "pending"
