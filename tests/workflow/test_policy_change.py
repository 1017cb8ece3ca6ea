"""Changing the policy: by two others' signatures, and by nothing else."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from models.access import Grant, NotAllowed, Principal, service
from models.actions import ChangePolicy
from models.policy import Facts, PolicySet, policy_sha, policy_text
from models.policy_words import differences
from models.proposal import canonical, content_hash
from store.db import DB_ROLES, Database, DbRole
from tests.workflow.firm import assignment, draft, insert, people, principal, put_in_force
from tests.workflow.test_guard import SUBMIT, asks
from workflow import policies
from workflow.cards import ProposalCard
from workflow.errors import (
    CannotEdit,
    ContradictsRecords,
    NeverToChange,
    OwnProposal,
    PolicyInForce,
    PolicyOvertaken,
    ReasonNeeded,
    SamePolicy,
)
from workflow.findings import Finding
from workflow.service import Workflow
from workflow.titles import title_of

Notices = Callable[[str], Any]
AsRole = Callable[[DbRole, str], AbstractContextManager[psycopg.Connection[Any]]]
REASON = "It was agreed in the board."


def renamed(name: str) -> PolicySet:
    return policies.default().model_copy(update={"name": name})


def without(*names: str) -> PolicySet:
    rules = tuple(r for r in policies.default().rules if r.name not in names)
    return policies.default().model_copy(update={"rules": rules})


def in_force(owner: psycopg.Connection[Any]) -> str:
    row = owner.execute("select sha256 from workflow.active_policy").fetchone()
    assert row
    return str(row[0])


def sign(workflow: Workflow, person_id: str, card: ProposalCard) -> ProposalCard:
    return workflow.decide(
        principal(person_id),
        card.proposal_id,
        content_hash=card.content_hash,
        verdict="approve",
        reason=REASON,
    )


@pytest.fixture
def as_role(db: Database) -> AsRole:
    @contextmanager
    def connected(role: DbRole, person_id: str) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(db.dsn(role), autocommit=True) as connection:
            connection.execute("select set_config('chargehand.principal', %s, false)", (person_id,))
            yield connection

    return connected


# --- the way it goes


def test_two_others_sign_and_it_is_in_force(
    workflow: Workflow, db: Database, owner: psycopg.Connection[Any], audited: Any, notices: Notices
) -> None:
    new = without("small-change-order")
    waiting = workflow.propose(principal("paula"), draft(assignment()))
    card = workflow.propose_policy(principal("ada"), new, "Account owners agreed to it.")
    assert card.rule == "policy-change"
    assert people(card) == [{"dora", "dan"}, {"dora", "dan"}]
    assert card.writes == ()
    assert isinstance(card.action, ChangePolicy)
    assert [(d.rule, d.what) for d in card.action.differences] == [("small-change-order", "rule is gone")]
    assert "under 10,000 EUR" in card.action.differences[0].now

    assert sign(workflow, "dora", card).state == "pending"
    assert in_force(owner) == policy_sha(policies.default()), "one signature changes nothing"
    assert sign(workflow, "dan", card).state == "executed"

    with db.tx(principal("paula"), "agent") as tx:
        assert policies.active(tx) == (new, policy_sha(new))
    assert workflow.card(principal("paula"), waiting.proposal_id).policy_sha256 == policy_sha(
        policies.default()
    ), "what waits keeps the version it was made under"
    assert sign(workflow, "rita", waiting).state == "approved"
    assert "policy.enacted" in [what for _, what, _ in audited()]
    assert [kind for kind, text in notices("ada") if "in force from now on" in text] == ["outcome"]


def test_who_proposed_it_signs_nothing(workflow: Workflow, owner: psycopg.Connection[Any]) -> None:
    insert(
        owner,
        "access.role_grant",
        [{"person_id": "fay", "role": "finance", "scope_kind": "firm", "scope_id": ""}],
    )
    card = workflow.propose_policy(principal("dora"), renamed("Ours"), "A better name.")
    assert people(card) == [{"dan"}, {"fay", "dan"}]
    with pytest.raises(OwnProposal):
        sign(workflow, "dora", card)
    sign(workflow, "dan", card)
    assert sign(workflow, "fay", card).state == "executed"


@pytest.mark.parametrize("by", ["paula", "leo", "audrey", "carl"])
def test_only_who_answers_for_the_firm_proposes_it(by: str, workflow: Workflow) -> None:
    with pytest.raises(NotAllowed):
        workflow.propose_policy(principal(by), renamed("Mine"), REASON)


def test_a_role_over_a_part_of_the_firm_does_not_propose_it(workflow: Workflow) -> None:
    with pytest.raises(NotAllowed, match="whole firm"):
        workflow.propose_policy(principal("fay"), renamed("Berlin's"), REASON)
    held = Principal("dora", "Dora", (Grant("delivery_director", "practice", "Data"),), "web")
    with pytest.raises(NotAllowed, match="whole firm"):
        workflow.propose_policy(held, renamed("Data's"), REASON)


def test_what_need_not_be_asked(workflow: Workflow) -> None:
    with pytest.raises(ReasonNeeded):
        workflow.propose_policy(principal("ada"), renamed("Ours"), "  ")
    with pytest.raises(SamePolicy):
        workflow.propose_policy(principal("ada"), policies.default(), REASON)
    weak = (
        policies.default()
        .rules[-1]
        .model_copy(
            update={
                "gate": policies.default()
                .rules[0]
                .gate.model_copy(update={"steps": policies.default().rules[0].gate.steps[:1]})
            }
        )
    )
    with pytest.raises(NeverToChange):
        workflow.propose_policy(
            principal("ada"), policies.default().model_copy(update={"rules": (weak,)}), REASON
        )


def test_it_cannot_be_edited(workflow: Workflow) -> None:
    card = workflow.propose_policy(principal("ada"), renamed("Ours"), REASON)
    may = workflow.card(principal("dora"), card.proposal_id).may
    assert "edit" not in may
    assert {"approve", "reject"} <= may
    assert isinstance(card.action, ChangePolicy)
    other = card.action.model_copy(update={"why": "No reason."})
    with pytest.raises(CannotEdit):
        workflow.edit(
            principal("dora"), card.proposal_id, content_hash=card.content_hash, action=other, note=REASON
        )


# --- never fewer than two


def _policy(signatures: Mapping[str, int]) -> PolicySet:
    """Rules by name with a step of directors; `change` is the one for change_policy."""

    def rule(name: str, needed: int) -> dict[str, Any]:
        step = {"name": "Directors", "approvers": [{"role": "delivery_director"}], "signatures": needed}
        when = {"action": ["change_policy"]} if name == "change" else {}
        return {"name": name, "because": "so be it", "when": when, "gate": {"steps": [step]}}

    return PolicySet.model_validate(
        {"name": "t", "currency": "EUR", "rules": [rule(n, needed) for n, needed in signatures.items()]}
    )


def test_a_rule_for_one_signature_gives_way_to_the_strictest(
    workflow: Workflow, owner: psycopg.Connection[Any]
) -> None:
    put_in_force(owner, _policy({"change": 1, "rest": 2}))
    card = workflow.propose_policy(principal("ada"), policies.default(), REASON)
    assert (card.rule, card.steps[0].signatures_needed) == ("rest", 2)
    assert sign(workflow, "dora", card).state == "pending"
    assert sign(workflow, "dan", card).state == "executed"


def test_a_gate_for_one_signature_that_was_handed_in_goes_back(
    workflow: Workflow, owner: psycopg.Connection[Any], as_role: AsRole
) -> None:
    weak = _policy({"change": 1, "rest": 2})
    put_in_force(owner, weak)
    proposal_id = handed_in(as_role, weak, "change", asks("dora"))
    card = workflow.card(principal("dora"), proposal_id)
    with pytest.raises(Exception, match="another gate"):
        sign(workflow, "dora", card)
    assert workflow.card(principal("dora"), proposal_id).rule == "rest"
    assert in_force(owner) == policy_sha(weak)


def handed_in(as_role: AsRole, now: PolicySet, rule: str, *approvers: Mapping[str, Any], **lies: Any) -> UUID:
    """A change to the default policy, handed in by Ada's agent as it likes."""
    new = policies.default()
    action = ChangePolicy.model_validate(
        {
            "name": new.name,
            "sha256": policy_sha(new),
            "policy": policy_text(new),
            "differences": differences(now, new),
            "why": REASON,
        }
        | lies
    )
    text, proposal_id, held = canonical(action, (), policy_sha(now), rule), uuid4(), now.rule(rule)
    assert held
    with as_role("agent", "ada") as connection:
        connection.execute(
            SUBMIT,
            {
                "id": proposal_id,
                "title": title_of(action, Finding(Facts(action=action.kind))),
                "amount": None,
                "kind": action.kind,
                "text": text,
                "hash": content_hash(text),
                "policy": policy_sha(now),
                "rule": rule,
                "gate": Jsonb(held.model_dump(mode="json")),
                "approvers": Jsonb(list(approvers)),
            },
        )
    return proposal_id


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        ({"differences": [{"rule": "", "what": "name", "now": "a", "after": "b"}]}, "it hides what changes"),
        ({"name": "Harmless"}, "another name than the policy's"),
    ],
)
def test_a_card_that_lies_about_the_change_cannot_be_signed(
    lie: Mapping[str, Any],
    reason: str,
    workflow: Workflow,
    owner: psycopg.Connection[Any],
    as_role: AsRole,
) -> None:
    now = _policy({"change": 2, "rest": 2})
    put_in_force(owner, now)
    proposal_id = handed_in(as_role, now, "change", asks("dora"), asks("dan"), **lie)
    with pytest.raises(ContradictsRecords):
        sign(workflow, "dora", workflow.card(principal("dora"), proposal_id))


