"""Search by meaning, embedding, and a tool called through the registry."""

from functools import partial
from typing import Any

import numpy as np

from evals.bench.measure import Comparison, Effort, compare
from evals.demo_firms import SET_UP, DemoFirm
from models.formats.firm import skills_wanted
from models.predict.base import Progress
from models.text.embed import Vectors, default_embedder
from store.search import similar_clauses

HITS = 10
QUESTIONS = (
    "how many days after signature may work on a change start",
    "who signs a change order for the client",
    "what is the most that may be charged",
    "work at weekends costs more",
    "who owns what is delivered",
    "how long is the notice to end the agreement",
    "which law governs",
    "expenses must be approved before they are spent",
)
NOISE = 0.02  # standard deviation that moves each number of a copied clause's vector


def measure(firm: DemoFirm, effort: Effort, progress: Progress) -> list[Comparison]:
    """All of them."""
    progress("clauses", 0, 1)
    texts = _clause_texts(firm)
    total = _multiply(firm, len(texts), effort.clauses)
    progress("search", 0, 1)
    found = [_search(firm, effort, total), _embedding(texts, effort)]
    progress("find_people", 0, 1)
    return [*found, _find_people(firm, effort)]


def _clause_texts(firm: DemoFirm) -> list[str]:
    vector = default_embedder().encode([QUESTIONS[0]])[0]
    with firm.db.tx(firm.person("delivery_director"), "agent") as tx:
        hits = tx.records("clauses.nearest_exactly", vector=vector, contract_id=None, limit=1_000_000)
    return [hit["text"] for hit in hits]


def _multiply(firm: DemoFirm, there: int, wanted: int) -> int:
    """Copies clauses until there are as many as wanted; how many there are then."""
    random = np.random.default_rng(0)
    copies = -(-wanted // there) - 1 if wanted > there else 0
    below = 100_000  # no contract has as many clauses
    with firm.db.tx(SET_UP, "steward") as tx:
        for number in range(1, copies + 1):
            noise = random.normal(0, NOISE, default_embedder().dimension).astype(np.float32)
            tx.execute("baselines.shifted_clauses", shift=number * below, noise=noise, below=below)
    return there * (copies + 1)


def _search(firm: DemoFirm, effort: Effort, total: int) -> Comparison:
    """As the project manager, whom most contracts are hidden from: a filter that the index must get past."""
    manager = firm.person("project_manager")
    vectors = list(default_embedder().encode(QUESTIONS))

    def indexed(vector: Vectors) -> set[tuple[str, int]]:
        with firm.db.tx(manager, "agent") as tx:
            return {(h.contract_id, h.position) for h in similar_clauses(tx, vector, limit=HITS)}

    def exact(vector: Vectors) -> set[tuple[str, int]]:
        with firm.db.tx(manager, "agent") as tx:
            rows = tx.records("clauses.nearest_exactly", vector=vector, contract_id=None, limit=HITS)
        return {(row["contract_id"], row["position"]) for row in rows}

    overlaps = [len(indexed(v) & exact(v)) / max(len(exact(v)), 1) for v in vectors]
    return compare(
        "clause search",
        "search",
        "every clause compared (exact)",
        lambda n: [partial(indexed, v) for v in vectors[:n]],
        lambda n: [partial(exact, v) for v in vectors[:n]],
        rounds=effort.rounds,
        jobs=len(vectors),
        note=f"recall of the exact {HITS}: {np.mean(overlaps):.2f}; {total:,} clauses in all",
    )


def _embedding(texts: list[str], effort: Effort) -> Comparison:
    embedder = default_embedder()
    chosen = [f"{number}. {texts[number % len(texts)]}" for number in range(effort.texts)]

    def one_by_one() -> None:
        for text in chosen:
            embedder.encode([text])

    return compare(
        "embedding",
        "text",
        "one text a call",
        lambda n: [partial(embedder.encode, chosen)] * n,
        lambda n: [one_by_one] * n,
        rounds=effort.rounds,
        jobs=1,
        each=len(chosen),
        note=f"{embedder.name}, one thread",
    )


def _find_people(firm: DemoFirm, effort: Effort) -> Comparison:
    requests = firm.table("role_requests")
    request = requests[requests["request_id"] == firm.truth("staffing")[0]["request_id"]].iloc[0]
    director = firm.person("delivery_director")
    skills = skills_wanted(request["skills"])
    arguments: dict[str, Any] = {
        "project": request["project_id"],
        "role": request["role"],
        "skills": [f"{name}:{level}" for name, level in skills.items()],
        "starts_on": request["starts_on"].isoformat(),
        "ends_on": request["ends_on"].isoformat(),
        "hours_per_week": str(request["hours_per_week"]),
    }

    def statements() -> None:
        with firm.db.tx(director, "agent") as tx:
            tx.records("staffing.skill_names", said=[name.lower() for name in skills])
            people = tx.records(
                "staffing.candidates",
                role=request["role"],
                skills=[name.lower() for name in skills],
                client_id=firm.scenario.client_id,
                starts_on=request["starts_on"],
                ends_on=request["ends_on"],
                office=None,
                person_id=None,
                limit=120,
            )
            tx.records(
                "staffing.booked_hours",
                people=[p["person_id"] for p in people],
                starts_on=request["starts_on"],
                ends_on=request["ends_on"],
            )

    return compare(
        "find_people",
        "call",
        "the tool's main statements alone: no permissions, fit, evidence or record of the call",
        lambda n: [partial(firm.call, "delivery_director", "find_people", **arguments)] * n,
        lambda n: [statements] * n,
        rounds=effort.rounds,
        jobs=effort.jobs,
    )
