"""Citations: every statement the copilot makes about the firm points at a record, or at words that stand
verbatim in a document."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

from models.errors import ChargehandError

RecordKind = Literal[
    "person",
    "skill",
    "client",
    "contract",
    "project",
    "assignment",
    "role_request",
    "time_entry",
    "status_report",
    "invoice",
    "opportunity",
    "leave",
    "model",
]


class RecordCitation(BaseModel):
    """Points at a record of the firm."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["record"] = "record"
    record: RecordKind
    id: str
    says: str  # what the record says that matters here, e.g. "Snowflake level 4, last used 2026-09-30"


class QuoteCitation(BaseModel):
    """Points at words in a document: `text[start:end] == quote`, offsets in Unicode code points."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["quote"] = "quote"
    document: Literal["contract", "status_report", "message"]
    id: str  # contract, report or message id
    quote: str
    start: Annotated[int, Field(ge=0)]
    end: int
    clause: str = ""  # heading number where the document has them, e.g. "7.2"

    @model_validator(mode="after")
    def _spans(self) -> Self:
        if self.end - self.start != len(self.quote):
            raise ValueError("the offsets do not span the quote")
        return self


AttachmentKind = Literal["document", "ticket", "link", "record"]


class Attachment(BaseModel):
    """What an approver shows for a signature: where it can be looked up. Kept with the decision for ever."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: AttachmentKind
    reference: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


Attachments = Annotated[tuple[Attachment, ...], Field(max_length=20)]

Citation = Annotated[RecordCitation | QuoteCitation, Field(discriminator="kind")]
CitationAdapter: TypeAdapter[Citation] = TypeAdapter(Citation)


class NotVerbatim(ChargehandError):
    """The quote does not stand at {start} to {end} of {document} {id}."""


def check_quote(citation: QuoteCitation, text: str) -> None:
    """Raises NotVerbatim unless the document holds exactly these words at exactly this place."""
    if text[citation.start : citation.end] != citation.quote:
        raise NotVerbatim(document=citation.document, id=citation.id, start=citation.start, end=citation.end)
