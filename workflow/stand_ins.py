"""Who signs for whom: a delegate acts in the seat of the delegator, for what was delegated and as long.

A delegation gives what the delegator may sign by themselves, never what others delegated to them; it never
takes the delegator off. So it adds people to a gate, and never a signature: whatever gate delegates can fill,
the delegators could have filled."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from models.access import ROLE_PERMISSIONS, Role
from models.actions import ActionKind
from models.money import Money
from models.policy import Facts, NoExchangeRate, PolicySet, in_policy_currency
from store.db import Tx
from workflow.cards import money
from workflow.sources import Candidate


@dataclass(frozen=True)
class Scope:
    """What a delegation is for: everything that the delegator may sign where nothing is named."""

    kinds: tuple[ActionKind, ...] = ()
    practices: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    amount_limit: Money | None = None

    def covers(self, facts: Facts, policy: PolicySet) -> bool:
        """Whether an action is within it. What cannot be told is not: an unknown amount, the client of a
        batch over several."""
        named = (
            (self.kinds, facts.action),
            (self.practices, facts.practice),
            (self.clients, facts.client_id),
        )
        if any(allowed and value not in allowed for allowed, value in named):
            return False
        if self.amount_limit is None:
            return True
        if "amount" in facts.unknown:
            return False
        try:
            return facts.amount is None or in_policy_currency(facts.amount, policy) <= in_policy_currency(
                self.amount_limit, policy
            )
        except NoExchangeRate:
            return False


@dataclass(frozen=True)
class StandIn:
    """Somebody who stands in for somebody else today."""

    delegator_id: str
    delegator_name: str
    delegate_id: str
    delegate_name: str
    since: date
    until: date
    reason: str
    scope: Scope

    def why(self, delegator_why: str) -> str:
        """'Why you', for the delegate."""
        return f"stands in for {self.delegator_name} ({delegator_why}) until {self.until}: {self.reason}"


def may_stand_in(roles: Collection[Role]) -> bool:
    """Whether somebody may decide at all. Who audits what was decided decides nothing."""
    return "auditor" not in roles and any("proposals.decide" in ROLE_PERMISSIONS[role] for role in roles)


def standing_in(tx: Tx, delegators: Collection[str], policy: PolicySet) -> Sequence[StandIn]:
    """Who stands in for these people today, whatever for: by delegation or, where the policy says so, because
    they are on leave."""
    found = tx.rows(
        "delegations.standing_in", _row, delegators=sorted(delegators), on_leave=policy.leave_delegates
    )
    return [stand_in for stand_in, roles in found if may_stand_in(roles)]


def with_stand_ins(
    tx: Tx,
    steps: Sequence[tuple[Candidate, ...]],
    facts: Facts,
    policy: PolicySet,
    barred: Collection[str],
) -> tuple[tuple[Candidate, ...], ...]:
    """The steps with those added who stand in for their people. Nobody stands in for who is barred: they are
    no candidates any more; and who is barred stands in for nobody."""
    delegators = {c.person_id for step in steps for c in step}
    by_delegator: Mapping[str, list[StandIn]] = {delegator: [] for delegator in delegators}
    for s in standing_in(tx, delegators, policy) if delegators else ():
        if s.delegate_id not in barred and s.scope.covers(facts, policy):
            by_delegator[s.delegator_id].append(s)
    return tuple((*step, *_for_step(step, by_delegator)) for step in steps)


def _for_step(
    step: Sequence[Candidate], by_delegator: Mapping[str, Sequence[StandIn]]
) -> Sequence[Candidate]:
    """A delegate of two people may sit in either's seat; who may sign by themselves needs no other's."""
    own, seats = {c.person_id for c in step}, dict[tuple[str, str], Candidate]()
    for c in step:
        for s in by_delegator[c.person_id]:
            if s.delegate_id not in own:
                seat = replace(
                    c,
                    person_id=s.delegate_id,
                    name=s.delegate_name,
                    why=s.why(c.why),
                    stands_in_for=c.person_id,
                )
                seats.setdefault((s.delegate_id, c.person_id), seat)
    return list(seats.values())


def _row(
    *,
    delegate_roles: Sequence[Role],
    kinds: Sequence[ActionKind],
    practices: Sequence[str],
    clients: Sequence[str],
    amount_limit: Decimal | None,
    currency: str | None,
    **who_and_when: str,
) -> tuple[StandIn, Sequence[Role]]:
    scope = Scope(tuple(kinds), tuple(practices), tuple(clients), money(amount_limit, currency))
    return StandIn(scope=scope, **who_and_when), delegate_roles  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Last:
    revoked: bool
    when_on_leave: bool
    last_day: date | None


def why_over(tx: Tx, delegator_id: str, name: str) -> str:
    """Why the caller, who stood in for somebody, does not stand in for this any more."""
    me = tx.principal.person_id
    last = tx.row("delegations.last_between", _Last, delegator_id=delegator_id, delegate_id=me)
    if last is None or (last.when_on_leave and not last.revoked):
        return f"you stood in for {name} during their leave, which is over or was changed"
    if last.revoked:
        return f"the delegation by which you stood in for {name} was revoked"
    return f"you stood in for {name} until {last.last_day}, or it does not cover this"
