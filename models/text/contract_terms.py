"""The commercial terms of a services contract that decide what a change costs and how it is agreed: each with
its value and the words it stands in, verbatim.

Read by patterns over clauses (`term_readers`), so that a term is only found where the words for it stand; a
contract that says it in words unknown here yields no term, and the comparison then says so."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from models.text.clauses import Clause
from models.text.spans import Span, sentences
from models.text.term_readers import READERS, TermKind, TermReader
from models.text.term_values import MONEY, Value, money


@dataclass(frozen=True)
class Term:
    """One commercial term. `text[start:end] == quote` in the contract's text."""

    kind: TermKind
    number: str  # of the clause, e.g. "7.2" or "Schedule 2"
    quote: str
    start: int
    end: int
    days: int = 0
    hours: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    currency: str = ""
    unit: Literal["", "day", "hour"] = ""
    what: str = ""  # the role, the work package, the exclusion; how a change order is agreed
    names: tuple[str, ...] = ()  # titles of signatories, the client's first where the clause has it first
    project_id: str = ""  # for parts of the services, where the contract names the project
    item_id: str = ""  # of a work package, where the contract numbers them
    day: date | None = None  # the contract's last


def contract_terms(text: str, clauses: Sequence[Clause]) -> list[Term]:
    """Every term found, in the order of the text. `clauses` are those of the same text.

    What a clause under a heading about changes says of changes goes before what others say, such as the
    closing provision that the agreement itself is varied in writing."""
    found = [(term, clause) for clause in clauses for term in _clause_terms(clause)]
    under_change = {t.kind for t, c in found if _CHANGE_HEADING.search(c.heading)}
    terms = [
        term
        for term, clause in found
        if not (
            term.kind.startswith("change_")
            and term.kind in under_change
            and not _CHANGE_HEADING.search(clause.heading)
        )
    ]
    terms += _rates(text, clauses)
    terms += _services(text, clauses)
    return sorted(terms, key=lambda t: (t.start, t.kind))


def first(terms: Sequence[Term], kind: TermKind) -> Term | None:
    """The first term of a kind, or None."""
    return next((t for t in terms if t.kind == kind), None)


_CHANGE_HEADING = re.compile(
    r"\b(?:chang\w+|variations?|(?:extra|additional) work|amendments?)\b", re.IGNORECASE
)
_SHORTEST, _LONGEST = 25, 1500  # characters of a clause that may state a term


def _clause_terms(clause: Clause) -> Iterator[Term]:
    """The terms of one clause, each kind at most once: in the first sentence that says it all, or else in the
    clause as a whole. Tables are read elsewhere."""
    offset = _body_offset(clause)
    whole = Span(offset, len(clause.text.rstrip()))
    if not _SHORTEST <= len(whole) <= _LONGEST:
        return
    parts = [Span(offset + s.start, offset + s.end) for s in sentences(clause.text[offset:])]
    for reader in READERS:
        places = [*([whole, *parts] if reader.joint else [*parts, whole])]
        found = next(((p, v) for p in places if (v := _read(reader, p, clause)) is not None), None)
        if found:
            place, value = found
            own = _OWN_NUMBER.match(clause.text, place.start, place.end)
            start = own.end() if own else place.start
            quote = clause.text[start : place.end]
            at = clause.start + start
            number = own["number"] if own else clause.number
            yield Term(reader.kind, number, quote, at, at + len(quote), **value)


_OWN_NUMBER = re.compile(r"(?P<number>[A-Z]\.\d+(?:\.\d+)*)[.)]?\s+")  # 'D.1', within clause D


def _read(reader: TermReader, place: Span, clause: Clause) -> Value | None:
    return reader.read(" ".join(place.of(clause.text).split()))


def _body_offset(clause: Clause) -> int:
    """Where the clause's words begin behind its number."""
    lead = re.match(rf"\s*{re.escape(clause.number)}[.)]?\s+", clause.text) if clause.number else None
    return lead.end() if lead else len(clause.text) - len(clause.text.lstrip())


_RATE_LINE = re.compile(
    rf"^[ \t|•*-]*(?P<role>[A-Z][\w&,/ ().'-]{{2,60}}?)[ \t|:–-]+{MONEY}[ \t|]*(?:per|a|an|"
    rf"/)[ \t]*(?P<unit>day|hour|diem)",
    re.MULTILINE,
)


