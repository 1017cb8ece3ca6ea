"""A prompt or a baseline comes in force by somebody else's signature, and by nothing else."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from models.access import Grant, NotAllowed, NotFound, Principal
from models.actions import PromoteVersion
from models.policy import Facts, PolicySet, policy_sha
from models.proposal import canonical, content_hash
from store.db import DB_ROLES, Database
from tests.workflow.firm import assignment, draft, insert, people, principal
from tests.workflow.promoting import DINA, FIRST_STANDS, SECOND, SHIPPED, THIRD, baseline, prompt, sha
from tests.workflow.test_guard import SUBMIT, asks
from tests.workflow.test_policy_change import AsRole, as_role
from workflow import in_force, policies
from workflow.cards import ProposalCard
from workflow.errors import (
    CannotEdit,
    ContradictsRecords,
    DecideAlone,
    OwnProposal,
    PromotionOvertaken,
    ReasonNeeded,
    SameVersion,
    SmallRun,
)
from workflow.findings import Finding
from workflow.service import Workflow
from workflow.titles import title_of

__all__ = ["as_role"]

Notices = Callable[[str], Any]
REASON = "Read it: nothing is lost that matters."


@pytest.fixture(autouse=True)
def _dina(owner: psycopg.Connection[Any]) -> None:
    """A data scientist over the whole firm."""
    insert(
        owner,
        "firm.person",
        [
            {
                "person_id": "dina",
                "name": "Dina Daum",
                "email": "dina@example.com",
                "title": "Data scientist",
                "practice": "Data",
                "office": "Berlin",
                "capacity_hours_per_week": 40,
                "starts_on": "2020-01-01",
            }
        ],
    )
    grant = {"person_id": "dina", "role": "data_scientist", "scope_kind": "firm", "scope_id": ""}
    insert(owner, "access.role_grant", [grant])


def sign(workflow: Workflow, person_id: str, card: ProposalCard) -> ProposalCard:
    return workflow.decide(
        principal(person_id),
        card.proposal_id,
        content_hash=card.content_hash,
        verdict="approve",
        reason=REASON,
    )


def spoken(db: Database) -> str:
    """The label of the copilot's prompt in force, as any turn reads it."""
    with db.tx(principal("paula"), "agent") as tx:
        return in_force.prompt_in_force(tx, "copilot").label


def stands(db: Database, name: str = "copilot") -> Any:
    with db.tx(principal("paula"), "agent") as tx:
        return in_force.standing(tx, "prompt", name)


# --- the way it goes


def test_another_signs_and_the_prompt_is_in_force(
    workflow: Workflow, db: Database, audited: Any, notices: Notices
) -> None:
    assert spoken(db) == SHIPPED.label
    card = workflow.propose_version(DINA, prompt())
    assert card.rule == "promotion"
    assert people(card) == [{"dora", "dan"}]
    assert card.writes == ()
    assert card.title == "Promote the prompt copilot from v1 to v2"
    assert spoken(db) == SHIPPED.label, "asking changes nothing"
    assert sign(workflow, "dora", card).state == "executed"
    assert spoken(db) == f"copilot/v2@{sha(SECOND)[:8]}"
    with db.tx(principal("paula"), "agent") as tx:
        assert in_force.prompt_in_force(tx, "copilot").text.endswith("no praise, no apologies.")
        (kept,) = in_force.history(tx, "prompt")
    assert (kept.version, kept.sha256, kept.proposal_id) == ("v2", sha(SECOND), card.proposal_id)
    assert ("dora", "prompt.promoted") in [(who, what) for who, what, _ in audited()]
    assert any("in force from the next turn on" in text for _, text in notices("dina"))


def test_a_run_becomes_the_baseline_of_its_suite(workflow: Workflow, db: Database) -> None:
    card = workflow.propose_version(DINA, baseline())
    assert card.title == "Baseline of routing: qwen3:8b copilot/v2, run run-1"
    sign(workflow, "dora", card)
    with db.tx(DINA, "agent") as tx:
        found = in_force.promoted(tx, "baseline", "routing")
        assert in_force.promoted(tx, "baseline", "staffing") is None
    assert found and (found.run_id, found.run_sha256, found.text) == ("run-1", sha("run-1"), "")
    now = in_force.Standing(version="run-1", sha256=sha("run-1"), promotion=found.promotion_id)
    again = baseline("run-2", replaces=now, not_compared="other cases")
    assert sign(workflow, "dan", workflow.propose_version(DINA, again)).state == "executed"


