"""The process dies between any two statements, whichever they are: what was committed stays, what was not is
done again by whoever comes next, and nothing happens twice."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from connectors.sim.twin import Twin
from connectors.testing import in_process
from models.access import Principal
from store.db import Database, DbRole, Tx
from tests.workflow.firm import PACE, assignment, draft, principal
from workflow.cards import ProposalSummary
from workflow.effects import work_once
from workflow.errors import AlreadyDecided
from workflow.service import Workflow

HURRIED = replace(PACE, lease_seconds=0.15, beat_seconds=0.05, probe_seconds=0.05)


class Died(BaseException):
    """What nobody catches."""


class DyingTx(Tx):
    """Runs out of life at a statement: the connection is gone, with all that was not committed."""

    lifetime: "Lifetime"

    def __getattribute__(self, name: str) -> Any:
        if name in ("rows", "row", "records", "value", "execute"):
            lifetime: Lifetime = object.__getattribute__(self, "lifetime")
            if lifetime.over():
                self.connection.close()
                raise Died
        return object.__getattribute__(self, name)


@dataclass
class Lifetime:
    """How many statements a process still runs."""

    left: int

    def over(self) -> bool:
        self.left -= 1
        return self.left < 0


class Mortal(Database):
    """The database of a process that dies after so many statements."""

    lifetime: Lifetime

    @contextmanager
    def tx(self, principal: Principal, role: DbRole) -> Iterator[Tx]:
        with super().tx(principal, role) as whole:
            dying = DyingTx(whole.connection, principal)
            dying.lifetime = self.lifetime
            yield dying
            dying.append_audit()


def test_restart_between_any_two_statements(
    db: Database, owner: psycopg.Connection[Any], tmp_path: Path
) -> None:
    """One proposal after the other; each time the process dies one statement later, until it lives on."""
    twin = Twin(tmp_path / "systems.db", seed=1)
    connectors = in_process(twin, read_seconds=0.05, max_write_seconds=0.1)
    dsns: dict[DbRole, str] = {role: db.dsn(role) for role in ("agent", "workflow", "worker")}

    def life(database: Database, role: str) -> None:
        """Whoever works on it: they look where it stands, and do what is next."""
        workflow = Workflow(database)

        def mine() -> list[ProposalSummary]:
            return [
                p for p in workflow.inbox(principal("paula"), box="asked").items if f" {role}," in p.title
            ]

        if not (made := mine()):
            workflow.propose(principal("paula"), draft(assignment(role=role)))
            made = mine()
        card = workflow.card(principal("rita"), made[0].proposal_id)
        with suppress(AlreadyDecided):
            workflow.decide(
                principal("rita"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
            )
        while work_once(database, "w", connectors, HURRIED):
            pass

    def settled(role: str) -> bool:
        [(open_effects,)] = owner.execute(
            "select count(*) from workflow.effect where state <> 'done'"
        ).fetchall()
        done = owner.execute(
            "select 1 from workflow.proposal where title like %s and state = 'executed'", (f"% {role},%",)
        )
        return open_effects == 0 and done.fetchone() is not None

    for statements in count():
        role, first = f"engineer in life {statements}", Mortal(dsns)
        first.lifetime = Lifetime(statements)
        try:
            life(first, role)
        except Died:
            lived_on = False
        else:
            lived_on = True
        first.close()
        for _ in range(400):
            life(db, role)
            if settled(role):
                break
        assert _happened(owner, role) == {
            "decisions": 1,
            "effects": 1,
            "proposal.submitted": 1,
            "proposal.decided": 1,
            "proposal.approved": 1,
            "effect.settled": 1,
            "proposal.executed": 1,
            "outcomes heard": 2,  # approved, executed
        }
        if lived_on:
            break
    assert statements > 30, "there are as many places to die"
    written = Counter(e.external_ref for e in twin.book.written())
    assert len(written) == statements + 1 and set(written.values()) == {1}
    connectors.close()
    twin.book.close()


def _happened(owner: psycopg.Connection[Any], role: str) -> dict[str, int]:
    [(proposal_id,)] = owner.execute(
        "select proposal_id from workflow.proposal where title like %s", (f"% {role},%",)
    ).fetchall()
    found = Counter(
        action
        for (action,) in owner.execute(
            "select action from audit.event where subject = %s and action <> 'proposal.refused'",
            (f"proposal:{proposal_id}",),
        )
    )
    for name, query in (
        ("decisions", "select count(*) from workflow.decision where proposal_id = %s"),
        ("effects", "select count(*) from workflow.effect where proposal_id = %s"),
        (
            "outcomes heard",
            "select count(*) from workflow.notice where person_id = 'paula' and proposal_id = %s",
        ),
    ):
        [(found[name],)] = owner.execute(query, (proposal_id,)).fetchall()
    return dict(found)
