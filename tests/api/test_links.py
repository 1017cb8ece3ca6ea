"""Where citations lead."""

from uuid import UUID

import pytest

from api.links import citation_path
from models.evidence import Citation, QuoteCitation, RecordCitation

PROPOSAL, THREAD = UUID(int=1), UUID(int=2)
QUOTE = QuoteCitation(document="contract", id="C/1", quote="words", start=10, end=15, clause="7.2")


@pytest.mark.parametrize(
    ("citation", "cited", "path", "why"),
    [
        (QUOTE, {}, "/documents/contract/C%2F1?from=10&to=15#cited", "the words, marked"),
        (
            QUOTE,
            {"proposal_id": PROPOSAL, "number": 3},
            f"/documents/contract/C%2F1?from=10&to=15&proposal={PROPOSAL}&number=3#cited",
            "and held against the proposal's third quote",
        ),
        (
            QUOTE,
            {"message": (THREAD, 7), "number": 1},
            f"/documents/contract/C%2F1?from=10&to=15&thread={THREAD}&message=7&number=1#cited",
            "or an answer's",
        ),
        (RecordCitation(record="invoice", id="INV 1", says=""), {}, "/records/invoice/INV%201", "a record"),
        (
            RecordCitation(record="status_report", id="R1", says=""),
            {},
            "/documents/status_report/R1",
            "a text",
        ),
    ],
)
def test_where_a_citation_leads(citation: Citation, cited: dict[str, object], path: str, why: str) -> None:
    assert citation_path(citation, **cited) == path, why  # type: ignore[arg-type]
