"""Delegations: made in one's own name, revoked by who is concerned, never altered.

Role: workflow, which reads past what the caller may see and so checks it here; listing: agent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from models.access import NotAllowed, NotFound, Principal, Role, require
from models.actions import ActionKind
from models.money import Money
from store.db import Tx
from workflow.cards import PersonRef, money, person
from workflow.errors import CannotDelegate
from workflow.policies import active
from workflow.stand_ins import may_stand_in

DelegationState = Literal["in_force", "coming", "over"]
MOST_DAYS = 366  # for longer, a role is what somebody needs
MOST_LISTED = 500


@dataclass(frozen=True)
class Wanted:
    """A delegation to be made."""

    delegate_id: str
    reason: str
    days: tuple[date, date] | None  # first and last, both included; None: whenever the delegator is on leave
    kinds: tuple[ActionKind, ...] = ()
    practices: tuple[str, ...] = ()
    client_ids: tuple[str, ...] = ()
    amount_limit: Decimal | None = None  # in the policy's currency
    delegator_id: str | None = None  # None: oneself


class DelegationView(BaseModel):
    """Whose signature somebody else may give, for what and until when."""

    model_config = ConfigDict(frozen=True)

    delegation_id: UUID
    delegator: PersonRef
    delegate: PersonRef
    state: DelegationState
    source: Literal["person", "leave"]  # what puts it in force: its days, or the delegator's leave
    first_day: date | None  # both included, in the time zone of the delegator's office
    last_day: date | None
    kinds: tuple[ActionKind, ...]  # of actions; empty: all that the delegator may sign
    practices: tuple[str, ...]
    client_ids: tuple[str, ...]
    amount_limit: Money | None
    reason: str
    made_by: PersonRef
    made_at: datetime
    revoked_by: PersonRef | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class Choices:
    """What a delegation of the caller's signature can name."""

    delegates: Sequence[PersonRef]
    practices: Sequence[str]
    clients: Sequence[tuple[str, str]]  # id and name
    currency: str
    on_leave: bool  # whether the policy lets delegations for leave take effect


