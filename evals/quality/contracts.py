"""Commercial terms read from a demo firm's contracts: right where the contract states one, none where it is
silent."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from evals.demo_firms import DemoFirm
from evals.quality.results import Result, counted
from models.predict.base import Progress
from models.text.clauses import split_clauses
from models.text.contract_terms import Term, contract_terms
from models.text.documents import plain_text
from models.text.term_readers import TermKind
from models.text.term_values import BY_EMAIL, IN_WRITING

NAME = "contracts"
AGAINST = "the answer that most of the firm's contracts give"
LISTS: tuple[TermKind, ...] = ("rate", "exclusion")  # of which a contract states several
AGREED = {"email_confirmation": BY_EMAIL, "written_before_work": IN_WRITING}

Answer = frozenset[Hashable]  # what a contract states of a kind; empty where it is silent


@dataclass(frozen=True)
class Comparable:
    """A kind of term, brought from either side to values that can be compared."""

    read: Callable[[Term], Hashable]
    stated: Callable[[Mapping[str, Any]], Hashable]  # of a term's value in the truth


def _number(field: str) -> Comparable:
    return Comparable(lambda t: Decimal(getattr(t, field)), lambda v: Decimal(v[field]))


_MONEY = Comparable(lambda t: (t.amount, t.currency), lambda v: (Decimal(v["amount"]), v["currency"]))
KINDS: Mapping[TermKind, Comparable] = {
    "working_day": _number("hours"),
    "fee_cap": _MONEY,
    "fixed_price": _MONEY,
    "change_order": Comparable(lambda t: t.what, lambda v: AGREED[v["option"]]),
    "change_signatory": Comparable(
        lambda t: frozenset(t.names), lambda v: frozenset((v["client_title"], v["supplier_title"]))
    ),
    "change_notice": _number("days"),
    "change_allowance": _number("hours"),
    "change_rate": Comparable(
        lambda t: t.percent, lambda v: Decimal(v["percent"]) * (-1 if v["option"] == "discount" else 1)
    ),
    "weekend_work": _number("percent"),
    "rate": Comparable(
        lambda t: (t.what, t.amount, t.currency, t.unit),
        lambda v: (v["role"], Decimal(v["amount"]), v["currency"], v["unit"]),
    ),
    "exclusion": Comparable(lambda t: t.what.lower(), lambda v: v["title"].lower()),
}


def on_firm(firm: DemoFirm, progress: Progress) -> list[Result]:
    """Of every contract and kind: is what was read exactly what the contract states?"""
    contracts = firm.truth("contracts")
    read: list[Sequence[Term]] = []
    for number, contract in enumerate(contracts):
        progress("contracts", number, len(contracts))
        text = plain_text(contract["file"], (firm.folder / contract["file"]).read_bytes())
        read.append(contract_terms(text, split_clauses(text)))
    progress("contracts", len(contracts), len(contracts))
    results = []
    for kind, comparable in KINDS.items():
        stated = [
            frozenset(comparable.stated(term["value"]) for term in contract["terms"] if term["kind"] == kind)
            for contract in contracts
        ]
        found = [_found(kind, terms) for terms in read]
        right = sum(f == s for f, s in zip(found, stated, strict=True))
        most = Counter(stated).most_common(1)[0][1]
        results.append(
            counted(
                NAME,
                firm.name,
                f"{kind.replace('_', ' ')} read right",
                right,
                len(contracts),
                baseline=most / len(contracts),
                against=AGAINST,
            )
        )
    return results


def _found(kind: TermKind, terms: Sequence[Term]) -> Answer:
    """What was read; of most kinds the first term is the one that counts."""
    of_kind = [term for term in terms if term.kind == kind]
    return frozenset(KINDS[kind].read(term) for term in (of_kind if kind in LISTS else of_kind[:1]))
