"""Terms of contracts, in several drafters' words; the quotes are verbatim."""

import json
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.firm import generate
from models.text.clauses import split_clauses
from models.text.contract_terms import Term, contract_terms, first
from models.text.documents import plain_text
from models.text.term_values import BY_EMAIL, IN_WRITING


def terms_of(text: str) -> list[Term]:
    found = contract_terms(text, split_clauses(text))
    assert all(text[t.start : t.end] == t.quote for t in found)
    return found


@pytest.mark.parametrize(
    ("heading", "words", "kind", "field", "value"),
    [
        ("Fees", "A person-day comprises 7.5 hours of work.", "working_day", "hours", Decimal("7.5")),
        ("Fees", "One day is based on eight hours.", "working_day", "hours", Decimal(8)),  # in words
        ("Fees", "Fees shall under no circumstances exceed €90,000.", "fee_cap", "amount", Decimal(90000)),
        ("Fees", "We will never charge you more than 45.000 EUR.", "fee_cap", "amount", Decimal(45000)),
        ("Fees", "Total charges are limited to USD 1,250,000.00.", "fee_cap", "amount", Decimal(1250000)),
        (
            "Changes",
            "Work on a change starts only once both of us have signed it.",
            "change_order",
            "what",
            IN_WRITING,
        ),
        (
            "Variation",
            "No variation may begin until agreed in writing; e-mail is not enough.",
            "change_order",
            "what",
            IN_WRITING,
        ),  # a denied e-mail
        (
            "Changes",
            "An e-mail from your sponsor is sufficient to order a change.",
            "change_order",
            "what",
            BY_EMAIL,
        ),
        (
            "Changes",
            "Change requests are signed by the Finance Director of the Client and our Managing Partner.",
            "change_signatory",
            "names",
            ("Finance Director", "Managing Partner"),
        ),
        (
            "Changes",
            "Extra work can begin at the earliest ten working days after the signature.",
            "change_notice",
            "days",
            10,
        ),
        (
            "Changes",
            "Additional work starts no sooner than 2 weeks after the change order.",
            "change_notice",
            "days",
            10,
        ),
        (
            "Changes",
            "Up to six hours of minor changes each month are included.",
            "change_allowance",
            "hours",
            Decimal(6),
        ),
        ("Changes", "There is no free allowance for small changes.", "change_allowance", "hours", Decimal(0)),
        (
            "Changes",
            "Changes are charged at the rate card less 7.5%.",
            "change_rate",
            "percent",
            Decimal("-7.5"),
        ),
        (
            "Changes",
            "For changes the rates rise by a surcharge of 12 %.",
            "change_rate",
            "percent",
            Decimal(12),
        ),
        ("Fees", "Weekend work is charged at time and a half.", "weekend_work", "percent", Decimal(50)),
        (
            "Fees",
            "Work on public holidays is billed at 200% of the rate.",
            "weekend_work",
            "percent",
            Decimal(100),
        ),
        ("Term", "This contract expires on 30 June 2027.", "term_end", "day", date(2027, 6, 30)),
    ],
)
def test_a_term_is_read_in_other_words(
    heading: str, words: str, kind: Any, field: str, value: object
) -> None:
    found = first(terms_of(f"1. {heading}\n\n1.1 {words}\n"), kind)
    assert found is not None, kind
    assert (getattr(found, field), found.number) == (value, "1.1")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Neither party's liability shall exceed GBP 1,000,000.", "fee_cap"),  # not what may be charged
        ("Expenses shall not exceed GBP 500 a month.", "fee_cap"),
        ("The Client shall accept or reject each Deliverable within 10 Working Days.", "change_notice"),
        ("The Supplier shall answer a change request within five Working Days.", "change_notice"),
        ("Invoices are payable within 30 days.", "change_notice"),
    ],
)
def test_what_only_resembles_a_term_is_none(words: str, kind: Any) -> None:
    assert first(terms_of(f"1. Other\n\n1.1 {words}\n"), kind) is None


