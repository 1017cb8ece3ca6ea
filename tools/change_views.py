"""A message held against a contract, as it is said and as surfaces show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from textwrap import shorten
from typing import Any

from models.evidence import Citation, QuoteCitation, check_quote
from models.money import total
from models.scope import Agreement, Compared, Finding, Line, plain
from models.text.contract_terms import Term, first
from models.text.letters import Sender
from models.text.requests import Request
from models.text.term_readers import TermKind
from models.text.term_values import BY_EMAIL
from tools.change_pricing import Order, clause_name
from tools.lookup import Project

SAYS: Mapping[Finding, str] = {
    "in_scope": "in scope",
    "out_of_scope": "out of scope",
    "small_change": "small change, free",
    "contradicts_contract": "against the contract",
    "unclear": "unclear",
}
_SHORT = 160  # of a quote in the answer's text; the citation has it whole
_SHOWN_TERMS: tuple[TermKind, ...] = (
    "change_order",
    "change_notice",
    "change_allowance",
    "fee_cap",
    "change_signatory",
)


@dataclass(frozen=True)
class Comparison:
    """A message held against the contract."""

    today: date
    project: Project
    contract: Mapping[str, Any]
    message_id: str
    sender: Sender
    agreement: Agreement
    items: tuple[Compared, ...]
    order: Order | None

    @property
    def confidence(self) -> Decimal | None:
        """That of the least certain of what is ordered; None where nothing is."""
        said = [item.confidence for item, _ in self.order.items] if self.order else []
        return min((c for c in said if c is not None), default=None)

    def citations(self) -> tuple[Citation, ...]:
        """The words of the message, each followed by those of the contract that decide on them."""
        found: dict[Citation, None] = {}
        for item in self.items:
            found[self.asked(item.request)] = None
            found |= dict.fromkeys(self.clause(t) for t in (item.clause, *item.also) if t)
        return tuple(found)

    def asked(self, request: Request) -> QuoteCitation:
        return QuoteCitation(
            document="message", id=self.message_id, quote=request.quote, start=request.start, end=request.end
        )

    def clause(self, term: Term) -> QuoteCitation:
        """Raises NotVerbatim rather than cite what does not stand there."""
        citation = QuoteCitation(
            document="contract",
            id=self.contract["contract_id"],
            quote=term.quote,
            start=term.start,
            end=term.end,
            clause=term.number,
        )
        check_quote(citation, self.contract["text"])
        return citation


def text_of(found: Comparison) -> str:
    """Item by item the finding, the clause and the reason; then the change order they come to."""
    if not found.items:
        return "The message asks for nothing that could be compared with the contract."
    lines = [
        f"{found.project.name} ({found.project.client_name}), contract {found.contract['contract_id']}: "
        f"{len(found.items)} items."
    ]
    for number, item in enumerate(found.items, 1):
        lines.append(
            f"{number}. {item.request.description}: {SAYS[item.finding]}. {item.reason}{_quoted(item.clause)}"
        )
        if item.finding == "out_of_scope" and not item.lines:
            lines[-1] += " " + (
                "No rate of the card fits the role." if item.hours else "The effort is not stated."
            )
    return "\n".join([*lines, *_order_lines(found)])


def _quoted(term: Term | None) -> str:
    if term is None:
        return ""
    words = shorten(" ".join(term.quote.split()), _SHORT, placeholder=" ...")
    return f' {clause_name(term)}: "{words}"'


def _order_lines(found: Comparison) -> list[str]:
    order = found.order
    if order is None:
        return []
    lines = [f"Change order: {order.value}, {order.starts_on:%-d %b} to {order.ends_on:%-d %b %Y}."]
    lines += [f"- {_priced(line)}" for _, line in order.items]
    if order.margin is not None:
        lines.append(f"Margin {order.margin:.0%} at the average cost of the people who hold those roles.")
    lines += order.warnings
    if notice := first(found.agreement.terms, "change_notice"):
        earliest = found.agreement.earliest_start(found.today)
        lines.append(
            f"Signed today it may start on {earliest:%-d %b %Y} at the earliest: {notice.days} working days, "
            f"{clause_name(notice)}, public holidays not counted."
        )
    return lines + _signing(found)


def _signing(found: Comparison) -> list[str]:
    term = first(found.agreement.terms, "change_signatory")
    if term is None:
        return []
    said = f"Under {clause_name(term)} {' and '.join(term.names)} sign."
    title = found.sender.title
    if title and not any(title.lower() == n.lower() for n in term.names):
        said += f" {found.sender.name} signs as {title}, and is not among them."
    return [said]


def _priced(line: Line) -> str:
    assumed = " (role assumed)" if line.assumed_role else ""
    work = f"{line.description}: {plain(line.hours)} h {line.role}{assumed}"
    return f"{work} at {line.rate} an hour, {line.amount}"


# What surfaces show


def data_of(found: Comparison) -> dict[str, Any]:
    """JSON: items, order and terms."""
    return {
        "project_id": found.project.id,
        "contract_id": found.contract["contract_id"],
        "message_id": found.message_id,
        "sender": {"name": found.sender.name, "title": found.sender.title},
        "items": [_item_data(number, item) for number, item in enumerate(found.items, 1)],
        "order": _order_data(found.order) if found.order else None,
        "terms": _terms_data(found),
    }


def _item_data(number: int, item: Compared) -> dict[str, Any]:
    price = total((line.amount for line in item.lines), item.lines[0].amount.currency) if item.lines else None
    return {
        "number": number,
        "kind": item.request.kind,
        "description": item.request.description,
        "asked": item.request.quote,
        "finding": item.finding,
        "confidence": str(item.confidence) if item.confidence is not None else None,
        "reason": item.reason,
        "clause": clause_name(item.clause) if item.clause else None,
        "quote": item.clause.quote if item.clause else None,
        "hours": plain(item.hours) if item.hours else None,
        "role": ", ".join(dict.fromkeys(line.role for line in item.lines)) or None,
        "price": price.model_dump(mode="json") if price else None,
        "starts_on": item.request.starts_on.isoformat() if item.request.starts_on else None,
        "due_on": item.request.due_on.isoformat() if item.request.due_on else None,
    }


def _order_data(order: Order) -> dict[str, Any]:
    return {
        "items": [
            {
                "description": line.description,
                "role": line.role,
                "role_assumed": line.assumed_role,
                "hours": plain(line.hours),
                "rate": line.rate.model_dump(mode="json"),
                "price": line.amount.model_dump(mode="json"),
            }
            for _, line in order.items
        ],
        "value": order.value.model_dump(mode="json"),
        "cost": order.cost.model_dump(mode="json") if order.cost else None,
        "margin": str(order.margin) if order.margin is not None else None,
        "starts_on": order.starts_on.isoformat(),
        "ends_on": order.ends_on.isoformat(),
        "warnings": list(order.warnings),
    }


def _terms_data(found: Comparison) -> dict[str, Any]:
    terms, card = found.agreement.terms, found.agreement.card
    order, notice, allowance, cap, signers = (first(terms, k) for k in _SHOWN_TERMS)
    return {
        "change_order": order
        and {"clause": clause_name(order), "how": order.what, "by_email": order.what == BY_EMAIL},
        "notice": notice and {"clause": clause_name(notice), "working_days": notice.days},
        "allowance": allowance
        and {"clause": clause_name(allowance), "hours_a_month": plain(allowance.hours)},
        "cap": cap
        and {"clause": clause_name(cap), "amount": {"amount": str(cap.amount), "currency": cap.currency}},
        "signatories": signers and {"clause": clause_name(signers), "titles": list(signers.names)},
        "hours_a_day": plain(card.hours_a_day),
        "percent_for_changes": plain(card.for_changes),
        "earliest_start": found.agreement.earliest_start(found.today).isoformat(),
    }
