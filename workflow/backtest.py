"""Replaying the proposals that were made under a candidate policy: the records for models/backtest.py, and
how many signatures each person would be asked for. Role: workflow, which sees all of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.backtest import Backtest, Past, Replayed, replay, summarize
from models.policy import Facts, PolicySet, Rule
from store.db import Tx
from workflow.findings import Finding, Person, Project
from workflow.gates import Resolved, resolve
from workflow.policy_people import Remembering


@dataclass(frozen=True)
class Load:
    """How many signatures a person is asked for, where each of those who may sign a step is as likely to."""

    person_id: str
    name: str
    then: float
    now: float


@dataclass(frozen=True)
class _Row:
    proposal_id: str
    created_at: datetime
    unit: str
    proposer_id: str
    author_id: str
    project_id: str | None
    facts: Mapping[str, Any]
    gate: Mapping[str, Any]
    rule: str
    rejected: bool
    edited: bool
    hours: float | None
    asked: Sequence[tuple[int, str, bool]]  # step, person, whether of its fallback


def backtest(tx: Tx, policy: PolicySet, since: datetime, until: datetime) -> tuple[Backtest, list[Load]]:
    """The candidate held against what was proposed in [since, until), and each person's load, the most
    changed first. Gates are compared by the facts as they were; people are those of today."""
    rows = tx.rows("backtest.past", _Row, since=since, until=until)
    replayed = [replay(policy, _past(row)) for row in rows]
    return summarize(policy, replayed, since, until), _loads(tx, policy, rows, replayed)


def _past(row: _Row) -> Past:
    """Facts that came to be since are missing, those that are gone are left out."""
    known = {name: value for name, value in row.facts.items() if name in Facts.model_fields}
    return Past(
        proposal_id=row.proposal_id,
        created_at=row.created_at,
        unit=row.unit or row.proposal_id,
        facts=Facts.model_validate(known),
        missing=frozenset(Facts.model_fields) - frozenset(known),
        rule=Rule.model_validate(row.gate),
        rejected=row.rejected,
        edited=row.edited,
        hours=row.hours,
    )


def _loads(tx: Tx, policy: PolicySet, rows: Sequence[_Row], replayed: Sequence[Replayed]) -> list[Load]:
    firm = Remembering(tx.connection, tx.principal)
    then: dict[str, float] = defaultdict(float)
    now: dict[str, float] = defaultdict(float)
    names: dict[str, str] = {}
    for row, found in zip(rows, replayed, strict=True):
        if found.rule is None:
            continue
        resolved = _resolved(firm, policy, found.rule, row, found.past.facts)
        for needed, people in zip(resolved.needed, resolved.steps, strict=True):
            own = {c.person_id: c.name for c in people if c.stands_in_for is None}
            names |= own
            for person_id in own:
                now[person_id] += needed / len(own)
        for i, step in enumerate(found.past.rule.gate.steps):
            asked = _asked(row, i, step.fewest)
            needed = len(asked) if step.signatures == "all" else step.signatures
            for person_id in asked:
                then[person_id] += needed / len(asked)
    loads = [Load(p, names.get(p, p), then[p], now[p]) for p in {*then, *now}]
    return sorted(loads, key=lambda load: (-abs(load.now - load.then), load.person_id))


def _asked(row: _Row, step: int, fewest: int) -> set[str]:
    """Who was asked to sign a step: its own people, and the fallback where those did not suffice."""
    first = {person_id for at, person_id, fallback in row.asked if at == step and not fallback}
    return first if len(first) >= fewest else {person_id for at, person_id, _ in row.asked if at == step}


def _resolved(tx: Tx, policy: PolicySet, rule: Rule, row: _Row, facts: Facts) -> Resolved:
    """The people of today who would be asked; under the last rule where the one that holds cannot be
    filled."""
    project = tx.row("gates.project", Project, project_id=row.project_id) if row.project_id else None
    about = next(iter(facts.beneficiaries), None)
    person = tx.row("gates.person", Person, person_id=about) if about else None
    finding = Finding(facts, (project,) if project else (), person)
    barred = {row.proposer_id, row.author_id, *facts.beneficiaries, *facts.subjects}
    resolved = resolve(tx, policy, rule, finding, barred)
    return resolved if resolved.complete else resolve(tx, policy, policy.rules[-1], finding, barred)
