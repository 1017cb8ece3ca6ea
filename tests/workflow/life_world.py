"""Who lives in the state machine's firm, what they do, and what happens to them."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import psycopg
from hypothesis import strategies as st

from connectors.sim.twin import Faults
from models.access import Principal
from models.actions import Action, CreateAssignment
from models.policy import PolicySet, Step
from tests.workflow.firm import PEOPLE, assignment, change_order, insert, principal, returned_time
from workflow import policies

DEFAULT = policies.default()
DELEGATED = DEFAULT.model_copy(update={"name": "leave hands over", "leave_delegates": "manager"})


def _stricter() -> PolicySet:
    """Assignments need every resource manager and then the practice lead."""
    strict = {r.name: r for r in DEFAULT.rules}
    every = strict["large-assignment"].gate.steps[0].model_copy(update={"signatures": "all"})
    lead = strict["large-assignment"].gate.steps[1]
    last = DEFAULT.rules[-1]

    def with_steps(name: str, *steps: Step) -> Any:
        return strict[name].model_copy(update={"gate": strict[name].gate.model_copy(update={"steps": steps})})

    changed = {
        "assignment": with_steps("assignment", every, lead),
        last.name: with_steps(
            last.name,
            *last.gate.steps[:2],
            last.gate.steps[2].model_copy(update={"signatures": "all"}),
        ),
    }
    rules = tuple(changed.get(r.name, r) for r in DEFAULT.rules)
    return PolicySet.model_validate(
        (DEFAULT.model_copy(update={"name": "stricter", "rules": rules})).model_dump()
    )


POLICIES = (DEFAULT, DELEGATED, _stricter())
ACTIONS: Sequence[Action] = (
    assignment(),
    assignment(bill_rate={"amount": "70", "currency": "EUR"}),
    change_order("10"),
    change_order("100"),
    returned_time("t-1", "t-2"),
)
PROPOSERS = ("paula", "rita", "leo", "amir")
SECOND_ACCOUNTS = {"paula-2": "rita", "rita-2": "rita"}  # whose role each of them has
CAST = (*sorted(PEOPLE), *SECOND_ACCOUNTS)
APPROVERS = ("rita", "rolf", "leo", "dora", "dan", "fay")

DEEDS = (
    *["approve"] * 10,
    *["edit", "accept a part", "ask", "answer", "reassign"] * 2,
    *["reject", "withdraw", "undo", "retry", "mark done", "give up"],
    *["a worker comes by", "the clock rings"],
)
WEATHER = {"fine": Faults(), "down": Faults(down=True), "replies are lost": Faults(lose_replies=0.5)}
RECORDS = (  # somebody changes them elsewhere, and back
    "update firm.contract set value = value + 1000 where contract_id = 'c-1'",
    "update firm.contract set ends_on = '2027-12-31' where contract_id = 'c-1'",
    "update firm.time_entry set minutes = 540 where entry_id = 't-1' and state = 'submitted'",
    "update firm.time_entry set state = 'approved' where entry_id = 't-2' and state = 'submitted'",
    "update firm.project set manager_id = 'petra' where project_id = 'aurora'",
    "update firm.person_rate set cost_rate = 115 where person_id = 'carl'",
    "update firm.time_entry set minutes = 600",
    "update firm.time_entry set state = 'submitted' where state = 'approved'",
    "update firm.project set manager_id = 'paula' where project_id = 'aurora'",
    "update firm.person_rate set cost_rate = 60",
)
AS_FOUND = (
    "update workflow.effect set state = 'failed' where state not in ('done', 'returned')",
    "update workflow.proposal set state = 'withdrawn' where state = 'pending'",
    "update workflow.circuit set state = 'closed', failures = 0, rest_until = '-infinity'",
    "update workflow.delegation set revoked_at = now(), revoked_by = 'ada' where revoked_at is null",
    "delete from workflow.plant_consent",
    "delete from firm.leave",
    "delete from firm.assignment",
    "update firm.person set ends_on = null",
    "update firm.contract set value = 500000, ends_on = null",
    "update firm.time_entry set minutes = 600, state = 'submitted'",
    "update firm.project set manager_id = 'paula' where project_id = 'aurora'",
    "update firm.person_rate set cost_rate = 60",
)

ANY = st.integers(0, 59)
DEED = st.tuples(st.sampled_from(DEEDS), ANY, ANY)  # what, who, and the number it needs
EVENTS = st.sampled_from(
    [*["a worker comes by"] * 6, "days pass", "its time is over", *["fine"] * 2, *WEATHER]
)


def found_accounts(owner: psycopg.Connection[Any]) -> None:
    """Second accounts: one of a proposer, which holds an approver's role, and one of an approver."""
    for account, role_of in SECOND_ACCOUNTS.items():
        person_id = account.removesuffix("-2")
        owner.execute(
            "insert into firm.person select %s, name, %s, title, practice, office, manager_id,"
            " capacity_hours_per_week, starts_on, ends_on from firm.person where person_id = %s",
            (account, f"{account}@example.com", person_id),
        )
        _, role, kind, scope = PEOPLE[role_of]
        insert(
            owner,
            "access.role_grant",
            [{"person_id": account, "role": role, "scope_kind": kind, "scope_id": scope}],
        )
        insert(owner, "access.same_person", [{"person_id": account, "same_as": person_id}])


def anybody(number: int) -> Principal:
    """Anybody, be it by a second account."""
    person_id = CAST[number % len(CAST)]
    return replace(principal(SECOND_ACCOUNTS.get(person_id, person_id)), person_id=person_id)


def hand(number: int) -> Principal:
    """Who takes what stopped in hand: often an administrator."""
    return principal("ada") if number % 2 else anybody(number)


def with_hours(action: Action, hours: int) -> Action:
    if isinstance(action, CreateAssignment):
        return action.model_copy(update={"hours_per_week": Decimal(hours)})
    return change_order(str(hours))  # for a batch of time entries: not an edit that anybody may make
