"""Many approvers at once: one outcome, and everybody else hears whose."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from models.access import Grant, Principal
from models.policy import PolicySet
from store.db import Database
from tests.workflow.firm import assignment, draft, insert, principal, put_in_force
from workflow.cards import ProposalCard
from workflow.errors import AlreadyDecided
from workflow.service import Workflow

RACERS = 24


@pytest.fixture
def racers(owner: psycopg.Connection[Any]) -> list[Principal]:
    """As many resource managers as race."""
    people = [(f"racer-{n:02}", f"Racer {n:02}") for n in range(RACERS)]
    insert(
        owner,
        "firm.person",
        (
            {
                "person_id": person_id,
                "name": name,
                "email": f"{person_id}@example.com",
                "title": "Manager",
                "practice": "Data",
                "office": "Berlin",
                "capacity_hours_per_week": 40,
                "starts_on": "2020-01-01",
            }
            for person_id, name in people
        ),
    )
    insert(
        owner,
        "access.role_grant",
        (
            {
                "person_id": person_id,
                "role": "resource_manager",
                "scope_kind": "practice",
                "scope_id": "Data",
            }
            for person_id, _ in people
        ),
    )
    grant = Grant("resource_manager", "practice", "Data")
    return [Principal(person_id, name, (grant,), "web") for person_id, name in people]


def race(racers: list[Principal], decide: Callable[[Principal], ProposalCard]) -> Counter[str]:
    """What came of it for each of them."""
    outcomes: Counter[str] = Counter()
    start = threading.Barrier(len(racers))

    def run(racer: Principal) -> None:
        start.wait()
        try:
            decide(racer)
        except AlreadyDecided as e:
            assert e.facts["by_ids"], "the loser hears who was faster"
            outcomes["too late"] += 1
        except Exception as e:
            outcomes[repr(e)] += 1
        else:
            outcomes["signed"] += 1

    threads = [threading.Thread(target=run, args=(racer,)) for racer in racers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.parametrize("quorum", [1, 2])
def test_one_outcome(
    quorum: int,
    workflow: Workflow,
    racers: list[Principal],
    owner: psycopg.Connection[Any],
    notices: Callable[[str], Any],
) -> None:
    step = {
        "name": "Quorum",
        "approvers": [{"relation": "practice_resource_manager"}],
        "signatures": quorum,
    }
    policy = {
        "name": "quorum",
        "currency": "EUR",
        "rules": [{"name": "only", "because": "a quorum", "gate": {"steps": [step]}}],
    }
    put_in_force(owner, PolicySet.model_validate(policy))
    card = workflow.propose(principal("paula"), draft(assignment()))

    outcomes = race(
        racers,
        lambda racer: workflow.decide(
            racer, card.proposal_id, content_hash=card.content_hash, verdict="approve"
        ),
    )

    assert outcomes == {"signed": quorum, "too late": RACERS - quorum}
    assert owner.execute("select count(*) from workflow.decision").fetchone() == (quorum,)
    assert owner.execute("select count(*) from workflow.effect").fetchone() == (1,)
    assert [kind for kind, _ in notices("paula")] == ["outcome"], "one notice, not one a racer"
    assert owner.execute("select count(*) from audit.event where action = 'proposal.refused'").fetchone() == (
        RACERS - quorum,
    )


def test_approving_and_rejecting_at_once(
    workflow: Workflow, racers: list[Principal], owner: psycopg.Connection[Any], db: Database
) -> None:
    card = workflow.propose(principal("paula"), draft(assignment()))
    verdicts = {racer.person_id: "approve" if n % 2 else "reject" for n, racer in enumerate(racers)}
    outcomes = race(
        racers,
        lambda racer: workflow.decide(
            racer,
            card.proposal_id,
            content_hash=card.content_hash,
            verdict=verdicts[racer.person_id],  # type: ignore[arg-type]
            reason="So be it.",
        ),
    )
    assert outcomes == {"signed": 1, "too late": RACERS - 1}
    [(verdict, effects)] = owner.execute(
        "select verdict, (select count(*) from workflow.effect) from workflow.decision"
    ).fetchall()
    assert effects == (1 if verdict == "approve" else 0)