# --- another one came first


def test_the_second_of_two_changes_is_overtaken(
    workflow: Workflow, owner: psycopg.Connection[Any], notices: Notices
) -> None:
    first = workflow.propose_policy(principal("ada"), renamed("First"), REASON)
    second = workflow.propose_policy(principal("ada"), renamed("Second"), REASON)
    sign(workflow, "dora", second)
    for person_id in ("dora", "dan"):
        sign(workflow, person_id, first)
    with pytest.raises(PolicyOvertaken):
        sign(workflow, "dan", second)
    assert in_force(owner) == policy_sha(renamed("First"))
    assert workflow.card(principal("ada"), second.proposal_id).state == "expired"
    assert any("was overtaken" in text for _, text in notices("ada"))
    with pytest.raises(SamePolicy):
        workflow.propose_policy(principal("ada"), renamed("First"), REASON)


def test_two_last_signatures_at_once_change_it_once(
    workflow: Workflow, owner: psycopg.Connection[Any]
) -> None:
    cards = [workflow.propose_policy(principal("ada"), renamed(n), REASON) for n in ("A", "B")]
    for card in cards:
        sign(workflow, "dora", card)
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def run(card: ProposalCard) -> None:
        start.wait()
        try:
            outcomes.append(sign(workflow, "dan", card).state)
        except PolicyOvertaken:
            outcomes.append("overtaken")

    threads = [threading.Thread(target=run, args=(card,)) for card in cards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["executed", "overtaken"]
    [(enacted,)] = owner.execute("select subject from audit.event where action = 'policy.enacted'").fetchall()
    assert enacted == f"policy:{in_force(owner)}"


# --- no other way


def test_loading_is_for_an_empty_installation(workflow: Workflow, owner: psycopg.Connection[Any]) -> None:
    set_up = service("setup")
    assert workflow.load_policy(set_up, policies.default()) == in_force(owner), "the same one again"
    with pytest.raises(PolicyInForce):
        workflow.load_policy(set_up, renamed("Another"))
    owner.execute("delete from workflow.active_policy")
    assert workflow.load_policy(set_up, renamed("Another")) == in_force(owner)


WRITES = (
    "insert into workflow.active_policy (sha256) values ('x')",
    "update workflow.active_policy set sha256 = 'x'",
    "delete from workflow.active_policy",
    "insert into workflow.policy_version values ('x', 'x', '{}', 'x')",
    "update workflow.policy_version set body = '{}'",
    "select workflow.keep_policy('x', '{}', 'x')",
)
ENACT = "select workflow.enact_policy(gen_random_uuid())"


def test_no_role_writes_it_and_only_deciding_enacts(as_role: AsRole) -> None:
    for role in DB_ROLES:
        with as_role(role, "ada") as connection:
            for statement in (*WRITES, *([ENACT] if role != "workflow" else [])):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement.encode())