def _rates(text: str, clauses: Sequence[Clause]) -> Iterator[Term]:
    """The lines of the rate card."""
    for match in _RATE_LINE.finditer(text):
        start = match.start("role")
        yield Term(
            "rate",
            next((c.number for c in clauses if c.start <= start < c.end), ""),
            text[start : match.end()],
            start,
            match.end(),
            unit="hour" if match["unit"] == "hour" else "day",
            what=" ".join(match["role"].split()),
            **money(match),
        )


_PACKAGE = re.compile(
    r"^[ \t]*(?:(?P<id>[A-Z][\w-]*-?W\d+|WP[ -]?\d+(?:\.\d+)?)[:.)]?|[•*–-]|"
    r"\(?(?:\d{1,2}(?:\.\d{1,2})*|[a-z])[.)])[ \t]+(?P<title>[^\n]{4,140}?)[ \t]*$",
    re.MULTILINE,
)
_EXCLUSION = re.compile(
    r"(?:not (?:a )?(?:part of|included in|covered by)|excluded from|outside|excludes?|out of scope(?: of)?)"
    r"(?: the| these)?(?: services| scope| fees?| work)?(?: are| is)?\s*[: ]\s*(?P<what>[^.\n]{4,200})",
    re.IGNORECASE,
)
_PROJECT = re.compile(r"\((?P<id>[A-Z][A-Z0-9]*-\d+)\)")
_SCHEDULE = re.compile(r"(?:schedule|annex|appendix|exhibit|attachment)\b", re.IGNORECASE)
_SERVICES = re.compile(
    r"\b(?:services|scope|work packages|statement of work|deliverables|specification)\b", re.IGNORECASE
)
_SCOPE = re.compile(
    r"(?:our |the )?(?:scope(?: of (?:work|services))?|statement of work|work packages|deliverables)",
    re.IGNORECASE,
)
_BARE_HEADING = re.compile(r"^[A-Z][A-Za-z&,' -]{3,50}$", re.MULTILINE)


@dataclass(frozen=True)
class _Region:
    """A part of the text that describes the services, and the number it is cited by."""

    number: str
    span: Span


def _services(text: str, clauses: Sequence[Clause]) -> Iterator[Term]:
    """Work packages and exclusions, in the parts of the contract that describe the services."""
    project_id = ""
    for region in list(_described(clauses)) or list(_unnumbered(text)):
        start, end = region.span.start, region.span.end
        projects = [(m.start(), m["id"]) for m in _PROJECT.finditer(text, start, end)]
        parts = [
            *(
                (m.start("title"), m["title"], m["title"], m["id"])
                for m in _PACKAGE.finditer(text, start, end)
            ),
            *((m.start(), m[0], m["what"], None) for m in _EXCLUSION.finditer(text, start, end)),
        ]
        for at, quote, what, item_id in sorted(parts):
            kind: Literal["work_package", "exclusion"] = (
                "exclusion" if _EXCLUSION.match(quote) else "work_package"
            )
            before = [p for place, p in projects if place < at]
            yield Term(
                kind,
                region.number,
                quote,
                at,
                at + len(quote),
                what=" ".join(what.split()),
                project_id=before[-1] if before else project_id,
                item_id=item_id or "",
            )
        project_id = projects[-1][1] if projects else project_id


def _described(clauses: Sequence[Clause]) -> Iterator[_Region]:
    """Schedules about the services with all that is numbered below them, and clauses headed 'Scope'."""
    schedules = {c.number for c in clauses if _SCHEDULE.match(c.number) and _SERVICES.search(c.heading)}
    scopes = tuple(c.number for c in clauses if c.number and _SCOPE.fullmatch(c.heading.strip()))
    for clause in clauses:
        in_schedule = clause.number.partition(",")[0] in schedules
        if in_schedule or clause.number.startswith(scopes) or _SCOPE.fullmatch(clause.heading.strip()):
            yield _Region(clause.number, Span(clause.start, clause.end))


def _unnumbered(text: str) -> Iterator[_Region]:
    """The same under a heading that stands on a line of its own and has no number, up to the next one."""
    headings = list(_BARE_HEADING.finditer(text))
    ends = [h.start() for h in headings[1:]] + [len(text)] * bool(headings)
    for heading, end in zip(headings, ends, strict=True):
        if _SCOPE.fullmatch(heading[0].strip()):
            yield _Region(heading[0].strip(), Span(heading.end(), end))
