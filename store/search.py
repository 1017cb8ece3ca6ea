"""Search of contract clauses by meaning."""

from dataclasses import dataclass

from models.text.embed import Vectors
from store.db import Tx


@dataclass(frozen=True)
class ClauseHit:
    """A clause that was found; `text` is the contract's text[start:end]."""

    contract_id: str
    position: int
    number: str
    heading: str
    start: int
    end: int
    text: str
    similarity: float  # cosine with the vector that was looked for: 1 is the same meaning


def similar_clauses(
    tx: Tx, vector: Vectors, *, contract_id: str | None = None, limit: int
) -> list[ClauseHit]:
    """The clauses nearest to a vector among those that the caller may see, nearest first.

    Never fewer than `limit` where there are as many. `vector`: of the model that embedded the clauses, shape
    (384,). Over all contracts the vector index (HNSW, approximate) is scanned until enough of what it finds
    is visible. It may give up before; then, and within one contract, every clause is compared."""
    if contract_id is None:
        tx.execute("clauses.iterate")
        found = tx.rows("clauses.nearest", ClauseHit, vector=vector, limit=limit)
        if len(found) == limit:
            return found
    return tx.rows("clauses.nearest_exactly", ClauseHit, vector=vector, contract_id=contract_id, limit=limit)