@dataclass(frozen=True)
class _Party:
    person_id: str
    name: str
    roles: Sequence[Role]
    starts_on: date
    ends_on: date | None
    today: date  # at their office

    def works_on(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


def delegate(tx: Tx, wanted: Wanted) -> DelegationView:
    """Let somebody sign in one's own seat, or in that of somebody absent where the caller keeps access.

    Raises NotAllowed, NotFound, CannotDelegate, NoPolicy."""
    me = tx.principal
    for_another = wanted.delegator_id not in (None, me.person_id)
    if for_another:
        require(me, "access.manage")
    elif not _token_decides(me):
        raise NotAllowed(permission="proposals.decide", person_id=me.person_id)
    giver = _party(tx, wanted.delegator_id or me.person_id)
    taker = _party(tx, wanted.delegate_id)
    policy, _ = active(tx)
    _check_parties(me, giver, taker)
    _check_days(wanted, giver, taker)
    if wanted.days is None and policy.leave_delegates is None:
        raise CannotDelegate(
            reason="under the policy in force nothing is handed over by a leave: name its days instead"
        )
    reason = " ".join(wanted.reason.split())
    if not reason:
        raise CannotDelegate(reason="it needs a reason, which those who are asked to sign will read")
    _check_scope(tx, wanted)
    first_day, last_day = wanted.days or (None, None)
    terms: dict[str, Any] = {
        "delegator_id": giver.person_id,
        "delegate_id": taker.person_id,
        "first_day": first_day,
        "last_day": last_day,
        "kinds": list(wanted.kinds),
        "practices": list(wanted.practices),
        "clients": list(wanted.client_ids),
        "amount_limit": wanted.amount_limit,
        "currency": None if wanted.amount_limit is None else policy.currency,
    }
    made: UUID = tx.value("delegations.make", reason=reason, **terms)
    event = "delegation.made_for_absent" if for_another else "delegation.made"
    tx.audit(event, f"delegation:{made}", personal={"reason": reason}, **terms)
    when = f"from {first_day} to {last_day}" if wanted.days else "whenever they are on leave"
    _tell(tx, taker.person_id, f"You may sign for {giver.name} {when}: {reason}")
    if for_another:
        text = f"{me.name} let {taker.name} sign for you {when}: {reason}"
        _tell(tx, giver.person_id, f"{text} You can revoke it.")
    return _view(tx, made)


def revoke(tx: Tx, delegation_id: UUID) -> DelegationView:
    """End a delegation now. The delegator may, the delegate, who made it, and who keeps access; doing it
    again changes nothing. Raises NotAllowed, NotFound, also for what the caller has no part in."""
    me = tx.principal
    keeps = "access.manage" in me.permissions
    if not keeps and not _token_decides(me):
        raise NotAllowed(permission="proposals.decide", person_id=me.person_id)
    found = _view(tx, delegation_id)
    concerned = {found.delegator.person_id, found.delegate.person_id, found.made_by.person_id}
    if me.person_id not in concerned and not keeps:
        raise NotFound(what="delegation", id=str(delegation_id))
    if not tx.execute("delegations.revoke", delegation_id=delegation_id):
        return _view(tx, delegation_id)
    parties = (found.delegator, found.delegate)
    tx.audit(
        "delegation.revoked",
        f"delegation:{delegation_id}",
        delegator_id=found.delegator.person_id,
        delegate_id=found.delegate.person_id,
    )
    text = f"{me.name} revoked that {found.delegate.name} may sign for {found.delegator.name}."
    for party in parties:
        if party.person_id != me.person_id:
            _tell(tx, party.person_id, text)
    return _view(tx, delegation_id)


def delegations(tx: Tx) -> list[DelegationView]:
    """Those the caller gave, was given or made, newest first; everybody's for who keeps or audits access."""
    everybody = bool({"access.manage", "audit.read"} & tx.principal.permissions)
    return tx.rows("delegations.listed", _row, everybody=everybody, delegation_id=None, limit=MOST_LISTED)


def choices(tx: Tx) -> Choices:
    """What the form can offer. Raises NoPolicy."""
    policy, _ = active(tx)
    people = tx.rows("delegations.people", _person_and_roles)
    me = tx.principal.person_id
    return Choices(
        delegates=[who for who, roles in people if may_stand_in(roles) and who.person_id != me],
        practices=[row["practice"] for row in tx.records("delegations.practices")],
        clients=[(row["client_id"], row["name"]) for row in tx.records("delegations.clients")],
        currency=policy.currency,
        on_leave=policy.leave_delegates is not None,
    )


@dataclass(frozen=True)
class Begun:
    """Somebody who stands in since a day, while proposals wait that were not brought before them."""

    delegator_id: str
    delegate_id: str
    since: date


def begun(tx: Tx) -> list[Begun]:
    """Who has begun to stand in for somebody whose signature is waited for, by the days or by a leave."""
    return tx.rows("delegations.begun", Begun)


def note_begun(tx: Tx, stand_in: Begun) -> None:
    """What waited for the delegator was brought before the delegate as well."""
    tx.execute(
        "delegations.note_begun",
        delegator_id=stand_in.delegator_id,
        delegate_id=stand_in.delegate_id,
        since=stand_in.since,
    )


def waiting_for(tx: Tx, person_id: str) -> list[UUID]:
    """The proposals that wait for a person's own signature, the nearest deadline first."""
    return [row["proposal_id"] for row in tx.records("delegations.waiting_for", person_id=person_id)]


def _token_decides(me: Principal) -> bool:
    """A token that may not decide may not hand deciding over either."""
    return me.narrowed_to is None or "proposals.decide" in me.narrowed_to


def _party(tx: Tx, person_id: str) -> _Party:
    if found := tx.row("delegations.party", _Party, person_id=person_id):
        return found
    raise NotFound(what="person", id=person_id)


def _check_parties(me: Principal, giver: _Party, taker: _Party) -> None:
    if taker.person_id == giver.person_id:
        raise CannotDelegate(reason="a signature is delegated to somebody else")
    if taker.person_id == me.person_id:
        raise CannotDelegate(reason="nobody takes another's signature for themselves")
    if not giver.works_on(giver.today):
        raise CannotDelegate(reason=f"{giver.name} does not work here")
    if not may_stand_in(taker.roles):
        raise CannotDelegate(reason=f"{taker.name} holds no role that decides, or audits what is decided")


def _check_days(wanted: Wanted, giver: _Party, taker: _Party) -> None:
    first_day, last_day = wanted.days or (giver.today, giver.today)
    if last_day < first_day:
        raise CannotDelegate(reason="its last day is before its first")
    if last_day < giver.today:
        raise CannotDelegate(reason="its last day is over")
    if (last_day - first_day).days >= MOST_DAYS:
        raise CannotDelegate(reason=f"it may last {MOST_DAYS} days; for longer, grant a role")
    if not taker.works_on(max(first_day, giver.today)):
        raise CannotDelegate(reason=f"{taker.name} does not work here then")


def _check_scope(tx: Tx, wanted: Wanted) -> None:
    """Raises NotFound for what the scope names and the caller cannot see: a typing error would cover nothing
    and say nothing."""
    practices = {row["practice"] for row in tx.records("delegations.practices")}
    for practice in wanted.practices:
        if practice not in practices:
            raise NotFound(what="practice", id=practice)
    clients = {row["client_id"] for row in tx.records("delegations.clients")}
    for client_id in wanted.client_ids:
        if client_id not in clients:
            raise NotFound(what="client", id=client_id)
    if wanted.amount_limit is not None and wanted.amount_limit < 0:
        raise CannotDelegate(reason="the limit of an amount is not below zero")


def _tell(tx: Tx, person_id: str, text: str) -> None:
    tx.execute("delegations.tell", person_id=person_id, text=text)


def _view(tx: Tx, delegation_id: UUID) -> DelegationView:
    found = tx.row("delegations.listed", _row, everybody=True, delegation_id=delegation_id, limit=1)
    if found is None:
        raise NotFound(what="delegation", id=str(delegation_id))
    return found


def _person_and_roles(person_id: str, name: str, roles: Sequence[Role]) -> tuple[PersonRef, Sequence[Role]]:
    return person(person_id, name), roles


def _row(
    *,
    delegator_id: str,
    delegator_name: str | None,
    delegate_id: str,
    delegate_name: str | None,
    made_by: str,
    made_by_name: str | None,
    revoked_by: str | None,
    revoked_by_name: str | None,
    amount_limit: Decimal | None,
    currency: str | None,
    when_on_leave: bool,
    **rest: Any,
) -> DelegationView:
    return DelegationView(
        delegator=person(delegator_id, delegator_name),
        delegate=person(delegate_id, delegate_name),
        made_by=person(made_by, made_by_name),
        revoked_by=person(revoked_by, revoked_by_name) if revoked_by else None,
        amount_limit=money(amount_limit, currency),
        source="leave" if when_on_leave else "person",
        **rest,
    )