def test_taking_it_back_is_promoting_what_was_there(workflow: Workflow, db: Database) -> None:
    sign(workflow, "dora", workflow.propose_version(DINA, prompt()))
    back = prompt(SHIPPED.content, "v1", replaces=stands(db), returns=True)
    card = workflow.propose_version(DINA, back)
    assert card.title == "Return the prompt copilot from v2 to v1"
    sign(workflow, "dan", card)
    assert spoken(db) == SHIPPED.label


def test_what_is_in_force_for_one_name_leaves_the_others_alone(workflow: Workflow, db: Database) -> None:
    before = stands(db, "mcp/instructions")
    sign(workflow, "dora", workflow.propose_version(DINA, prompt()))
    assert stands(db, "mcp/instructions") == before


# --- who


@pytest.mark.parametrize("by", ["paula", "leo", "fay", "audrey", "carl"])
def test_only_who_measures_or_answers_for_the_firm_proposes_it(by: str, workflow: Workflow) -> None:
    with pytest.raises(NotAllowed):
        workflow.propose_version(principal(by), prompt())


def test_a_role_over_a_part_of_the_firm_does_not_propose_it(workflow: Workflow) -> None:
    part = Principal("dina", "Dina Daum", (Grant("data_scientist", "practice", "Data"),), "cli")
    with pytest.raises(NotAllowed, match="whole firm"):
        workflow.propose_version(part, prompt())


def test_who_proposed_it_does_not_sign_it(workflow: Workflow, db: Database) -> None:
    card = workflow.propose_version(principal("dora"), prompt())
    assert people(card) == [{"dan"}]
    with pytest.raises(OwnProposal):
        sign(workflow, "dora", card)
    with pytest.raises(NotFound):
        sign(workflow, "leo", card)
    assert spoken(db) == SHIPPED.label


def test_it_is_signed_alone_and_with_a_comment(workflow: Workflow) -> None:
    card = workflow.propose_version(DINA, prompt())
    with pytest.raises(ReasonNeeded):
        workflow.decide(
            principal("dora"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
        )
    (outcome,) = workflow.decide_many(
        principal("dora"), [(card.proposal_id, card.content_hash)], verdict="approve", reason=REASON
    )
    assert outcome.error == DecideAlone(step="", what="").kind


def test_it_cannot_be_edited(workflow: Workflow) -> None:
    card = workflow.propose_version(DINA, prompt())
    may = workflow.card(principal("dora"), card.proposal_id).may
    assert "edit" not in may and {"approve", "reject"} <= may
    assert isinstance(card.action, PromoteVersion)
    with pytest.raises(CannotEdit):
        workflow.edit(
            principal("dora"),
            card.proposal_id,
            content_hash=card.content_hash,
            action=card.action.model_copy(update={"why": "No reason."}),
            note=REASON,
        )


# --- what is not asked


MEASURED_SMALL = prompt().measured.model_copy(update={"small": True})


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (prompt(why="  "), ReasonNeeded),
        (prompt(measured=MEASURED_SMALL), SmallRun),
        (prompt(SHIPPED.content, "v1", returns=True), SameVersion),
        (prompt(returns=True), ContradictsRecords),
        (prompt(text="no front matter"), ContradictsRecords),
        (prompt(name="ghost"), NotFound),
        (prompt(replaces=FIRST_STANDS.model_copy(update={"promotion": 7})), PromotionOvertaken),
        (prompt(replaces={"version": "v1", "sha256": sha("x"), "text": "x"}), PromotionOvertaken),
        (baseline(replaces={"version": "r", "sha256": sha("r")}, not_compared="x"), PromotionOvertaken),
    ],
)
def test_what_cannot_be_proposed(
    action: PromoteVersion, error: type[Exception], workflow: Workflow, owner: psycopg.Connection[Any]
) -> None:
    with pytest.raises(error):
        workflow.propose_version(DINA, action)
    assert owner.execute("select count(*) from workflow.proposal").fetchone() == (0,)


# --- another one came first


def test_the_second_of_two_is_overtaken(workflow: Workflow, db: Database, notices: Notices) -> None:
    first = workflow.propose_version(DINA, prompt())
    second = workflow.propose_version(DINA, prompt(THIRD, "v3"))
    sign(workflow, "dora", first)
    with pytest.raises(PromotionOvertaken):
        sign(workflow, "dan", second)
    assert spoken(db) == f"copilot/v2@{sha(SECOND)[:8]}"
    assert workflow.card(DINA, second.proposal_id).state == "expired"
    assert any("was overtaken" in text for _, text in notices("dina"))


