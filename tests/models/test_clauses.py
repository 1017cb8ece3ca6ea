"""Contracts as clauses: nothing lost, nothing twice, and each under the number a lawyer would cite."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.clauses import split_clauses

DOCUMENTS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "numbered and nested": (
        """\
SERVICES AGREEMENT

This Agreement is made between A and B.

1. Definitions
1.1 "Services" means the work in Schedule 1.
1.2 A day has eight hours.

2. Termination
2.1 Either party may terminate if the other:
(a) does not pay,
(b) ceases to trade; or
(c) commits:
    (i) a material breach; or
    (ii) fraud.
2.2 Notice is given in writing.
""",
        [
            ("", "SERVICES AGREEMENT"),
            ("1", "Definitions"),
            ("1.1", "Definitions"),
            ("1.2", "Definitions"),
            ("2", "Termination"),
            ("2.1", "Termination"),
            ("2.1(a)", "Termination"),
            ("2.1(b)", "Termination"),
            ("2.1(c)", "Termination"),
            ("2.1(c)(i)", "Termination"),
            ("2.1(c)(ii)", "Termination"),
            ("2.2", "Termination"),
        ],
    ),
    "articles and sections": (
        """\
ARTICLE I - SERVICES

Section 1.1 Scope. Consultant shall perform the Services.

Section 1.2 Standard. The Services shall be performed with care.

ARTICLE II
FEES

Section 2.1 Rates. Fees are set forth in
Section 2.2 below and in Exhibit A.

Section 2.2 Cap. Fees shall not exceed $10.
""",
        [
            ("Article I", "SERVICES"),
            ("1.1", "Scope"),
            ("1.2", "Standard"),
            ("Article II", "FEES"),
            ("2.1", "Rates"),
            ("2.2", "Cap"),
        ],
    ),
    "numbers that begin anew in articles and schedules": (
        """\
ARTICLE 1 Work

1. The work is done.
2. It is done well.

ARTICLE 2 Pay

1. The pay is good.

Schedule 2 - Rates

1. Consultant: EUR 900
2. Partner: EUR 1,900
""",
        [
            ("Article 1", "Work"),
            ("Article 1, 1", "Work"),
            ("Article 1, 2", "Work"),
            ("Article 2", "Pay"),
            ("Article 2, 1", "Pay"),
            ("Schedule 2", "Rates"),
            ("Schedule 2, 1", "Consultant"),
            ("Schedule 2, 2", "Partner"),
        ],
    ),
    "wrapped lines that begin like clauses": (
        """\
1. Payment
1.1 The Client shall pay within
30 days of the date of the invoice, in accordance with clause
2. The amount of each invoice is stated in
Schedule 2 and on
1 January 2026 it is adjusted. It bears interest at
2.5 per cent.

2. Law
2.1 The law of England applies.
""",
        [("1", "Payment"), ("1.1", "Payment"), ("2", "Law"), ("2.1", "Law")],
    ),
    "a table of contents before the text": (
        """\
CONTENTS

1. Definitions ........ 2
2. Fees ............... 7

1. Definitions

Words have their meaning.

2. Fees

Fees are due.
""",
        [("", "CONTENTS"), ("1", "Definitions"), ("2", "Fees")],
    ),
    "page numbers and running heads": (
        """\
1. Term

The term is a year.

3

Page 4 of 9

2. Notice

