"""What the database refuses by itself, whatever the code above it does: tried with plain SQL as each role,
and with an agent process that lies."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from models.actions import ActionAdapter
from models.policy import Rule, policy_sha
from models.proposal import canonical, content_hash
from store.db import Database, DbRole
from tests.workflow.firm import SURE, assignment, change_order, draft, eur, people, principal
from workflow import policies
from workflow.cards import ProposalCard
from workflow.errors import GateChanged, NotYourDecision
from workflow.service import Workflow


@pytest.fixture
def db(shared_db: Database) -> Database:
    return shared_db


@pytest.fixture
def as_role(db: Database) -> Callable[[DbRole, str], Any]:
    @contextmanager
    def connected(role: DbRole, person_id: str) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(db.dsn(role)) as connection:
            connection.execute("select set_config('chargehand.principal', %s, false)", (person_id,))
            yield connection

    return connected


AsRole = Callable[[DbRole, str], Any]

SIGN = """insert into workflow.decision (proposal_id, version, step, content_hash, proposer_id, author_id,
  approver_id, verdict, surface)
values (%(id)s, 1, %(step)s, %(hash)s, %(proposer)s, %(author)s, %(approver)s,
  'approve', 'web')"""
EFFECT = """insert into workflow.effect (idempotency_key, proposal_id, version, content_hash, system,
  operation, ordering_key, body)