def test_there_and_back_is_overtaken_too(workflow: Workflow, db: Database) -> None:
    """The same text stands again, by another promotion than the one that was read."""
    waiting = workflow.propose_version(DINA, prompt(THIRD, "v3"))
    sign(workflow, "dora", workflow.propose_version(DINA, prompt()))
    back = prompt(SHIPPED.content, "v1", replaces=stands(db), returns=True)
    sign(workflow, "dora", workflow.propose_version(DINA, back))
    with pytest.raises(PromotionOvertaken):
        sign(workflow, "dora", waiting)


def test_two_last_signatures_at_once_promote_one(workflow: Workflow, owner: psycopg.Connection[Any]) -> None:
    cards = {
        "dora": workflow.propose_version(DINA, prompt()),
        "dan": workflow.propose_version(DINA, prompt(THIRD, "v3")),
    }
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def run(person_id: str) -> None:
        start.wait()
        try:
            outcomes.append(sign(workflow, person_id, cards[person_id]).state)
        except PromotionOvertaken:
            outcomes.append("overtaken")

    threads = [threading.Thread(target=run, args=(person_id,)) for person_id in cards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["executed", "overtaken"]
    assert owner.execute("select count(*) from workflow.promotion").fetchone() == (1,)


# --- no other way


WRITES = (
    "insert into workflow.promotion (what, name, version, sha256, text, suite, run_id, run_sha256,"
    " proposal_id) values ('baseline', 'routing', 'r', 'x', '', 'routing', 'r', 'x', gen_random_uuid())",
    "update workflow.promotion set text = 'x'",
    "delete from workflow.promotion",
)
PROMOTE = "select workflow.promote(gen_random_uuid())"


def test_no_role_writes_it_and_only_deciding_promotes(as_role: AsRole) -> None:
    for role in DB_ROLES:
        with as_role(role, "dora") as connection:
            for statement in (*WRITES, *([PROMOTE] if role != "workflow" else [])):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement.encode())


APPROVED = "update workflow.proposal set state = 'approved' where proposal_id = %(id)s"


@pytest.mark.parametrize("done", [(), (APPROVED,)], ids=["pending", "approved by nobody"])
def test_the_database_promotes_only_what_was_signed(
    done: tuple[str, ...], workflow: Workflow, db: Database, as_role: AsRole
) -> None:
    card = workflow.propose_version(DINA, prompt())
    with as_role("workflow", "dora") as connection:
        for statement in done:
            connection.execute(statement.encode(), {"id": card.proposal_id})
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("select workflow.promote(%s)", (card.proposal_id,))
    assert spoken(db) == SHIPPED.label


def test_the_database_promotes_no_other_kind_of_proposal(workflow: Workflow, as_role: AsRole) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    sign(workflow, "rita", card)
    with as_role("workflow", "dora") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("select workflow.promote(%s)", (card.proposal_id,))


def test_a_card_that_lies_about_what_it_replaces_cannot_be_signed(
    workflow: Workflow, db: Database, as_role: AsRole
) -> None:
    """An agent's process hands in a difference that looks smaller than it is."""
    lie = prompt(replaces={"version": "v1", "sha256": sha(SECOND[:-1]), "text": SECOND[:-1]})
    proposal_id = handed_in(as_role, lie, policies.default())
    with pytest.raises(PromotionOvertaken):
        sign(workflow, "dora", workflow.card(principal("dora"), proposal_id))
    assert spoken(db) == SHIPPED.label


def handed_in(as_role: AsRole, action: PromoteVersion, policy: PolicySet) -> UUID:
    """By Dina's agent, past `propose_version`."""
    rule = policy.rule("promotion")
    assert rule
    text, proposal_id = canonical(action, (), policy_sha(policy), rule.name), uuid4()
    with as_role("agent", "dina") as connection:
        connection.execute(
            SUBMIT,
            {
                "id": proposal_id,
                "title": title_of(action, Finding(Facts(action=action.kind))),
                "amount": None,
                "kind": action.kind,
                "text": text,
                "hash": content_hash(text),
                "policy": policy_sha(policy),
                "rule": rule.name,
                "gate": Jsonb(rule.model_dump(mode="json")),
                "approvers": Jsonb([asks("dora")]),
            },
        )
    return proposal_id
