"""Decisions, effects, the audit log and the inbox, on proposals that wait in a demo firm."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

from connectors.ports import Connectors
from connectors.sim.twin import Twin
from connectors.testing import in_process
from evals.bench.measure import Comparison, Effort, Job, Way, compare
from evals.bench.replay import Noted, NotingDatabase, swapped
from evals.bench.waiting import Waiting
from evals.demo_firms import DemoFirm
from models.access import Principal
from models.predict.base import Progress
from store.db import Database
from workflow.cards import ProposalCard
from workflow.effects import work_once
from workflow.service import Workflow

PAGE = 50  # lines of an inbox
WORKER = "bench"
STORING = frozenset(  # what is left behind: signature, state, effect, notices, audit entries
    {
        "proposals.lock",
        "decisions.sign",
        "proposals.set_state",
        "effects.enqueue",
        "notices.tell",
        "audit.append",
    }
)


def measure(firm: DemoFirm, effort: Effort, progress: Progress) -> list[Comparison]:
    """All of them."""
    deciding = sum(1 + 4 * (1 + effort.rounds * effort.jobs * clients) for clients in effort.clients)
    waiting = Waiting(firm, max(effort.waiting, deciding + 1), progress)
    found = [_inbox(waiting, effort)]
    for clients in effort.clients:
        progress(f"decisions, {clients} clients", 0, 1)
        found += _decisions(waiting, effort, clients)
    with _systems(firm) as connectors:
        progress("effects", 0, 1)
        found += _effects(waiting, effort, connectors)
    for clients in effort.clients[:2]:
        progress(f"audit, {clients} clients", 0, 1)
        found.append(_audit(firm, effort, clients))
    return found


def _decisions(waiting: Waiting, effort: Effort, clients: int) -> list[Comparison]:
    """Beside the same statements run bare, and beside only those of them that store something."""
    noting = NotingDatabase({"workflow": waiting.firm.db.dsn("workflow")})
    [example] = waiting.take(1)
    _decide(Workflow(noting), waiting.manager, example)
    noting.close()

    def ours(count: int) -> list[Job]:
        return [partial(_decide, waiting.workflow, waiting.manager, card) for card in waiting.take(count)]

    def bare(work: Sequence[Noted]) -> Way:
        return lambda count: [
            partial(_decide_bare, waiting.firm.db, work, example, card) for card in waiting.take(count)
        ]

    storing = [noted.only(STORING) for noted in noting.noted]
    baselines: dict[str, Way] = {
        f"the same {_count(noting.noted)} statements, bare": bare(noting.noted),
        f"only the {_count(storing)} statements that store it: nothing is checked, nothing shown": bare(
            storing
        ),
    }
    return [
        compare(
            "decisions",
            "decision",
            against,
            ours,
            baseline,
            rounds=effort.rounds,
            jobs=effort.jobs * clients,
            clients=clients,
        )
        for against, baseline in baselines.items()
    ]


def _count(work: Sequence[Noted]) -> int:
    return sum(len(noted.statements) for noted in work)


def _decide(workflow: Workflow, approver: Principal, card: ProposalCard) -> None:
    workflow.decide(approver, card.proposal_id, content_hash=card.content_hash, verdict="approve")


def _decide_bare(db: Database, work: Sequence[Noted], example: ProposalCard, card: ProposalCard) -> None:
    """What was done for one proposal, done for another."""
    pairs = {str(example.proposal_id): str(card.proposal_id), example.content_hash: card.content_hash}
    contents = zip(example.action.model_dump().items(), card.action.model_dump().items(), strict=True)
    pairs |= {one: other for (_, one), (_, other) in contents if isinstance(one, str) and one != other}
    for noted in work:
        with db.tx(noted.principal, noted.role) as tx:
            for statement in noted.statements:
                statement.run(tx, swapped(dict(statement.parameters), pairs))


@contextmanager
def _systems(firm: DemoFirm) -> Iterator[Connectors]:
    """Simulated systems of record without a wire: what remains is the ledger's own work."""
    twin = Twin(firm.folder.parent / "systems-of-record.sqlite", seed=1)
    connectors = in_process(twin)
    try:
        yield connectors
    finally:
        connectors.close()
        twin.book.close()