def test_changes_of_the_agreement_itself_give_way_to_the_clause_on_changes() -> None:
    text = (
        "1. Change Control\n\n1.1 An e-mail of the Client's project manager is enough to order a change.\n\n"
        "2. General\n\n2.1 No variation has effect unless in writing and signed by both parties.\n"
    )
    found = first(terms_of(text), "change_order")
    assert found is not None
    assert (found.number, found.what) == ("1.1", BY_EMAIL)


def test_rates_come_from_tables_and_lists() -> None:
    text = (
        "Schedule 2 - Rates\n\nRole\tRate\tUnit\nData Engineer\tGBP 740\tper day\n"
        "Partner, Data & AI\tGBP 1,940\tper day\n\n"
        "Test Engineer: £75 per hour\n"
    )
    rates = [(t.what, t.amount, t.currency, t.unit) for t in terms_of(text) if t.kind == "rate"]
    assert rates == [
        ("Data Engineer", 740, "GBP", "day"),
        ("Partner, Data & AI", 1940, "GBP", "day"),
        ("Test Engineer", 75, "GBP", "hour"),
    ]


def test_work_packages_belong_to_their_project() -> None:
    text = (
        "Schedule 1 - Services\n\nProject Kestrel (PJ-1): data platform.\n\nPJ-1-W01 Order feeds\n\n"
        "Not part of the Services: loyalty dashboards.\n\n"
        "Project Heron (PJ-2): portal.\n\nPJ-2-W01 Sign-in page\n"
    )
    parts = [(t.kind, t.what, t.project_id, t.item_id) for t in terms_of(text)]
    assert parts == [
        ("work_package", "Order feeds", "PJ-1", "PJ-1-W01"),
        ("exclusion", "loyalty dashboards", "PJ-1", ""),
        ("work_package", "Sign-in page", "PJ-2", "PJ-2-W01"),
    ]


@given(st.text(alphabet="17.() aeGBP£%\nchange sign days hour", max_size=300))
@settings(deadline=None)
def test_any_text_can_be_read(text: str) -> None:
    terms_of(text)


def fits(term: Term, kind: str, value: dict[str, Any]) -> bool:
    """Whether the term has the value that the generator put into the contract."""
    if kind == "change_order":
        return (term.what == IN_WRITING) == (value["option"] == "written_before_work")
    if kind == "change_signatory":
        return set(term.names) == {value["client_title"], value["supplier_title"]}
    if kind == "change_rate":
        return term.percent == (-value["percent"] if value["option"] == "discount" else value["percent"])
    if kind == "rate":
        return (term.what, term.amount, term.unit) == (value["role"], Decimal(value["amount"]), value["unit"])
    if kind == "exclusion":
        return term.what.lower() == str(value["title"]).lower()
    return all(
        getattr(term, name) == (Decimal(value[name]) if name == "amount" else value[name])
        for name in ("hours", "days", "percent", "amount", "currency")
        if name in value
    )


FIRST_COUNTS = {
    "working_day", "fee_cap", "change_order", "change_signatory", "change_notice", "change_allowance",
    "change_rate", "weekend_work",
}  # fmt: skip


def test_the_terms_of_generated_contracts_are_found(tmp_path: Path) -> None:
    """In every style, file format and numbering that the demo firm has."""
    generate(tmp_path / "firm", tmp_path / "truth", seed=41, scale=0.05, today=date(2026, 11, 23))
    wrong, total = Counter[str](), 0
    for line in (tmp_path / "truth" / "contracts.jsonl").read_text(encoding="utf-8").splitlines():
        contract = json.loads(line)
        text = plain_text(contract["file"], (tmp_path / "firm" / contract["file"]).read_bytes())
        found = terms_of(text)
        for truth in contract["terms"]:
            kind = truth["kind"]
            if kind not in FIRST_COUNTS | {"rate", "exclusion"}:
                continue
            total += 1
            of_kind = [t for t in found if t.kind == kind]
            judged = of_kind[:1] if kind in FIRST_COUNTS else of_kind
            wrong[kind] += not any(fits(t, kind, truth["value"]) for t in judged)
    assert total > 150
    assert wrong.total() == 0, wrong
