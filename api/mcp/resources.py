"""What an agent can read beside calling tools: proposals, the documents that evidence quotes, and nightly
reports, each as the caller may see it. What may not be seen is not there.

Reading a proposal here does not count as its person's reading: how long people take before they sign is
measured where people read."""

from collections.abc import Mapping
from typing import Any, get_args
from uuid import UUID

from fastapi.concurrency import run_in_threadpool
from mcp.server.context import ServerRequestContext
from mcp.shared.uri_template import UriTemplate
from mcp_types import (
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)

from api.hidden import visible
from api.mcp.access import caller
from api.mcp.card import markdown
from api.routes.reports import Report, find_report, list_reports
from api.wiring import Application
from models.access import NotFound, Principal, require
from workflow.cards import Box

INBOX = UriTemplate.parse("chargehand://proposals{?box,after}")
PROPOSAL = UriTemplate.parse("chargehand://proposals/{proposal_id}")
DOCUMENT = UriTemplate.parse("chargehand://documents/{document}/{id}")
REPORT = UriTemplate.parse("chargehand://reports/{report_id}")
DOCUMENTS: Mapping[str, str] = {  # a kind of document and the query that reads one
    "contract": "documents.contract",
    "status_report": "documents.status_report",
}
PAGE = 50
REPORTS = 5  # of the newest, in the list
JSON, MARKDOWN, TEXT = "application/json", "text/markdown", "text/plain"

Context = ServerRequestContext[Any, Any]


class Resources:
    """The resources of one installation."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def listed(self, ctx: Context, params: PaginatedRequestParams | None) -> ListResourcesResult:
        """The inbox, what waits in it, and the newest reports."""
        return await run_in_threadpool(self._listed, caller(ctx), params.cursor if params else None)

    async def templates(
        self, ctx: Context, params: PaginatedRequestParams | None
    ) -> ListResourceTemplatesResult:
        return ListResourceTemplatesResult(resource_templates=_TEMPLATES)

    async def read(self, ctx: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        """Raises NotFound for what is not there or may not be seen, NotAllowed."""
        texts = await run_in_threadpool(self._read, caller(ctx), params.uri)
        return ReadResourceResult(
            contents=[TextResourceContents(uri=params.uri, mime_type=m, text=t) for m, t in texts.items()]
        )

    def _listed(self, principal: Principal, cursor: str | None) -> ListResourcesResult:
        found: list[Resource] = []
        after = None
        if "proposals.read" in principal.permissions:
            page = self._app.workflow.inbox(principal, box="mine", limit=PAGE, after=cursor)
            after = page.after
            found += [_INBOX] if cursor is None else []
            found += [
                Resource(
                    uri=PROPOSAL.expand({"proposal_id": str(p.proposal_id)}),
                    name=f"proposal {p.proposal_id}",
                    title=visible(p.title),
                    description=p.why_you,
                    mime_type=MARKDOWN,
                )
                for p in page.items
            ]
        if cursor is None and "bench.read" in principal.permissions:
            found += [
                Resource(
                    uri=REPORT.expand({"report_id": str(r.report_id)}),
                    name=f"report {r.report_id}",
                    title=f"{r.kind.capitalize()} report of {r.for_date:%-d %b %Y}, {r.practice}",
                    mime_type=JSON,
                )
                for r in list_reports(self._app.db, principal, REPORTS)
            ]
        return ListResourcesResult(resources=found, next_cursor=after)

    def _read(self, principal: Principal, uri: str) -> Mapping[str, str]:
        """The text by media type. Raises NotFound, NotAllowed."""
        if found := PROPOSAL.match(uri):
            return self._proposal(principal, _id("proposal", found["proposal_id"]))
        if found := DOCUMENT.match(uri):
            return {TEXT: self._document(principal, str(found["document"]), str(found["id"]))}
        if found := REPORT.match(uri):
            report = find_report(self._app.db, principal, _id("report", found["report_id"]))
            return {JSON: Report.model_validate(report.model_dump(exclude={"html"})).model_dump_json()}
        if (found := INBOX.match(uri)) is not None:
            return {JSON: self._inbox(principal, **{k: str(v) for k, v in found.items()})}
        raise NotFound(what="resource", id=uri[:200])

    def _proposal(self, principal: Principal, proposal_id: UUID) -> Mapping[str, str]:
        require(principal, "proposals.read")
        card = self._app.workflow.card(principal, proposal_id)
        page = f"{self._app.public_url}/proposals/{proposal_id}"
        return {MARKDOWN: markdown(card, page), JSON: card.model_dump_json()}

    def _inbox(self, principal: Principal, box: str = "mine", after: str | None = None) -> str:
        require(principal, "proposals.read")
        if box not in BOXES:
            raise NotFound(what="box", id=box[:200])
        return self._app.workflow.inbox(principal, box=BOXES[box], limit=PAGE, after=after).model_dump_json()

    def _document(self, principal: Principal, document: str, document_id: str) -> str:
        if document in DOCUMENTS and "\0" not in document_id:
            with self._app.db.tx(principal, "agent") as tx:
                text: str | None = tx.value(DOCUMENTS[document], id=document_id)
            if text is not None:
                return text
        raise NotFound(what=document.replace("_", " ")[:200], id=document_id[:200])


BOXES: Mapping[str, Box] = {box: box for box in get_args(Box)}


def _id(what: str, said: object) -> UUID:
    try:
        return UUID(str(said))
    except ValueError:
        raise NotFound(what=what, id=str(said)[:200]) from None


_INBOX = Resource(
    uri=INBOX.expand({}),
    name="inbox",
    title="What waits for my signature",
    description="Proposals, the most pressing first. They are decided by people, on the page of each.",
    mime_type=JSON,
)
_TEMPLATES = [
    ResourceTemplate(
        uri_template=str(INBOX),
        name="proposals",
        description="A page of proposals. box: mine (waits for me), asked (I proposed it), all (that I may "
        "see). after: from the page before.",
        mime_type=JSON,
    ),
    ResourceTemplate(
        uri_template=str(PROPOSAL),
        name="proposal",
        description="One proposal: what will be written, why, who signs, what became of it. Watch it to hear "
        "of changes.",
    ),
    ResourceTemplate(
        uri_template=str(DOCUMENT),
        name="document",
        description="The text that a citation quotes. document: contract or status_report. Offsets count "
        "Unicode code points.",
        mime_type=TEXT,
    ),
    ResourceTemplate(
        uri_template=str(REPORT),
        name="report",
        description="The figures of a nightly report.",
        mime_type=JSON,
    ),
]