values (%(key)s, %(id)s, 1, %(hash)s, 'psa', 'create_assignment', 'x', '{}')"""


def values(card: ProposalCard, **lies: Any) -> Mapping[str, Any]:
    return {
        "id": card.proposal_id,
        "hash": card.content_hash,
        "proposer": "paula",
        "author": "paula",
        "approver": "rita",
        "step": 0,
        "key": f"create_assignment:{card.proposal_id}:{card.content_hash}",
    } | lies


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("agent", SIGN),
        ("agent", EFFECT),
        ("agent", "update workflow.proposal set state = 'approved' where proposal_id = %(id)s"),
        ("agent", "update workflow.proposal_version set canonical = '' where proposal_id = %(id)s"),
        ("agent", "insert into workflow.approver values (%(id)s, 1, 0, 'carl', 'a friend', false)"),
        ("agent", "insert into workflow.active_policy (sha256) values ('x')"),
        ("agent", "update workflow.circuit set state = 'closed'"),
        ("agent", "insert into firm.assignment select * from firm.assignment"),
        ("worker", SIGN),
        ("worker", EFFECT),
        ("worker", "update workflow.effect set body = '{}' where proposal_id = %(id)s"),
        ("worker", "insert into workflow.approver values (%(id)s, 1, 0, 'carl', 'a friend', false)"),
        ("workflow", "update workflow.proposal_version set canonical = '' where proposal_id = %(id)s"),
        ("workflow", "update workflow.decision set approver_id = 'leo' where proposal_id = %(id)s"),
        ("workflow", "update workflow.proposal set proposer_id = 'leo' where proposal_id = %(id)s"),
        ("workflow", "update workflow.effect set body = '{}' where proposal_id = %(id)s"),
        ("workflow", "delete from workflow.decision where proposal_id = %(id)s"),
        ("workflow", "insert into workflow.policy_version values ('x', 'x', '{}', 'x')"),
        ("steward", SIGN),
        ("steward", EFFECT),
        ("steward", "update workflow.policy_version set body = '{}'"),
        ("gate", SIGN),
        ("agent", "insert into audit.event select * from audit.event"),
        ("workflow", "update audit.head set seq = 0"),
        ("worker", "delete from audit.event"),
        ("steward", "update audit.event set actor = 'x'"),
    ],
)
def test_a_role_has_no_more_rights_than_its_work_needs(
    role: DbRole, statement: str, workflow: Workflow, as_role: AsRole
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    with as_role(role, "rita") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement, values(card))


@pytest.mark.parametrize(
    ("lie", "constraint", "reason"),
    [
        ({"approver": "paula"}, "not_your_own", "signing one's own proposal"),
        ({"approver": "paula", "proposer": "leo"}, "not_your_own", "she wrote it, whoever proposed it"),
        ({"approver": "paula", "author": "leo", "proposer": "leo"}, "not_your_own", "whatever the row says"),
        ({"proposer": "leo"}, "proposer_is_true", "hiding who proposed it"),
        ({"author": "leo"}, "author_is_true", "hiding who wrote it"),
        ({"hash": "0" * 64}, "content_is_unaltered", "signing other content"),
        ({"approver": "carl"}, "not_your_own", "he gains by it"),
        ({"approver": "petra"}, "approver_is_eligible", "nobody asked her"),
        ({"step": 1}, "approver_is_eligible", "not in this step"),
    ],
)
def test_a_decision_that_lies_is_refused(
    lie: Mapping[str, Any], constraint: str, reason: str, workflow: Workflow, as_role: AsRole
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    with as_role("workflow", "rita") as connection:
        with pytest.raises(psycopg.errors.IntegrityError) as caught:
            connection.execute(SIGN, values(card, **lie))
        assert caught.value.diag.constraint_name == constraint, reason


def test_nobody_signs_twice(workflow: Workflow, as_role: AsRole) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    with as_role("workflow", "rita") as connection:
        connection.execute(SIGN, values(card))
        with pytest.raises(psycopg.errors.UniqueViolation) as caught:
            connection.execute(SIGN, values(card))
        assert caught.value.diag.constraint_name == "one_signature_each"


@pytest.mark.parametrize(
    ("lie", "constraint"),
    [
        ({"key": "create_assignment:another"}, "key_is_bound"),
        ({"hash": "0" * 64}, "key_is_bound"),
    ],
)
def test_an_effect_is_bound_to_its_content(
    lie: Mapping[str, Any], constraint: str, workflow: Workflow, as_role: AsRole
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    with as_role("workflow", "rita") as connection:
        with pytest.raises(psycopg.errors.IntegrityError) as caught:
            connection.execute(EFFECT, values(card, **lie))
        assert caught.value.diag.constraint_name == constraint


# --- an agent process that hands in what it likes

SUBMIT = """select workflow.submit(id => %(id)s, tool => 't', tool_version => '1', thread => null,
  title => %(title)s, kind => %(kind)s, project => 'aurora', practice => 'Data', client => 'acme',
  amount => %(amount)s, currency => 'EUR', canonical => %(text)s, content_hash => %(hash)s,
  policy => %(policy)s, rule => %(rule)s,
  gate => %(gate)s, facts => '{}', explanation => '{}', approvers => %(approvers)s,
  expires => now() + interval '9 days', remind => now() + interval '1 day',
  escalate => now() + interval '2 days')"""


def submitted(
    as_role: AsRole, held: Rule, approvers: list[dict[str, Any]], policy: str | None = None, **lies: Any
) -> UUID:
    """A change order over 15,000 EUR (the policy: the account owner, then a director or finance), handed in
    by Paula's agent under a rule of its choice."""
    default = policies.default()
    sha = policy_sha(default)
    action, proposal_id = change_order(), uuid4()
    text = canonical(action, (), policy or sha, held.name, SURE)
    with as_role("agent", "paula") as connection:
        connection.execute(
            SUBMIT,
            {
                "id": proposal_id,
                "kind": action.kind,
                "title": f"Change order for Aurora: {action.title}, {action.value}",
                "amount": action.value.amount,
                "text": text,
                "hash": content_hash(text),
                "policy": policy or sha,
                "rule": held.name,
                "gate": Jsonb(held.model_dump(mode="json")),
                "approvers": Jsonb(approvers),
            }
            | lies,
        )
    return proposal_id


def asks(person_id: str, step: int = 0) -> dict[str, Any]:
    return {"step": step, "person_id": person_id, "why": "trust me", "fallback": False}


def rule(name: str) -> Rule:
    found = policies.default().rule(name)
    assert found
    return found


def test_a_weaker_rule_than_the_policys_goes_back(workflow: Workflow, as_role: AsRole) -> None:
    proposal_id = submitted(as_role, rule("small-change-order"), [asks("amir")])
    card = workflow.card(principal("amir"), proposal_id)
    with pytest.raises(GateChanged):
        workflow.decide(principal("amir"), proposal_id, content_hash=card.content_hash, verdict="approve")
    again = workflow.card(principal("amir"), proposal_id)
    assert (again.state, again.version, again.rule) == ("pending", 2, "change-order")
    assert people(again) == [{"amir"}, {"dora", "dan", "fay"}]
    assert again.effects == ()


