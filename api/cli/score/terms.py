"""`chargehand score terms`: how agreements stand to statements, and which sentences say so."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.score.common import (
    AsJson,
    ModelDirectory,
    OutFile,
    RejectsFile,
    ending,
    fitted,
    input_file,
    reading,
    report,
    telling,
    write_jsonl,
)
from models.errors import BadInput, Problem
from models.predict import terms


class PairRow(terms.Pair):
    """A pair to read, which may come with its relation and evidence."""

    relation: terms.Relation | None = None
    evidence: tuple[terms.EvidenceSpan, ...] | None = None

    def labelled(self) -> terms.LabelledPair | None:
        """The pair with its labels, where it came with both."""
        if self.relation is None or self.evidence is None:
            return None
        return terms.LabelledPair.model_validate(self.model_dump())


DocumentFiles = Annotated[
    list[Path],
    typer.Option(
        "--documents",
        help="Agreements (JSONL: document_id, text); may be given more than once.",
        exists=True,
        dir_okay=False,
    ),
]


def command(
    documents: DocumentFiles,
    pairs: Annotated[Path, input_file("--pairs", "Pairs to read (JSONL).")],
    out: OutFile,
    labelled: Annotated[
        Path | None, input_file("--labelled", "Pairs with relation and evidence (JSONL).")
    ] = None,
    truth: Annotated[Path | None, input_file("--truth", "The pairs with both (JSONL).")] = None,
    model: ModelDirectory = None,
    rejects: RejectsFile = None,
    as_json: AsJson = False,
) -> None:
    """Does an agreement entail a statement, contradict it, or say nothing of it, and where?

    Writes pair_id, relation, its probabilities, and all sentences as evidence, the best first."""
    with ending(rejects):
        with reading() as read:
            files = [(path, read.jsonl(path, terms.Document, key=("document_id",))) for path in documents]
            known = read.jsonl(labelled, terms.LabelledPair, key=("pair_id",)) if labelled else []
            wanted = read.jsonl(pairs, PairRow, key=("pair_id",))
            actual = read.jsonl(truth, terms.LabelledPair, key=("pair_id",)) if truth else []
        texts = _joined(files)
        sources = [labelled, *documents] if labelled else []
        with telling() as progress:
            reader = fitted(model, "terms", terms.VERSION, sources, lambda: terms.fit(texts, known, progress))
            readings = reader.predict(texts, wanted, progress)
        write_jsonl(out, readings)
        if not truth:
            actual = [pair for row in wanted if (pair := row.labelled())]
        if actual:
            report(terms.evaluate(readings, actual, texts), as_json)


def _joined(files: list[tuple[Path, list[terms.Document]]]) -> dict[str, str]:
    """The documents of all files by id; one that two files hold must be the same in both."""
    texts: dict[str, str] = {}
    for path, documents in files:
        for document in documents:
            if texts.setdefault(document.document_id, document.text) != document.text:
                reason = f"{document.document_id} has another text in an earlier file"
                raise BadInput([Problem(str(path), 1, "document_id", reason)])
    return texts
