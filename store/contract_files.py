"""The documents beside contracts.csv: read, split into clauses, embedded and stored. A file that did not
change since it was embedded by the same model is only hashed."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models.errors import ChargehandError, Problem
from models.predict.base import Progress
from models.text.clauses import Clause, split_clauses
from models.text.documents import UnreadableDocument, plain_text
from models.text.embed import Embedder, Vectors
from store.db import Tx
from store.staging import Counts, Target, copy_rows, merge

DIMENSION = 384  # of the column firm.clause.embedding
_BATCH = 256  # texts between two reports of progress
_DOCUMENT = ("contract_id", "text", "sha256", "embedder")
_CLAUSE = ("contract_id", "position", "number", "heading", "start_at", "end_at", "text", "embedding")


class EmbedderDoesNotFit(ChargehandError):
    """The model {model} makes vectors of {dimension} numbers, and the database holds vectors of {needed}:
    choose a model that makes those (CHARGEHAND_EMBEDDING_MODEL)."""

    retry = "with a fix"


@dataclass(frozen=True)
class ContractDocument:
    """A contract's document that is new or has changed."""

    contract_id: str
    sha256: str  # of the file
    text: str
    clauses: list[Clause]


@dataclass(frozen=True)
class Known:
    """A document that was stored before."""

    contract_id: str
    sha256: str
    embedder: str


def read_documents(
    contracts: pd.DataFrame, csv: Path, known: dict[str, Known], embedder: Embedder, progress: Progress
) -> tuple[list[ContractDocument], list[Problem]]:
    """The documents that contracts.csv names and that are new, changed or embedded by another model; and a
    problem for each that cannot be read or does not lie beside the CSV."""
    documents: list[ContractDocument] = []
    problems: list[Problem] = []
    named = contracts.loc[contracts["file"].notna(), ["contract_id", "file"]]
    for done, (line, contract_id, file) in enumerate(named.itertuples()):
        progress("reading contracts", done, len(named))
        try:
            content = _beside(csv.parent, file).read_bytes()
            sha256 = hashlib.sha256(content).hexdigest()
            stored = known.get(contract_id)
            if stored is None or (stored.sha256, stored.embedder) != (sha256, embedder.name):
                text = plain_text(file, content)
                documents.append(ContractDocument(contract_id, sha256, text, split_clauses(text)))
        except (_NotBeside, UnreadableDocument) as error:
            problems.append(Problem(str(csv), int(line), "file", error.sentence))
    progress("reading contracts", len(named), len(named))
    return documents, problems


def write_documents(
    tx: Tx, documents: list[ContractDocument], embedder: Embedder, progress: Progress
) -> dict[str, Counts]:
    """Store documents with their clauses and vectors in place of what was there, and remove the documents of
    staged contracts that name no file any more.

    Raises:
        EmbedderDoesNotFit: the vectors do not fit in the database's column.
    """
    vectors = _embedded([c for d in documents for c in d.clauses], embedder, progress)
    rows = ((d.contract_id, d.text, d.sha256, embedder.name) for d in documents)
    copy_rows(tx, "documents", _DOCUMENT, rows)
    copy_rows(tx, "clauses", _CLAUSE, _clause_rows(documents, vectors))
    clauses_removed = tx.execute("importer.remove_clauses")
    removed = Counts(removed=tx.execute("importer.remove_documents"))
    stored = merge(tx, Target("contract_document", "documents", _DOCUMENT, ("contract_id",)))
    clauses_added = tx.execute("importer.add_clauses")
    return {"documents": stored + removed, "clauses": Counts(clauses_added, removed=clauses_removed)}


class _NotBeside(ChargehandError):
    """{reason}"""


def _beside(directory: Path, file: str) -> Path:
    """The file in the directory or below it; links that lead out of it are refused too."""
    root = directory.resolve()
    try:
        path = (root / file).resolve()
        inside = path.is_relative_to(root)
        found = inside and path.is_file()
    except (OSError, RuntimeError) as error:  # a name too long, a loop of links
        raise _NotBeside(reason=f"there is no file {file}") from error
    if not inside:
        raise _NotBeside(reason=f"{file} lies outside of the directory")
    if not found:
        raise _NotBeside(reason=f"there is no file {file}")
    return path


def _clause_rows(documents: list[ContractDocument], vectors: Vectors) -> Iterator[tuple[object, ...]]:
    row = 0
    for document in documents:
        for position, c in enumerate(document.clauses):
            fields = (document.contract_id, position, c.number, c.heading, c.start, c.end, c.text)
            yield (*fields, vectors[row])
            row += 1


def _embedded(clauses: list[Clause], embedder: Embedder, progress: Progress) -> Vectors:
    """A vector a clause. Clauses that say the same, as boilerplate does, are computed once.

    Raises:
        EmbedderDoesNotFit: the vectors do not fit in the database's column.
    """
    if not clauses:
        return np.empty((0, DIMENSION), dtype=np.float32)
    if embedder.dimension != DIMENSION:
        raise EmbedderDoesNotFit(model=embedder.name, dimension=embedder.dimension, needed=DIMENSION)
    words = [_words(clause) for clause in clauses]
    # By length, so that the texts of a batch pad each other little.
    distinct = sorted(dict.fromkeys(words), key=len)
    parts = []
    for first in range(0, len(distinct), _BATCH):
        progress("embedding clauses", first, len(distinct))
        parts.append(embedder.encode(distinct[first : first + _BATCH]))
    progress("embedding clauses", len(distinct), len(distinct))
    vectors = np.concatenate(parts)
    row_of = {text: row for row, text in enumerate(distinct)}
    return vectors[[row_of[text] for text in words]]


def _words(clause: Clause) -> str:
    """What of a clause is embedded: its text on one line, under its heading where that stands elsewhere."""
    text = " ".join(clause.text.split())
    return text if clause.heading in text else f"{clause.heading}. {text}"
