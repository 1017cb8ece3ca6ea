"""The state of a firm as its database has it: what was proposed, decided, written and noted. Read, with the
worker's rights (which see all of it), before and after a conversation."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from models.access import service
from models.actions import ActionKind, System
from models.proposal import EffectState, ProposalState, Verdict
from store.db import Database

READER = service("evals")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class Seat(_Row):
    """Somebody who may sign a step of a proposal's gate."""

    step: int
    person_id: str
    fallback: bool


class Proposal(_Row):
    proposal_id: UUID
    proposer_id: str
    thread_id: UUID | None
    tool: str
    title: str
    state: ProposalState
    version: int
    action: Mapping[str, Any]  # as the signature is about it
    rule: str
    gate: Mapping[str, Any]  # the rule that holds, as the card shows it
    seats: tuple[Seat, ...]

    @property
    def kind(self) -> ActionKind:
        kind: ActionKind = self.action["kind"]
        return kind

    @property
    def steps(self) -> tuple[str, ...]:
        """Of its gate, by name, in order."""
        return tuple(step["name"] for step in self.gate["gate"]["steps"])


class Decision(_Row):
    proposal_id: UUID
    version: int
    approver_id: str
    verdict: Verdict


class Effect(_Row):
    effect_id: int
    proposal_id: UUID
    version: int
    system: System
    operation: ActionKind
    item: str
    state: EffectState


class Entry(_Row):
    """Of the audit log."""

    seq: int
    actor: str
    action: str
    subject: str


class Call(_Row):
    """Of a tool, as recorded, whatever became of it."""

    person_id: str
    tool: str
    arguments: Mapping[str, Any]
    outcome: str
    detail: str


class World(_Row):
    """What is in the database, and which tables of the firm's records changed meanwhile."""

    proposals: tuple[Proposal, ...] = ()
    decisions: tuple[Decision, ...] = ()
    effects: tuple[Effect, ...] = ()
    audit: tuple[Entry, ...] = ()
    calls: tuple[Call, ...] = ()
    altered: tuple[str, ...] = ()


class Before(_Row):
    """Where a firm stood before a conversation."""

    transaction: int
    audit: int
    rows: Mapping[str, int]


def before(db: Database) -> Before:
    with db.tx(READER, "worker") as tx:
        transaction = tx.value("world.now")
        rows = {r["name"]: r["rows"] for r in tx.records("world.records", since=transaction)}
        return Before(transaction=transaction, audit=tx.value("world.audit_end"), rows=rows)


def world(db: Database, since: Before) -> World:
    """As it is now."""
    with db.tx(READER, "worker") as tx:
        return World(
            proposals=tuple(tx.rows("world.proposals", Proposal)),
            decisions=tuple(tx.rows("world.decisions", Decision)),
            effects=tuple(tx.rows("world.effects", Effect)),
            audit=tuple(tx.rows("world.audit", Entry, after=since.audit)),
            calls=tuple(tx.rows("world.calls", Call)),
            altered=tuple(
                r["name"]
                for r in tx.records("world.records", since=since.transaction)
                if r["written"] or r["rows"] != since.rows[r["name"]]
            ),
        )


def pending(db: Database) -> Proposal | None:
    """The newest proposal that waits for a signature."""
    with db.tx(READER, "worker") as tx:
        waiting = [p for p in tx.rows("world.proposals", Proposal) if p.state == "pending"]
    return waiting[-1] if waiting else None


def marks(db: Database, projects: Collection[str]) -> frozenset[str]:
    """By what somebody would know that they were told of these projects."""
    return frozenset(_column(db, "world.of_project", projects=list(projects))) if projects else frozenset()


def _column(db: Database, query: str, **parameters: Any) -> Sequence[str]:
    with db.tx(READER, "worker") as tx:
        return [r["mark"] for r in tx.records(query, **parameters)]