Notice is a month.
""",
        [("1", "Term"), ("2", "Notice")],
    ),
    "a clause that was deleted": (
        "1. One\n\nText.\n\n3. Three\n\nText.\n\n12. Twelve\n\nText.\n",
        [("1", "One"), ("3", "Three")],
    ),
    "a letter after h is no Roman one": (
        "1. List:\n" + "".join(f"({letter}) item;\n" for letter in "abcdefghij"),
        [("1", "List"), *((f"1({letter})", "List") for letter in "abcdefghij")],
    ),
    "sections by their sign": (
        "§ 1 Work\n\n1.1 It is done.\n\n§ 2 Pay\n\n(1) It is due.\n\n(2) It is good.\n\n§3 Law\n\nSpain.\n",
        [("1", "Work"), ("1.1", "Work"), ("2", "Pay"), ("2(1)", "Pay"), ("2(2)", "Pay"), ("3", "Law")],
    ),
    "capitals that are wrapped": (
        "1. LIABILITY\n\n1.1 IN NO EVENT IS EITHER PARTY\nLIABLE FOR LOST\nPROFITS OF THE OTHER.\n",
        [("1", "LIABILITY"), ("1.1", "LIABILITY")],
    ),
    "a list of its own within a clause": (
        "1. Steps\n\n1.1 The steps are:\n\n1) plan\n\n2) do\n\n1.2 They are in order.\n",
        [("1", "Steps"), ("1.1", "Steps"), ("1.1(1)", "Steps"), ("1.1(2)", "Steps"), ("1.2", "Steps")],
    ),
    "headings in capitals": (
        "CONFIDENTIALITY\n\nSecrets are kept.\n\nLIABILITY AND INDEMNITY\n\nIt is limited.\n",
        [("", "CONFIDENTIALITY"), ("", "LIABILITY AND INDEMNITY")],
    ),
    "Markdown": (
        "# Agreement\n\n## 1. Fees\n\n**1.1** Fees are due.\n\n## Other points\n\nNone.\n",
        [("", "Agreement"), ("1", "Fees"), ("1.1", "Fees"), ("", "Other points")],
    ),
    "neither numbers nor headings": (
        "We will work for you.\n\nYou will pay us.\n\nEither may stop.\n",
        [("", ""), ("", ""), ("", "")],
    ),
    "numbers on a line of their own": (
        "1.\nFEES\n\n1.1\nFees are due.\n\n2.\nTERM\n\nA year.\n",
        [("1", "FEES"), ("1.1", "FEES"), ("2", "TERM")],
    ),
    "nothing": ("  \n\n ", []),
}


@pytest.mark.parametrize(("text", "expected"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_clauses_carry_the_number_and_heading_they_are_cited_by(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert [(clause.number, clause.heading) for clause in split_clauses(text)] == expected


def test_a_text_without_line_breaks_is_cut_at_the_ends_of_sentences() -> None:
    sentence = "The Supplier shall perform the Services with due care, and the Client shall pay for them. "
    text = "".join(f"{n}. {sentence}{n}.1 {sentence}" for n in (1, 2, 3))
    assert [c.number for c in split_clauses(text)] == ["1", "1.1", "2", "2.1", "3", "3.1"]


def test_a_long_clause_is_cut_at_its_paragraphs_under_one_number() -> None:
    paragraph = "The words of a paragraph, many times over. " * 20
    clauses = split_clauses("1. Long\n\n" + "\n\n".join([paragraph] * 5) + "\n\n2. Short\n\nText.\n")
    assert [c.number for c in clauses] == ["1", "1", "1", "1", "1", "2"]
    assert all(len(c.text) <= 1500 for c in clauses)


def check_nothing_is_lost(text: str) -> None:
    clauses = split_clauses(text)
    for clause in clauses:
        assert clause.text == text[clause.start : clause.end]
        assert clause.text == clause.text.strip() != ""
    ends = [0, *(c.end for c in clauses)]
    starts = [*(c.start for c in clauses), len(text)]
    for end, start in zip(ends, starts, strict=True):
        assert end <= start, "in order, and not overlapping"
        assert not text[end:start].strip(), "only white space between them"


FRAGMENTS = st.sampled_from(
    [
        *("\n", "\n\n", " ", "\t", "1.", "1.1 ", "2. Fees", "(a) ", "(i) ", "b) ", "A. ", "7.3.1 "),
        *("ARTICLE IV", "Section 2.1 ", "Schedule 1 - Rates", "# Head", "**", "FEES AND TERMS", "30 days "),
        *("The parties agree.", "and", "; or", "...... 4", "Exhibit 10.4", "\u2003", "é", "\r\n", "x" * 1600),
    ]
)


@given(st.one_of(st.text(), st.lists(FRAGMENTS, max_size=60).map("".join)))
def test_every_word_is_in_exactly_one_clause(text: str) -> None:
    check_nothing_is_lost(text)


@pytest.mark.parametrize("text", [text for text, _ in DOCUMENTS.values()], ids=DOCUMENTS)
def test_every_word_of_the_examples_is_in_exactly_one_clause(text: str) -> None:
    check_nothing_is_lost(text)


@given(st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=6), min_size=1, max_size=8))
def test_finds_every_number_of_a_regular_contract(sections: list[list[int]]) -> None:
    """`sections`: for each section its clauses, for each clause how many items it lists."""
    lines, numbers = ["AGREEMENT"], [""]
    for n, clauses in enumerate(sections, start=1):
        lines.append(f"{n}. Heading of {n}")
        numbers.append(f"{n}")
        for m, items in enumerate(clauses, start=1):
            lines.append(f"{n}.{m} The Supplier shall do as clause {m + 1}.{n} says{':' if items else '.'}")
            numbers.append(f"{n}.{m}")
            for letter in "abcd"[:items]:
                lines.append(f"({letter}) that which is item {letter};")
                numbers.append(f"{n}.{m}({letter})")
    for separator in ("\n", "\n\n"):
        found = split_clauses(separator.join(lines))
        assert [c.number for c in found] == numbers
        assert all(a.start < b.start for a, b in pairwise(found))
