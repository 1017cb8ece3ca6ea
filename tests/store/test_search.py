"""Search of clauses: as good as comparing every clause, and never short of what may be seen."""

import numpy as np
import psycopg
import pytest
from pgvector.psycopg import register_vector

from models.access import Grant, Principal
from store.db import Database
from store.search import similar_clauses

CONTRACTS, CLAUSES = 100, 40  # clauses a contract
OWNED = 5  # contracts of the one client whose account is owned by our reader


def unit_vectors(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Vectors around a few directions, as the clauses of contracts are: many say nearly the same."""
    themes = generator.normal(size=(30, 384))
    drawn = themes[generator.integers(30, size=shape)] + 0.5 * generator.normal(size=(*shape, 384))
    return (drawn / np.linalg.norm(drawn, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture
def vectors() -> np.ndarray:
    return unit_vectors(np.random.default_rng(5), (CONTRACTS, CLAUSES))


@pytest.fixture
def clauses(admin_dsn: str, vectors: np.ndarray) -> None:
    """A few thousand clauses of a hundred contracts, five of them with the client `mine`."""
    with psycopg.connect(admin_dsn) as admin:
        register_vector(admin)
        admin.execute(
            "insert into firm.office values ('London');"
            "insert into firm.person select p, p, p || '@x.example', 'Partner', 'Data', 'London', null, 40,"
            " '2020-01-01' from unnest(array['owner', 'other']) p;"
            "insert into firm.client select c, c, 'Retail', 'GB', 30, case c when 'mine' then 'owner' else"
            " 'other' end from unnest(array['mine', 'theirs']) c;"
            "insert into access.role_grant values ('owner', 'account_owner', 'none'),"
            " ('other', 'delivery_director', 'firm')"
        )
        [index] = admin.execute("select pg_get_indexdef('firm.clause_embedding'::regclass)").fetchone()
        admin.execute("drop index firm.clause_embedding")  # built at once it takes a third of the time
        for contract in range(CONTRACTS):
            name = f"K{contract}"
            client = "mine" if contract < OWNED else "theirs"
            admin.execute(
                "insert into firm.contract values"
                " (%s, %s, 'T', 'retainer', null, '2025-01-01', null, 1, 'GBP')",
                (name, client),
            )
            admin.execute("insert into firm.contract_document values (%s, 'clause', '', 'none')", (name,))
            with admin.cursor() as cursor:
                cursor.executemany(
                    "insert into firm.clause values (%s, %s, %s, '', 0, 6, 'clause', %s)",
                    [(name, n, str(n), vectors[contract, n]) for n in range(CLAUSES)],
                )
        admin.execute("set constraints all immediate")
        admin.execute(index)


def reader(person_id: str) -> Principal:
    return Principal(person_id, person_id, (Grant("account_owner"),), "web")


def exact(vectors: np.ndarray, query: np.ndarray, limit: int) -> list[tuple[str, int]]:
    """The same question answered by comparing everything, in numpy."""
    flat = vectors.reshape(-1, 384) @ query
    nearest = np.argsort(-flat, kind="stable")[:limit]
    return [(f"K{n // CLAUSES}", int(n % CLAUSES)) for n in nearest]


@pytest.mark.usefixtures("clauses")
def test_finds_what_comparing_everything_finds(
    db: Database, vectors: np.ndarray, subtests: pytest.Subtests
) -> None:
    queries = unit_vectors(np.random.default_rng(6), (20,))
    # who asks; which contracts that person may see
    for person, visible in (("other", vectors), ("owner", vectors[:OWNED])):
        with subtests.test(person), db.tx(reader(person), "agent") as tx:
            found_of = [similar_clauses(tx, query, limit=10) for query in queries]
            assert all(len(found) == 10 for found in found_of)
            hits = [
                len({(h.contract_id, h.position) for h in found} & set(exact(visible, query, 10)))
                for found, query in zip(found_of, queries, strict=True)
            ]
            assert np.mean(hits) / 10 >= 0.95
            for found in found_of:
                similarities = [hit.similarity for hit in found]
                assert similarities == sorted(similarities, reverse=True)


@pytest.mark.usefixtures("clauses")
def test_is_exact_within_a_contract_and_never_short_of_what_is_visible(
    db: Database, vectors: np.ndarray
) -> None:
    query = vectors[50, 3]
    everything = OWNED * CLAUSES
    with db.tx(reader("owner"), "agent") as tx:
        found = similar_clauses(tx, query, contract_id="K2", limit=7)
        assert {hit.contract_id for hit in found} == {"K2"}
        assert [("K0", hit.position) for hit in found] == exact(vectors[2:3], query, 7)
        assert similar_clauses(tx, query, contract_id="K50", limit=5) == [], "not for this reader"
        assert len(similar_clauses(tx, query, limit=everything)) == everything
        assert len(similar_clauses(tx, query, limit=everything + 50)) == everything


def test_without_clauses_there_is_nothing_to_find(db: Database) -> None:
    with db.tx(reader("owner"), "agent") as tx:
        assert similar_clauses(tx, np.full(384, 0.05, dtype=np.float32), limit=3) == []
