"""What a citation points at: the document with the quoted words marked, or the record."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.auth.callers import Caller, SignedIn, application
from api.links import citation_path
from api.web.i18n import N_
from api.web.render import names, page
from models.access import NotFound
from models.actions import System
from models.errors import ChargehandError
from models.evidence import Citation, CitationAdapter, QuoteCitation, RecordKind
from models.text.clauses import Clause
from models.text.spans import blocks

router = APIRouter()

Kind = Literal["contract", "status_report", "message"]
KINDS: dict[Kind, str] = {
    "contract": N_("Contract"),
    "status_report": N_("Status report"),
    "message": N_("Message"),
}
RECORDS: dict[RecordKind, str] = {
    "person": N_("Person"),
    "skill": N_("Skills"),
    "client": N_("Client"),
    "contract": N_("Contract"),
    "project": N_("Project"),
    "assignment": N_("Assignment"),
    "role_request": N_("Role request"),
    "time_entry": N_("Time entry"),
    "status_report": N_("Status report"),
    "invoice": N_("Invoice"),
    "opportunity": N_("Opportunity"),
    "leave": N_("Leave"),
    "model": N_("Model"),
}
HELD_BY: dict[RecordKind, System] = {
    "person": "hris",
    "skill": "hris",
    "leave": "hris",
    "client": "crm",
    "contract": "crm",
    "opportunity": "crm",
    "project": "psa",
    "assignment": "psa",
    "role_request": "psa",
    "time_entry": "psa",
    "status_report": "psa",
    "invoice": "erp",
}

_LABEL = re.compile(r"(?:\d+(?:\.\d+)*|\([a-zA-Z0-9]{1,5}\))[.)]?\s+")  # 7.1, 7., (a)

Offset = Annotated[int | None, Query(ge=0, le=2**31)]
Number = Annotated[int | None, Query(ge=1, le=10_000)]


@dataclass(frozen=True)
class Document:
    """A text of the firm, as it is stored."""

    document_id: str
    title: str
    party: str  # whom it is agreed with, or who wrote it
    dated: date | None
    text: str


@dataclass(frozen=True)
class Block:
    """A clause or a paragraph, cut where the marked words begin and end."""

    number: str  # of the clause; where the text begins with it, that much of the text
    before: str
    marked: str
    after: str
    is_heading: bool
    first: bool  # the marked words begin here


@dataclass(frozen=True)
class Cited:
    """The citations of one proposal or answer, and which of them is looked at."""

    citations: Sequence[Citation]
    at: int  # from 0
    back: str
    title: str  # of what cites; empty for a conversation
    paths: Sequence[str]

    @property
    def citation(self) -> Citation:
        return self.citations[self.at]


@router.get("/documents/{document}/{document_id:path}")
def document(
    document: Kind,
    document_id: str,
    request: Request,
    caller: SignedIn,
    start: Annotated[Offset, Query(alias="from")] = None,
    end: Annotated[Offset, Query(alias="to")] = None,
    proposal: UUID | None = None,
    thread: UUID | None = None,
    message: int | None = None,
    number: Number = None,
) -> HTMLResponse:
    """The text as it is stored, with the words from `start` to `end` marked, and held against the quote where
    it is said who cites it."""
    with application(request).db.tx(caller.principal, "agent") as tx:
        wanted = {"thread_id": thread} if document == "message" else {}
        found = tx.row(f"evidence.{document}", Document, document_id=document_id, **wanted)
        clauses = (
            tx.rows("changes.clauses", Clause, contract_id=document_id) if document == "contract" else []
        )
    if found is None:
        raise NotFound(what=KINDS[document].lower(), id=document_id)
    cited = _cited(request, caller, proposal, thread, message, number)
    quote = cited.citation if cited else None
    if not (isinstance(quote, QuoteCitation) and (quote.document, quote.id) == (document, document_id)):
        quote = None
    begins, ends = (quote.start, quote.end) if quote else (start or 0, end or 0)
    stands = quote is None or found.text[begins:ends] == quote.quote
    moved = found.text.find(quote.quote) if quote and not stands else -1
    if quote and moved >= 0:
        begins, ends = moved, moved + len(quote.quote)
    return page(
        request,
        "document.html",
        caller,
        document=found,
        kind=KINDS[document],
        blocks=list(_cut(found.text, clauses, begins, ends)),
        quote=quote,
        stands=stands,
        moved=moved >= 0,
        asked=quote is not None or (start is not None and end is not None),
        now_there=found.text[begins:ends],
        cited=cited,
    )


@router.get("/records/{record}/{record_id:path}")
def record(
    record: RecordKind,
    record_id: str,
    request: Request,
    caller: SignedIn,
    proposal: UUID | None = None,
    thread: UUID | None = None,
    message: int | None = None,
    number: Number = None,
) -> HTMLResponse:
    """A record as it was last imported from its system."""
    with application(request).db.tx(caller.principal, "agent") as tx:
        rows: list[dict[str, Any]] = [
            row["fields"] for row in tx.records("evidence.record", record=record, id=record_id)
        ]
        as_of: datetime | None = tx.value("evidence.as_of")
        readable = record == "contract" and bool(tx.value("evidence.contract", document_id=record_id))
    if not rows:
        raise NotFound(what=RECORDS[record].lower(), id=record_id)
    ids = {v for row in rows for k, v in row.items() if k.endswith(("_id", "_by")) and isinstance(v, str)}
    return page(
        request,
        "record.html",
        caller,
        record=RECORDS[record],
        record_id=record_id,
        system=HELD_BY.get(record),
        rows=rows,
        as_of=as_of,
        names=names(request, caller, ids | {record_id}),
        document=f"/documents/contract/{record_id}" if readable else None,
        cited=_cited(request, caller, proposal, thread, message, number),
    )


def _cut(text: str, clauses: Sequence[Clause], begins: int, ends: int) -> Iterator[Block]:
    """The whole text in its clauses, or its paragraphs; between them is only white space."""
    spans = clauses or [Clause("", "", p.start, p.end, p.of(text)) for p in blocks(text)]
    first = True
    for clause in spans:
        label = _label(clause) if not clause.start <= begins < clause.start + len(_label(clause)) else ""
        start, end = clause.start + len(label), clause.end
        left, right = max(start, min(begins, end)), max(start, min(ends, end))
        rest = text[start:end].strip(" .:")
        yield Block(
            number=label or (clause.number if not _label(clause) else ""),
            before=text[start:left],
            marked=text[left:right],
            after=text[right:end],
            is_heading=bool(rest) and rest == clause.heading.strip(" .:"),
            first=first and left < right,
        )
        first = first and left >= right


def _label(clause: Clause) -> str:
    """The clause's number as its text begins with it; empty where it does not."""
    found = _LABEL.match(clause.text)
    return found[0] if found and found[0].strip(" .)") in clause.number else ""


def _cited(
    request: Request,
    caller: Caller,
    proposal: UUID | None,
    thread: UUID | None,
    message: int | None,
    number: int | None,
) -> Cited | None:
    """Who cites it, as far as the caller may see that."""
    app = application(request)
    try:
        if proposal is not None:
            card = app.workflow.card(caller.principal, proposal)
            paths = [citation_path(c, proposal_id=proposal, number=n) for n, c in enumerate(card.evidence, 1)]
            cited = Cited(card.evidence, (number or 1) - 1, f"/proposals/{proposal}", card.title, paths)
        elif thread is not None and message is not None:
            said = app.copilot.history(caller.principal, thread)
            held = next((m.payload.get("citations", ()) for m in said if m.message_id == message), ())
            found = tuple(CitationAdapter.validate_python(c) for c in held)
            here = (thread, message)
            paths = [citation_path(c, message=here, number=n) for n, c in enumerate(found, 1)]
            cited = Cited(found, (number or 1) - 1, f"/chat/{thread}#m-{message}", "", paths)
        else:
            return None
    except ChargehandError:
        return None  # the text is shown all the same: who may see it is decided by itself
    return cited if cited.at < len(cited.citations) else None
