"""Who may sign for whom. Each test has a firm of its own, with delegations put into it as rows."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from models.money import Money
from models.policy import Facts, PolicySet
from models.proposal import Verdict
from store.db import Database
from tests.workflow.firm import asked, assignment, draft, eur, insert, people, principal, put_in_force
from workflow import policies
from workflow.cards import ProposalCard
from workflow.errors import AlreadyDecided, NeededLater, NotYourDecision
from workflow.service import Workflow
from workflow.stand_ins import Scope

Delegate = Callable[..., None]
Decide = Callable[..., ProposalCard]
Heard = Callable[[str], Sequence[tuple[str, str]]]


@pytest.fixture
def today(owner: psycopg.Connection[Any]) -> date:
    """In Berlin, where everybody works."""
    [(day,)] = owner.execute("select (now() at time zone 'Europe/Berlin')::date").fetchall()
    assert isinstance(day, date)
    return day


@pytest.fixture
def delegate(owner: psycopg.Connection[Any], today: date) -> Delegate:
    def made(delegator: str, delegate: str, first: int = 0, last: int = 10, **more: Any) -> None:
        row = {"delegator_id": delegator, "delegate_id": delegate, "reason": "a trip", "made_by": delegator}
        days = {
            "when_on_leave": False,
            "first_day": today + timedelta(first),
            "last_day": today + timedelta(last),
        }
        insert(
            owner,
            "workflow.delegation",
            [row | (days if "when_on_leave" not in more else {}) | more],
        )

    return made


@pytest.fixture
def on_leave(owner: psycopg.Connection[Any], today: date) -> Callable[..., None]:
    def away(person_id: str, first: int = -1, last: int = 3) -> None:
        days = {"starts_on": today + timedelta(first), "ends_on": today + timedelta(last)}
        insert(owner, "firm.leave", [{"person_id": person_id, "kind": "vacation"} | days])

    return away


@pytest.fixture
def decide(workflow: Workflow) -> Decide:
    def decided(person_id: str, card: ProposalCard, verdict: Verdict = "approve") -> ProposalCard:
        return workflow.decide(
            principal(person_id),
            card.proposal_id,
            content_hash=card.content_hash,
            verdict=verdict,
            reason="So be it.",
        )

    return decided


@pytest.fixture
def with_policy(owner: psycopg.Connection[Any]) -> Callable[..., None]:
    """Put the default policy in force, changed; `steps`: with a single rule that has these."""

    def loaded(*steps: Mapping[str, Any], **changes: Any) -> None:
        body = policies.default().model_dump() | changes
        if steps:
            body["rules"] = [{"name": "only", "because": "it is the only one", "gate": {"steps": steps}}]
        put_in_force(owner, PolicySet.model_validate(body))

    return loaded


def step(*person_ids: str, name: str = "Step", **more: Any) -> Mapping[str, Any]:
    return {"name": name, "approvers": [{"person": p} for p in person_ids]} | more


def seats(card: ProposalCard, step: int = 0) -> set[tuple[str, str]]:
    """Who stands in for whom at a step."""
    return {
        (a.person.person_id, a.stands_in_for.person_id) for a in card.steps[step].approvers if a.stands_in_for
    }


@pytest.mark.parametrize(
    ("delegation", "proposer", "signs", "reason"),
    [
        ({}, "paula", True, "everything that Rita may sign"),
        ({"first": -3, "last": 0}, "paula", True, "the last day is included"),
        ({"first": 0, "last": 0}, "paula", True, "the first day is included"),
        ({"first": 1, "last": 5}, "paula", False, "it has not begun"),
        ({"first": -5, "last": -1}, "paula", False, "it is over"),
        ({"revoked_by": "rita", "revoked_at": "now"}, "paula", False, "it was revoked"),
        ({"kinds": ["create_assignment"]}, "paula", True, "of this kind"),
        ({"kinds": ["register_risk"]}, "paula", False, "of another kind"),
        ({"practices": ["Data"], "clients": ["acme"]}, "paula", True, "of this practice and client"),
        ({"amount_limit": "15360", "currency": "EUR"}, "paula", True, "15,360 is not above the limit"),
        ({"amount_limit": "15359.99", "currency": "EUR"}, "paula", False, "above the limit"),
        ({"amount_limit": "16000", "currency": "USD"}, "paula", False, "16,000 USD are 14,720 EUR"),
        ({"delegate": "paula"}, "paula", False, "the proposer stands in for nobody"),
        ({"delegate": "carl"}, "paula", False, "it is about him"),
        ({"delegate": "cleo"}, "paula", False, "a consultant decides nothing"),
        ({"delegate": "audrey"}, "paula", False, "an auditor decides nothing"),
        ({"delegate": "ada"}, "paula", False, "an administrator decides nothing"),
        ({"delegate": "amir"}, "paula", True, "an account owner decides, if of other things"),
        ({}, "leo", False, "the delegate proposed it"),
        ({}, "rita", False, "nobody stands in for the proposer"),
        ({"delegate": "rolf"}, "paula", False, "who may sign by themselves needs no other's seat"),
        ({"delegator": "leo", "delegate": "amir"}, "paula", False, "Leo may not sign this himself"),
    ],
)
def test_who_stands_in(
    delegation: Mapping[str, Any],
    proposer: str,
    signs: bool,
    reason: str,
    delegate: Delegate,
    decide: Decide,
    workflow: Workflow,
) -> None:
    given = {"delegator": "rita", "delegate": "leo", **delegation}
    delegate(**given)
    card = workflow.propose(principal(proposer), draft(assignment()))
    assert seats(card) == ({(given["delegate"], given["delegator"])} if signs else set()), reason
    assert people(card)[0] >= {"rita", "rolf"} - {proposer}, "nobody is taken off"
    if signs:
        assert decide(given["delegate"], card).state == "approved", reason


@pytest.mark.parametrize(
    ("scope", "facts", "covered", "reason"),
    [
        (Scope(practices=("Data",)), {"practice": None}, False, "a batch over several practices"),
        (Scope(clients=("acme",)), {"client_id": "initech"}, False, "another client"),
        (Scope(amount_limit=eur("0")), {"amount": None}, True, "it is not about money"),
        (
            Scope(amount_limit=eur("9")),
            {"amount": None, "unknown": ("amount",)},
            False,
            "nobody knows how much",
        ),
        (Scope(amount_limit=eur("9")), {"amount": "USD"}, True, "9 USD are 8.28 EUR"),
        (Scope(amount_limit=eur("9")), {"amount": "JPY"}, False, "nobody knows what a yen is worth"),
    ],
)
def test_what_a_scope_covers(scope: Scope, facts: Mapping[str, Any], covered: bool, reason: str) -> None:
    said = dict(facts)
    if said.get("amount"):
        said["amount"] = Money(amount=Decimal(9), currency=said["amount"])
    about = Facts(action="create_assignment", practice="Data", client_id="acme").model_copy(update=said)
    assert scope.covers(about, policies.default()) == covered, reason


@pytest.mark.parametrize(
    ("office_zone", "day_in", "signs", "reason"),
    [
        ("Pacific/Kiritimati", "Pacific/Kiritimati", True, "today, at the office"),
        ("Pacific/Kiritimati", "Etc/GMT+12", False, "today, on the other side of the earth"),
        ("Etc/GMT+12", "Etc/GMT+12", True, "and at an office over there"),
    ],
)
def test_days_are_those_of_the_delegators_office(
    office_zone: str,
    day_in: str,
    signs: bool,
    reason: str,
    owner: psycopg.Connection[Any],
    delegate: Delegate,
    workflow: Workflow,
) -> None:
    """The two zones never share a date."""
    insert(owner, "firm.office", [{"office": "Far", "timezone": office_zone}])
    owner.execute("update firm.person set office = 'Far' where person_id = 'rita'")
    [(day,)] = owner.execute("select (now() at time zone %s)::date", (day_in,)).fetchall()
    delegate("rita", "leo", first_day=day, last_day=day)
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert bool(seats(card)) == signs, reason


def test_the_card_names_both(
    delegate: Delegate, workflow: Workflow, decide: Decide, today: date, audited: Any, notices: Heard
) -> None:
    delegate("rita", "leo")
    card = workflow.propose(principal("paula"), draft(assignment()))
    why = f"stands in for Rita Roth (resource manager of Data) until {today + timedelta(10)}: a trip"
    assert asked(card)[0]["leo"] == why
    [line] = workflow.inbox(principal("leo"), box="mine").items
    assert (line.why_you, workflow.card(principal("leo"), card.proposal_id).why_you) == (why, why)

    [signature] = decide("leo", card).steps[0].signatures
    assert signature.stands_in_for is not None
    assert (signature.person.name, signature.stands_in_for.name) == ("Leo Lang", "Rita Roth")
    assert notices("paula")[0][1].startswith("Leo Lang for Rita Roth approved")
    [body] = [body for who, action, body in audited() if (who, action) == ("leo", "proposal.decided")]
    assert body["stands_in_for"] == "rita"


def test_delegator_and_delegate_are_one_signature(
    with_policy: Callable[..., None], delegate: Delegate, workflow: Workflow, decide: Decide
) -> None:
    """Two of three have to sign; Rita and who stands in for her are one of them."""
    with_policy(step("rita", "rolf", "dora", signatures=2))
    delegate("rita", "leo")
    for first, second in (("rita", "leo"), ("leo", "rita")):
        card = workflow.propose(principal("paula"), draft(assignment()))
        decide(first, card)
        with pytest.raises(AlreadyDecided, match="Rita Roth"):
            decide(second, card)
        assert workflow.card(principal(second), card.proposal_id).may == frozenset()
        assert workflow.inbox(principal(second), box="mine").items == ()
        assert decide("rolf", card).state == "approved"


@pytest.mark.parametrize(
    ("gate", "delegations", "first", "second", "error", "reason"),
    [
        ((["rita"], ["rolf"]), [("rita", "leo"), ("rolf", "leo")], "leo", "leo", AlreadyDecided,
         "the same person under another hat"),
        ((["rita", "dora"], ["rita", "dan"]), [("rita", "leo")], "leo", "rita", AlreadyDecided,
         "her seat has signed"),
        ((["rita", "dora"], ["leo", "dan"]), [("rita", "leo"), ("leo", "amir")], "leo", "amir",
         AlreadyDecided, "the seat of somebody who has signed for another"),
        ((["rita", "dora"], ["dan"]), [("rita", "leo"), ("dan", "rita")], "leo", "rita", AlreadyDecided,
         "she is used up by who signed for her"),
        ((["rita"], ["leo"]), [("rita", "leo")], "leo", "leo", NeededLater,
         "nobody else could sign the second step"),
    ],
)  # fmt: skip
def test_nobody_is_used_twice(
    gate: Sequence[Sequence[str]],
    delegations: Sequence[tuple[str, str]],
    first: str,
    second: str,
    error: type[Exception],
    reason: str,
    with_policy: Callable[..., None],
    delegate: Delegate,
    workflow: Workflow,
    decide: Decide,
) -> None:
    with_policy(*(step(*who, name=f"Step {n}") for n, who in enumerate(gate)))
    for delegator, delegate_id in delegations:
        delegate(delegator, delegate_id)
    card = workflow.propose(principal("paula"), draft(assignment()))
    if error is AlreadyDecided:
        decide(first, card)
    with pytest.raises(error):
        decide(second, card)


def test_a_delegate_of_two_takes_the_seat_that_is_left(
    with_policy: Callable[..., None], delegate: Delegate, workflow: Workflow, decide: Decide
) -> None:
    with_policy(step("rita", "rolf", "dora", signatures=2))
    delegate("rita", "leo")
    delegate("rolf", "leo")
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert seats(card) == {("leo", "rita"), ("leo", "rolf")}
    assert len(workflow.inbox(principal("leo"), box="mine").items) == 1
    decide("rita", card)
    signed = decide("leo", card).steps[0].signatures
    assert [s.stands_in_for and s.stands_in_for.person_id for s in signed] == [None, "rolf"]


def test_a_delegation_is_not_passed_on(delegate: Delegate, workflow: Workflow) -> None:
    delegate("rita", "leo")
    delegate("leo", "amir")
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert seats(card) == {("leo", "rita")}


def test_all_of_a_step_can_be_signed_by_stand_ins(
    with_policy: Callable[..., None], delegate: Delegate, workflow: Workflow, decide: Decide
) -> None:
    with_policy(step("rita", "rolf", signatures="all"))
    delegate("rita", "leo")
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert card.steps[0].signatures_needed == 2, "Leo is no third"
    assert decide("leo", card).state == "pending"
    assert decide("rolf", card).state == "approved"


# --- what changes while it waits


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("update workflow.delegation set revoked_by = 'rita', revoked_at = now()", "was revoked"),
        (
            "update workflow.delegation set first_day = current_date - 9, last_day = current_date - 7",
            "you stood in for Rita Roth until",
        ),
        ("update workflow.delegation set kinds = '{register_risk}'", "does not cover this"),
        ("delete from access.role_grant where person_id = 'rita'", "what made Rita Roth an approver"),
        ("update access.role_grant set role = 'auditor' where person_id = 'leo'", "does not cover this"),
    ],
)
def test_it_must_hold_when_the_decision_is_made(
    change: str,
    sentence: str,
    owner: psycopg.Connection[Any],
    delegate: Delegate,
    workflow: Workflow,
    decide: Decide,
) -> None:
    delegate("rita", "leo")
    card = workflow.propose(principal("paula"), draft(assignment()))
    owner.execute(change.encode())
    with pytest.raises(NotYourDecision, match=sentence):
        decide("leo", card)
    assert decide("rolf", card).state == "approved", "others are not held up"


def test_who_stands_in_no_more_is_waited_for_no_more(
    owner: psycopg.Connection[Any], delegate: Delegate, workflow: Workflow
) -> None:
    delegate("rita", "leo")
    card = workflow.propose(principal("paula"), draft(assignment()))
    owner.execute("update workflow.delegation set revoked_by = 'rita', revoked_at = now()")
    assert workflow.inbox(principal("leo"), box="mine").items == ()
    again = workflow.card(principal("leo"), card.proposal_id)
    assert (again.may, again.why_you, people(again)) == (frozenset(), None, [{"rita", "rolf"}])


def test_what_contradicts_the_records_can_be_rejected_by_a_stand_in_in_force(
    owner: psycopg.Connection[Any], delegate: Delegate, workflow: Workflow, decide: Decide
) -> None:
    delegate("rita", "leo")
    card = workflow.propose(principal("paula"), draft(assignment()))
    other = workflow.propose(principal("paula"), draft(assignment()))
    owner.execute("update firm.project set name = 'Aurora II' where project_id = 'aurora'")
    assert decide("leo", card, "reject").state == "rejected"
    owner.execute("update workflow.delegation set revoked_by = 'rita', revoked_at = now()")
    with pytest.raises(NotYourDecision, match="revoked"):
        decide("leo", other, "reject")


# --- leave


def test_leave_hands_over_only_where_the_policy_says_so(
    with_policy: Callable[..., None], on_leave: Callable[..., None], delegate: Delegate, workflow: Workflow,
    owner: psycopg.Connection[Any], today: date,
) -> None:  # fmt: skip
    delegate("rita", "amir", when_on_leave=True, reason="on leave")
    owner.execute("update firm.person set manager_id = 'leo' where person_id in ('rita', 'rolf')")
    on_leave("rita")
    on_leave("rolf")
    expected: Mapping[str | None, set[tuple[str, str]]] = {
        None: set(),
        "named": {("amir", "rita")},
        "manager": {("amir", "rita"), ("leo", "rolf")},
    }
    for setting, found in expected.items():
        with_policy(leave_delegates=setting)
        card = workflow.propose(principal("paula"), draft(assignment()))
        assert seats(card) == found, setting
        assert people(card)[0] >= {"rita", "rolf"}, "who is absent may still sign"
    why = f"stands in for Rolf Rau (resource manager of Data) until {today + timedelta(3)}: on leave"
    assert asked(card)[0]["leo"] == why


@pytest.mark.parametrize(
    ("first", "last", "away", "reason"),
    [(-1, 0, True, "the last day"), (0, 0, True, "a single day"), (1, 2, False, "from tomorrow on"),
     (-2, -1, False, "back since today")],
)  # fmt: skip
def test_a_leave_counts_by_its_days(
    first: int, last: int, away: bool, reason: str,
    with_policy: Callable[..., None], on_leave: Callable[..., None], delegate: Delegate, workflow: Workflow,
) -> None:  # fmt: skip
    with_policy(leave_delegates="named")
    delegate("rita", "leo", when_on_leave=True, reason="on leave")
    on_leave("rita", first, last)
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert bool(seats(card)) == away, reason


def test_a_leave_that_begins_reaches_what_waits(
    with_policy: Callable[..., None],
    on_leave: Callable[..., None],
    owner: psycopg.Connection[Any],
    workflow: Workflow,
    notices: Heard,
    decide: Decide,
) -> None:
    with_policy(leave_delegates="manager")
    owner.execute("update firm.person set manager_id = 'leo' where person_id = 'rita'")
    card = workflow.propose(principal("paula"), draft(assignment()))
    on_leave("rita")
    workflow.bring_to_stand_ins()
    workflow.bring_to_stand_ins()
    assert [kind for kind, _ in notices("leo")] == ["card"], "once"
    assert decide("leo", card).state == "approved"


# --- the database repeats it


def test_the_database_lets_nobody_take_a_seat(
    owner: psycopg.Connection[Any], delegate: Delegate, workflow: Workflow, db: Database
) -> None:
    delegate("rita", "leo")
    card = workflow.propose(principal("paula"), draft(assignment()))
    decision: Mapping[str, Any] = {
        "proposal_id": card.proposal_id, "version": 1, "step": 0, "content_hash": card.content_hash,
        "proposer_id": "paula", "author_id": "paula", "verdict": "approve", "surface": "web",
    }  # fmt: skip

    def refused(approver_id: str, stands_in_for: str | None, constraint: str) -> None:
        row = {**decision, "approver_id": approver_id, "stands_in_for": stands_in_for}
        with (
            pytest.raises(psycopg.errors.IntegrityError) as refusal,
            psycopg.connect(db.dsn("workflow")) as workflow_role,
        ):
            insert(workflow_role, "workflow.decision", [row])
        assert refusal.value.diag.constraint_name == constraint

    refused("leo", "rolf", "approver_is_eligible")  # the seat of somebody who delegated nothing
    refused("leo", None, "approver_is_eligible")  # a seat of one's own that is not there
    refused("rita", "leo", "approver_is_eligible")  # the other way round
    refused("amir", "rita", "approver_is_eligible")  # another's delegate
    refused("leo", "paula", "not_for_who_may_not")  # the seat of the proposer
    with psycopg.connect(db.dsn("workflow")) as workflow_role:
        insert(
            workflow_role, "workflow.decision", [{**decision, "approver_id": "leo", "stands_in_for": "rita"}]
        )
    refused("rita", None, "one_signature_a_seat")
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        psycopg.connect(db.dsn("workflow")) as workflow_role,
    ):
        workflow_role.execute("delete from workflow.used_up")


def test_the_database_uses_up_delegate_and_delegator(
    owner: psycopg.Connection[Any], workflow: Workflow, db: Database
) -> None:
    """Leo for Rita, then Rita for Rolf: four different words, and Rita is in both."""
    card = workflow.propose(principal("paula"), draft(assignment()))
    rows = [("leo", "rita"), ("rita", "rolf")]
    for person_id, stands_in_for in rows:
        owner.execute(
            "insert into workflow.approver (proposal_id, version, step, person_id, why, stands_in_for)"
            " values (%s, 1, 0, %s, 'forged', %s)",
            (card.proposal_id, person_id, stands_in_for),
        )
    decision: Mapping[str, Any] = {
        "proposal_id": card.proposal_id, "version": 1, "step": 0, "content_hash": card.content_hash,
        "proposer_id": "paula", "author_id": "paula", "verdict": "approve", "surface": "web",
    }  # fmt: skip
    with psycopg.connect(db.dsn("workflow")) as workflow_role:
        (first, second) = ({**decision, "approver_id": p, "stands_in_for": s} for p, s in rows)
        insert(workflow_role, "workflow.decision", [first])
        with pytest.raises(psycopg.errors.UniqueViolation) as refusal:
            insert(workflow_role, "workflow.decision", [second])
    assert refusal.value.diag.constraint_name == "used_up_once"


def test_a_second_account_is_no_second_person(
    owner: psycopg.Connection[Any], delegate: Delegate, workflow: Workflow
) -> None:
    """Paula proposes, and Rita delegates to Paula's other account; Rolf delegates to his own."""
    insert(
        owner,
        "access.same_person",
        [{"person_id": "petra", "same_as": "paula"}, {"person_id": "dan", "same_as": "rolf"}],
    )
    delegate("rita", "petra")
    delegate("rolf", "dan")
    card = workflow.propose(principal("paula"), draft(assignment()))
    assert seats(card) == set()