def _effects(waiting: Waiting, effort: Effort, connectors: Connectors) -> list[Comparison]:
    """The decisions have filled the ledger. Beside the same statements run bare, and beside no ledger."""
    noting = NotingDatabase({"worker": waiting.firm.db.dsn("worker")})
    assert work_once(noting, WORKER, connectors)
    noting.close()
    write = waiting.take(1)[0].writes[0]

    def carry_out() -> None:
        assert work_once(waiting.firm.db, WORKER, connectors), "the ledger must hold effects that are due"

    def call() -> None:
        connectors.for_system(write.system).write(write.operation, write.body, idempotency_key=uuid4().hex)

    baselines: dict[str, Job] = {
        f"the same {_count(noting.noted)} statements and the call, bare": partial(
            _carry_out_bare, waiting.firm.db, noting.noted, connectors
        ),
        "the connector called in a loop: no ledger, lost or doubled when anything dies": call,
    }
    return [
        compare(
            "effects",
            "effect",
            against,
            lambda n: [carry_out] * n,
            lambda n, baseline=baseline: [baseline] * n,  # type: ignore[misc]
            rounds=effort.rounds,
            jobs=effort.jobs,
        )
        for against, baseline in baselines.items()
    ]


def _carry_out_bare(db: Database, work: Sequence[Noted], connectors: Connectors) -> None:
    """What was done for one effect, done for the next one; the call comes once it was marked as sent."""
    pairs: dict[str, str] = {}
    mine: dict[str, int] = {}
    call: Job | None = None
    for noted in work:
        with db.tx(noted.principal, noted.role) as tx:
            for statement in noted.statements:
                parameters = swapped(dict(statement.parameters), pairs)
                parameters |= {k: v for k, v in mine.items() if k in parameters}
                found = statement.run(tx, parameters)
                if statement.name == "effects.claim" and statement.result:
                    [row], lease = found, statement.result
                    pairs = {str(getattr(lease, k)): str(row[k]) for k in ("proposal_id", "content_hash")}
                    mine = {k: row[k] for k in ("effect_id", "fence")}
                    call = partial(
                        connectors.for_system(row["system"]).write,
                        row["operation"],
                        row["body"],
                        idempotency_key=row["idempotency_key"],
                    )
        if call and any(s.name == "effects.mark_sent" for s in noted.statements):
            call()


def _audit(firm: DemoFirm, effort: Effort, clients: int) -> Comparison:
    person = firm.person("project_manager")
    return compare(
        "audit",
        "entry",
        "a plain insert (the record of a tool call) in a transaction of its own",
        lambda n: [partial(_append, firm, person)] * n,
        lambda n: [partial(_insert, firm, person)] * n,
        rounds=effort.rounds,
        jobs=effort.jobs * clients * 4,
        clients=clients,
    )


def _append(firm: DemoFirm, person: Principal) -> None:
    with firm.db.tx(person, "agent") as tx:
        tx.audit("bench.measured", "bench:audit", number=1)


def _insert(firm: DemoFirm, person: Principal) -> None:
    with firm.db.tx(person, "agent") as tx:
        tx.execute(
            "tools.record",
            thread_id=None,
            tool="bench",
            version="1",
            arguments={"number": 1},
            outcome="ok",
            detail="",
            milliseconds=0,
        )


def _inbox(waiting: Waiting, effort: Effort) -> Comparison:
    db, manager = waiting.firm.db, waiting.manager

    def bare() -> None:
        with db.tx(manager, "workflow") as tx:
            tx.records("baselines.newest_waiting", limit=PAGE)

    page = partial(waiting.workflow.inbox, manager, box="mine", limit=PAGE)
    count = len(page().items)
    return compare(
        "inbox",
        "page",
        "select from one table, ordered and limited, without names or rights",
        lambda n: [page] * n,
        lambda n: [bare] * n,
        rounds=effort.rounds,
        jobs=effort.jobs,
        note=f"{count} of {effort.waiting:,} waiting proposals on a page",
    )