@pytest.mark.parametrize(
    ("done", "reason"),
    [
        ((), "nobody signed"),
        (("update workflow.proposal set state = 'approved' where proposal_id = %(id)s",), "nobody signed it"),
        (
            (
                "update workflow.proposal set state = 'approved' where proposal_id = %(id)s",
                "insert into workflow.decision (proposal_id, version, step, content_hash, proposer_id,"
                " author_id, approver_id, verdict, surface) values (%(id)s, 1, 0, %(hash)s, 'ada', 'ada',"
                " 'dora', 'approve', 'web')",
            ),
            "one signature",
        ),
    ],
)
def test_the_database_enacts_only_what_two_people_signed(
    done: tuple[str, ...],
    reason: str,
    workflow: Workflow,
    owner: psycopg.Connection[Any],
    as_role: AsRole,
) -> None:
    card = workflow.propose_policy(principal("ada"), renamed("Ours"), REASON)
    before = in_force(owner)
    with as_role("workflow", "dora") as connection:
        for statement in done:
            connection.execute(statement.encode(), {"id": card.proposal_id, "hash": card.content_hash})
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("select workflow.enact_policy(%s)", (card.proposal_id,))
    assert in_force(owner) == before, reason


def test_the_database_enacts_no_other_kind_of_proposal(workflow: Workflow, as_role: AsRole) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    sign(workflow, "rita", card)
    with as_role("workflow", "dora") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("select workflow.enact_policy(%s)", (card.proposal_id,))
