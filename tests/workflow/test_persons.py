"""Persons, not accounts: whoever has two of them is one to the workflow and to the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from api.auth.people import principal_of
from models.access import NotFound, Principal
from store.db import Database
from tests.workflow.firm import (
    PEOPLE,
    assignment,
    change_order,
    draft,
    insert,
    people,
    principal,
    reminder,
    returned_time,
)
from workflow.cards import ProposalCard
from workflow.errors import AlreadyDecided, NotYourDecision, OwnProposal
from workflow.service import Workflow

Owner = psycopg.Connection[Any]

SIGN = """insert into workflow.decision (proposal_id, version, step, content_hash, proposer_id, author_id,
  approver_id, verdict, surface)
values (%(id)s, 1, 0, %(hash)s, %(proposer)s, %(proposer)s, %(approver)s, 'approve', 'web')"""
ASK = """insert into workflow.approver (proposal_id, version, step, person_id, why)
values (%s, 1, 0, %s, 'somebody added them')"""


@pytest.fixture
def another(owner: Owner) -> Callable[..., Principal]:
    """`another(person)`: a second account of a person, as the directory lists it, with the person's role. Not
    declared as theirs, unless `declared`."""

    def account(person_id: str, *, declared: bool = True) -> Principal:
        _, role, scope_kind, scope = PEOPLE[person_id]
        own = f"{person_id}-2"
        owner.execute(
            "insert into firm.person select %s, name, %s, title, practice, office, manager_id,"
            " capacity_hours_per_week, starts_on, ends_on from firm.person where person_id = %s",
            (own, f"{own}@example.com", person_id),
        )
        grant = {"person_id": own, "role": role, "scope_kind": scope_kind, "scope_id": scope}
        insert(owner, "access.role_grant", [grant])
        if declared:
            declare(owner, own, person_id)
        return replace(principal(person_id), person_id=own)

    return account


def declare(owner: Owner, account: str, person_id: str) -> None:
    insert(owner, "access.same_person", [{"person_id": account, "same_as": person_id}])


@contextmanager
def as_role(db: Database, role: Any, person_id: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(db.dsn(role)) as connection:
        connection.execute("select set_config('chargehand.principal', %s, false)", (person_id,))
        yield connection


def force(db: Database, owner: Owner, card: ProposalCard, approver: str) -> str:
    """Sign in SQL, as the deciding role, for somebody who was put among the approvers; which constraint
    refused."""
    owner.execute(ASK + " on conflict do nothing", (card.proposal_id, approver))
    row = {
        "id": card.proposal_id,
        "hash": card.content_hash,
        "proposer": card.proposer.person_id,
        "approver": approver,
    }
    with as_role(db, "workflow", approver) as connection, pytest.raises(psycopg.errors.IntegrityError) as e:
        connection.execute(SIGN, row)
    return str(e.value.diag.constraint_name)


def approve(workflow: Workflow, who: Principal, card: ProposalCard) -> ProposalCard:
    return workflow.decide(who, card.proposal_id, content_hash=card.content_hash, verdict="approve")


def test_any_account_signs_in_as_the_person(db: Database, another: Callable[..., Principal]) -> None:
    another("rita")
    for said in ("rita", "rita-2", "rita-2@example.com", "Rita Roth"):
        assert principal_of(db, said, "cli").person_id == "rita", said


def test_two_people_of_one_name_are_nobody(db: Database, another: Callable[..., Principal]) -> None:
    another("rita", declared=False)
    with pytest.raises(NotFound):
        principal_of(db, "Rita Roth", "cli")


def test_a_person_is_asked_once_whatever_the_accounts(
    workflow: Workflow, owner: Owner, another: Callable[..., Principal]
) -> None:
    another("rita")
    owner.execute("update firm.client set account_owner_id = 'leo'")
    another("leo")
    owner.execute("update firm.client set account_owner_id = 'leo-2'")
    assert people(workflow.propose(principal("paula"), draft(assignment()))) == [{"rita", "rolf"}]
    assert people(workflow.propose(principal("paula"), draft(change_order("50")))) == [{"leo"}]


@pytest.mark.parametrize("declared_first", [True, False])
def test_the_proposers_second_account_does_not_sign(
    declared_first: bool,
    workflow: Workflow,
    db: Database,
    owner: Owner,
    another: Callable[..., Principal],
) -> None:
    """Also where the firm finds out only after both accounts were used."""
    second = another("rita", declared=declared_first)
    card = workflow.propose(principal("rita"), draft(assignment()))
    if not declared_first:
        assert people(card) == [{"rolf", "rita-2"}], "to the records they were two"
        declare(owner, "rita-2", "rita")
    with pytest.raises((NotYourDecision, NotFound)):
        approve(workflow, second, card)
    assert force(db, owner, card, "rita-2") == "signed_by_a_person"
    assert approve(workflow, principal("rolf"), card).state == "approved"


def test_who_proposed_with_a_second_account_does_not_sign_with_the_first(
    workflow: Workflow, db: Database, owner: Owner, another: Callable[..., Principal]
) -> None:
    second = another("rita", declared=False)
    card = workflow.propose(second, draft(assignment()))
    assert people(card) == [{"rita", "rolf"}]
    declare(owner, "rita-2", "rita")
    with pytest.raises(NotYourDecision):
        approve(workflow, principal("rita"), card)
    assert force(db, owner, card, "rita") == "not_your_own"


def test_an_account_cannot_propose(
    workflow: Workflow, owner: Owner, another: Callable[..., Principal]
) -> None:
    """Sign-in never makes such a principal; the database does not rely on it."""
    second = another("paula")
    owner.execute("update firm.project set manager_id = 'paula-2'")
    with pytest.raises(psycopg.errors.CheckViolation, match="an account, not a person"):
        workflow.propose(second, draft(reminder()))


def test_the_beneficiarys_second_account_does_not_sign(
    workflow: Workflow, db: Database, owner: Owner, another: Callable[..., Principal]
) -> None:
    """Rita is put on a project under another account than the one that resource managers sign with."""
    another("rita")
    card = workflow.propose(
        principal("paula"), draft(assignment(person_id="rita-2", person_name="Rita Roth"))
    )
    assert all("rita" not in step for step in people(card))
    assert force(db, owner, card, "rita") == "not_your_own"
    assert force(db, owner, card, "rita-2") == "signed_by_a_person"


def test_whose_entry_it_is_does_not_sign_with_another_account(
    workflow: Workflow, db: Database, owner: Owner, another: Callable[..., Principal]
) -> None:
    another("paula")
    owner.execute("update firm.time_entry set person_id = 'paula-2' where entry_id = 't-1'")
    action = returned_time("t-1")
    item = action.items[0].model_copy(update={"person_id": "paula-2", "person_name": "Paula Pohl"})
    card = workflow.propose(principal("leo"), draft(action.model_copy(update={"items": (item,)})))
    assert people(card) == [{"dora", "dan"}], "the project's manager is whose time it is"
    assert force(db, owner, card, "paula") == "not_your_own"


@pytest.mark.parametrize("declared_first", [True, False])
def test_two_steps_are_not_signed_by_two_accounts(
    declared_first: bool,
    workflow: Workflow,
    db: Database,
    owner: Owner,
    another: Callable[..., Principal],
) -> None:
    """The account owner signs first, then a director: under one name, they are one."""
    second = another("dora", declared=declared_first)
    owner.execute("update firm.client set account_owner_id = %s", (second.person_id,))
    card = workflow.propose(principal("paula"), draft(change_order("100")))
    first = principal("dora") if declared_first else second
    signed = approve(workflow, first, card)
    if not declared_first:
        assert "dora" in people(signed)[1], "to the records she was somebody else"
        declare(owner, "dora-2", "dora")
    with pytest.raises(AlreadyDecided, match="by you"):
        approve(workflow, principal("dora"), signed)
    assert force(db, owner, signed, "dora") == "one_signature_each"
    assert approve(workflow, principal("dan"), signed).state == "approved"


def test_on_whose_behalf_it_is_proposed_may_not_sign(
    workflow: Workflow,
    db: Database,
    owner: Owner,
    audited: Callable[[], list[tuple[str, str, dict[str, Any]]]],
) -> None:
    """An assistant proposes for a resource manager, who is as good as the proposer."""
    card = workflow.propose(principal("paula"), replace(draft(assignment()), on_behalf_of="rita"))
    assert card.on_behalf_of and card.on_behalf_of.name == "Rita Roth"
    assert people(card) == [{"rolf"}]
    with pytest.raises(OwnProposal):
        approve(workflow, principal("rita"), card)
    assert force(db, owner, card, "rita") == "not_your_own"
    [submitted] = [body for _, action, body in audited() if action == "proposal.submitted"]
    assert submitted["on_behalf_of"] == "rita"


def test_hiding_on_whose_behalf_it_is_proposed_is_refused(workflow: Workflow, db: Database) -> None:
    card = workflow.propose(principal("paula"), replace(draft(assignment()), on_behalf_of="rita"))
    row = {"id": card.proposal_id, "hash": card.content_hash, "proposer": "paula", "approver": "rolf"}
    with as_role(db, "workflow", "rolf") as connection:
        with pytest.raises(psycopg.errors.ForeignKeyViolation) as caught:
            connection.execute(SIGN, row)
        assert caught.value.diag.constraint_name == "on_behalf_of_is_true"


def test_on_behalf_of_somebody_who_does_not_work_here(workflow: Workflow) -> None:
    with pytest.raises(NotFound):
        workflow.propose(principal("paula"), replace(draft(assignment()), on_behalf_of="nobody"))


def test_an_account_of_an_account_is_nobodys(owner: Owner, another: Callable[..., Principal]) -> None:
    another("rita")
    another("rolf", declared=False)
    with pytest.raises(psycopg.errors.CheckViolation, match="another account of somebody"):
        declare(owner, "rolf-2", "rita-2")
