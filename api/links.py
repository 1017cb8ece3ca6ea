"""Where what is cited can be read, for every surface that links to it. Paths on the desk: put the public
address before them."""

from urllib.parse import quote, urlencode
from uuid import UUID

from models.evidence import Citation, QuoteCitation, RecordCitation, RecordKind

DOCUMENTS = frozenset[RecordKind]({"status_report"})  # records that are texts, which have a page of their own


def citation_path(
    citation: Citation,
    *,
    proposal_id: UUID | None = None,
    message: tuple[UUID, int] | None = None,
    number: int | None = None,
) -> str:
    """The document with the quoted words marked, or the record.

    Say where it is cited, so that its page holds the text against the quote and leads to the other citations:
    `proposal_id`, or `message` (its thread and number), and `number`, its place among them, from 1."""
    cited: dict[str, object] = {}
    if number is not None and proposal_id is not None:
        cited = {"proposal": proposal_id, "number": number}
    elif number is not None and message is not None:
        cited = {"thread": message[0], "message": message[1], "number": number}
    if isinstance(citation, QuoteCitation):
        place = {"from": citation.start, "to": citation.end} | cited
        return f"{_document(citation.document, citation.id)}?{urlencode(place)}#cited"
    return record_path(citation) + (f"?{urlencode(cited)}" if cited else "")


def record_path(citation: RecordCitation) -> str:
    """The record, as the firm's system of record has it."""
    if citation.record in DOCUMENTS:
        return _document(citation.record, citation.id)
    return f"/records/{citation.record}/{quote(citation.id, safe='')}"


def _document(kind: str, document_id: str) -> str:
    return f"/documents/{kind}/{quote(document_id, safe='')}"
