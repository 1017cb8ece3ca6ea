"""Many approvers at once: one outcome, and everybody else hears whose."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from models.access import Grant, Principal
from models.policy import PolicySet
from store.db import Database
from tests.workflow.firm import assignment, draft, insert, principal, put_in_force
from workflow.cards import ProposalCard
from workflow.errors import AlreadyDecided, NotYourDecision, Refusal
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


Deed = Callable[[Workflow, ProposalCard], object]


def _approve(who: str) -> Deed:
    return lambda flow, card: flow.decide(
        principal(who), card.proposal_id, content_hash=card.content_hash, verdict="approve"
    )


def _edit(who: str, hours: int) -> Deed:
    return lambda flow, card: flow.edit(
        principal(who),
        card.proposal_id,
        content_hash=card.content_hash,
        action=assignment(hours_per_week=hours),
        note="Better.",
    )


def _withdraw(flow: Workflow, card: ProposalCard) -> object:
    return flow.withdraw(principal("paula"), card.proposal_id)


def _hand(flow: Workflow, card: ProposalCard) -> object:
    return flow.reassign(principal("rita"), card.proposal_id, to="leo", reason="He knows the client.")


@pytest.mark.parametrize(
    ("deeds", "outcomes", "reason"),
    [
        (
            (_edit("rita", 8), _edit("rolf", 16)),
            {("done", "ContentChanged", "pending", 2, 0), ("ContentChanged", "done", "pending", 2, 0)},
            "one rewrites what was read, and the other hears that it is another thing now",
        ),
        (
            (_edit("rita", 8), _approve("rolf")),
            {
                ("done", "ContentChanged", "pending", 2, 0),
                ("AlreadyDecided", "done", "approved", 1, 1),
            },
            "a signature is about what was read: never about the edit",
        ),
        (
            (_withdraw, _approve("rita")),
            {("done", "AlreadyOver", "withdrawn", 1, 0), ("AlreadyDecided", "done", "approved", 1, 1)},
            "what was taken back is not written, and what is signed is not taken back",
        ),
        (
            (_hand, _approve("rita")),
            {("done", "NotYourDecision", "pending", 1, 0), ("AlreadyDecided", "done", "approved", 1, 1)},
            "a seat is handed over or signed in, not both",
        ),
    ],
    ids=[
        "two editors",
        "edit against approve",
        "withdraw against last signature",
        "handover against approve",
    ],
)
def test_of_two_deeds_one_comes_first(
    deeds: tuple[Deed, Deed],
    outcomes: set[tuple[str, str, str, int, int]],
    reason: str,
    workflow: Workflow,
    owner: psycopg.Connection[Any],
) -> None:
    for _ in range(4):  # both orders happen, mostly
        card = workflow.propose(principal("paula"), draft(assignment()))
        start = threading.Barrier(2)

        def run(deed: Deed, about: ProposalCard = card, start: threading.Barrier = start) -> str:
            start.wait()
            try:
                deed(workflow, about)
            except Refusal as e:
                return type(e).__name__
            return "done"

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(run, deeds)
        [found] = owner.execute(
            "select state, version,"
            " (select count(*) from workflow.effect e where e.proposal_id = p.proposal_id)"
            " from workflow.proposal p where proposal_id = %s",
            (card.proposal_id,),
        ).fetchall()
        assert (first, second, *found) in outcomes, reason


def test_a_role_taken_away_is_gone_before_the_signature_or_after_it(
    workflow: Workflow, owner: psycopg.Connection[Any], drain: Callable[[], int], admin_dsn: str
) -> None:
    """Whichever is first: what is signed without the role is refused, and what was signed with it goes back
    before it is written."""
    for _ in range(4):
        card = workflow.propose(principal("paula"), draft(assignment()))
        start = threading.Barrier(2)

        def revoke(start: threading.Barrier = start) -> None:
            with psycopg.connect(admin_dsn, autocommit=True) as connection:
                start.wait()
                connection.execute("delete from access.role_grant where person_id = 'rita'")

        def sign(about: ProposalCard = card, start: threading.Barrier = start) -> str:
            start.wait()
            try:
                _approve("rita")(workflow, about)
            except NotYourDecision:
                return "refused"
            return "signed"

        with ThreadPoolExecutor(2) as pool:
            revoked, outcome = pool.submit(revoke), pool.submit(sign).result()
            revoked.result()
        drain()
        after = workflow.card(principal("audrey"), card.proposal_id)
        assert (after.state, after.version) == ("pending", 2 if outcome == "signed" else 1)
        assert not [e for e in after.effects if e.state == "done"]
        role = {"person_id": "rita", "role": "resource_manager", "scope_kind": "practice", "scope_id": "Data"}
        insert(owner, "access.role_grant", [role])