def test_a_weaker_gate_under_the_right_name_goes_back(workflow: Workflow, as_role: AsRole) -> None:
    weak = rule("change-order").model_copy(update={"gate": rule("small-change-order").gate})
    proposal_id = submitted(as_role, weak, [asks("amir")])
    card = workflow.card(principal("amir"), proposal_id)
    with pytest.raises(GateChanged):
        workflow.decide(principal("amir"), proposal_id, content_hash=card.content_hash, verdict="approve")
    assert len(workflow.card(principal("amir"), proposal_id).steps) == 2


def test_a_friend_as_approver_decides_nothing(workflow: Workflow, as_role: AsRole) -> None:
    proposal_id = submitted(as_role, rule("change-order"), [asks("petra"), asks("petra", 1)])
    card = workflow.card(principal("petra"), proposal_id)
    with pytest.raises(NotYourDecision, match="no longer holds"):
        workflow.decide(principal("petra"), proposal_id, content_hash=card.content_hash, verdict="approve")
    again = workflow.card(principal("amir"), proposal_id)
    assert again.may >= {"approve"}, "the right people are asked now"
    assert again.state == "pending"


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        ({"title": "Change order for Aurora: Second warehouse, EUR 150.00"}, "a hundredth of the price"),
        ({"title": "Remind Acme of an invoice"}, "another kind of action"),
        ({"amount": "150.00"}, "an amount that ranks low and looks harmless"),
    ],
)
def test_a_title_that_misleads_is_put_right_before_anybody_signs(
    lie: Mapping[str, str], reason: str, workflow: Workflow, as_role: AsRole
) -> None:
    proposal_id = submitted(as_role, rule("change-order"), [asks("amir"), asks("dora", 1)], **lie)
    card = workflow.card(principal("amir"), proposal_id)
    with pytest.raises(GateChanged):
        workflow.decide(principal("amir"), proposal_id, content_hash=card.content_hash, verdict="approve")
    again = workflow.card(principal("amir"), proposal_id)
    assert again.title == "Change order for Aurora: Second warehouse, EUR 15,000.00", reason
    assert again.amount == eur("15000.00") and "approve" in again.may


def test_what_is_shown_is_what_is_written(workflow: Workflow) -> None:
    """The amount on the card is a field of the write; items that do not add up to the sum are no action."""
    card = workflow.propose(principal("paula"), draft(change_order()))
    [write] = card.writes
    assert write.body["value"] == card.amount.model_dump(mode="json") if card.amount else False
    assert str(card.action.model_dump(mode="json")["value"]["amount"]) in card.title.replace(",", "")
    for field in ("value", "items"):
        body = dict(change_order().model_dump(mode="json"))
        if field == "value":
            body["value"] = {"amount": "150.00", "currency": "EUR"}
        else:
            body["items"] = [body["items"][0] | {"amount": {"amount": "150.00", "currency": "EUR"}}]
        with pytest.raises(ValueError, match=r"not the sum|is not"):
            ActionAdapter.validate_python(body)


def test_an_old_policy_cannot_be_picked(workflow: Workflow, as_role: AsRole) -> None:
    with pytest.raises(psycopg.errors.SerializationFailure, match="not in force"):
        submitted(as_role, rule("small-change-order"), [asks("amir")], policy="0" * 64)


@pytest.mark.parametrize(
    ("lie", "constraint"),
    [
        ({"hash": "0" * 64}, "hash_is_true"),
        ({"rule": "strictest"}, "rule_is_signed"),
    ],
)
def test_a_version_that_contradicts_itself_is_refused(
    lie: Mapping[str, Any], constraint: str, as_role: AsRole
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        submitted(as_role, rule("change-order"), [asks("amir")], **lie)
    assert caught.value.diag.constraint_name == constraint


def test_an_agent_submits_as_itself_only(workflow: Workflow, db: Database, as_role: AsRole) -> None:
    nothing = dict.fromkeys(["id", "title", "amount", "kind", "text", "hash", "policy", "rule"], None)
    with (
        psycopg.connect(db.dsn("agent")) as connection,
        pytest.raises(psycopg.errors.RaiseException, match="needs a principal"),
    ):
        connection.execute(SUBMIT, nothing | {"gate": Jsonb({}), "approvers": Jsonb([])})
    proposal_id = submitted(as_role, rule("change-order"), [asks("amir")])
    assert workflow.card(principal("amir"), proposal_id).proposer.person_id == "paula"
