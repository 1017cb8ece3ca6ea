"""Whose account it is is proved, never guessed."""

from typing import Any

import psycopg
import pytest

from api.chat.accounts import Account, Accounts, InvitationSpent, reach
from models.access import NotFound, service
from store.db import Database
from tests.workflow.firm import principal

PAULA = Account("slack", "T1", "U-PAULA")


@pytest.fixture
def accounts(db: Database) -> Accounts:
    return Accounts(db)


def test_an_address_that_the_workspace_vouches_for_links(accounts: Accounts) -> None:
    assert accounts.of(PAULA) is None
    linked = accounts.link_by_email(PAULA, " Paula@Example.com ")
    assert linked is not None and (linked.person_id, linked.surface) == ("paula", "slack")
    assert accounts.of(PAULA) == linked


@pytest.mark.parametrize(
    ("email", "why"),
    [
        ("nobody@example.com", "nobody has it"),
        ("Paula Pohl", "a name is no address"),
        ("gone@example.com", "they work here no more"),
        ("", "there is none"),
    ],
)
def test_an_address_that_is_not_one_persons_links_nothing(
    accounts: Accounts, owner: psycopg.Connection[Any], email: str, why: str
) -> None:
    owner.execute(
        "update firm.person set email = 'gone@example.com', ends_on = '2025-12-31' where person_id = 'dan'"
    )
    assert accounts.link_by_email(PAULA, email) is None, why
    assert accounts.of(PAULA) is None


def test_the_same_user_id_of_another_workspace_is_somebody_else(accounts: Accounts) -> None:
    accounts.link_by_email(PAULA, "paula@example.com")
    assert accounts.of(Account("slack", "T2", "U-PAULA")) is None
    assert accounts.of(Account("teams", "T1", "U-PAULA")) is None


def test_an_account_that_is_linked_is_not_taken_by_an_address(accounts: Accounts) -> None:
    """A workspace's administrator who changes an address must not change who signs."""
    accounts.link_by_email(PAULA, "paula@example.com")
    still = accounts.link_by_email(PAULA, "dora@example.com")
    assert still is not None and still.person_id == "paula"


def test_what_was_unlinked_is_linked_again_only_by_its_owner(accounts: Accounts) -> None:
    accounts.link_by_email(PAULA, "paula@example.com")
    with pytest.raises(NotFound):
        accounts.unlink(principal("rita"), PAULA)
    accounts.unlink(principal("paula"), PAULA)
    assert accounts.mine(principal("paula")) == []
    assert accounts.link_by_email(PAULA, "paula@example.com") is None
    accounts.confirm(principal("paula"), accounts.invite(PAULA))
    assert accounts.of(PAULA) is not None


def test_an_invitation_links_once_and_looking_does_not_use_it(accounts: Accounts) -> None:
    token = accounts.invite(PAULA)
    assert accounts.invited(token) == PAULA
    assert accounts.confirm(principal("paula"), token) == PAULA
    for spent in (token, "guessed"):
        with pytest.raises(InvitationSpent):
            accounts.confirm(principal("dora"), spent)
    linked = accounts.of(PAULA)
    assert linked is not None and linked.person_id == "paula"


def test_who_works_here_no_more_has_no_account(accounts: Accounts, owner: psycopg.Connection[Any]) -> None:
    accounts.link_by_email(PAULA, "paula@example.com")
    owner.execute("update firm.person set ends_on = current_date - 1 where person_id = 'paula'")
    assert accounts.of(PAULA) is None


def test_linking_is_audited_without_personal_data(accounts: Accounts, owner: psycopg.Connection[Any]) -> None:
    accounts.link_by_email(PAULA, "paula@example.com")
    accounts.unlink(principal("paula"), PAULA)
    entries = owner.execute("select action, subject, body::text from audit.event order by seq").fetchall()
    assert [e[:2] for e in entries[-2:]] == [
        ("access.chat_linked", "person:paula"),
        ("access.chat_unlinked", "person:paula"),
    ]
    assert "@example.com" not in str(entries)


def test_a_person_is_reached_by_the_account_linked_last(accounts: Accounts, db: Database) -> None:
    accounts.link_by_email(PAULA, "paula@example.com")
    newer = Account("slack", "T2", "U-NEW")
    accounts.confirm(principal("paula"), accounts.invite(newer))
    accounts.note_channel(newer, "D1")
    with db.tx(service("messages"), "worker") as tx:
        found = reach(tx, "paula", "slack")
        assert found is not None and (found.address, found.channel) == (newer, "D1")
        assert reach(tx, "paula", "teams") is None
        assert reach(tx, "rita", "slack") is None
