"""Sentences, paragraphs and overlaps: offsets that hold, and cuts where a reader would cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.spans import Span, blocks, overlap, paragraphs, sentences

SENTENCES = [
    ("two sentences", "It is late. We told the client.", ["It is late.", "We told the client."]),
    ("a question and a quotation", 'Why? "Because." So.', ["Why?", '"Because."', "So."]),
    ("a company's name", "Acme Inc. Pays monthly.", ["Acme Inc. Pays monthly."]),
    ("initials and titles", "Mr. J. Smith signs.", ["Mr. J. Smith signs."]),
    ("a number is no end", "The fee is 3.50 EUR. It is due.", ["The fee is 3.50 EUR.", "It is due."]),
    ("a heading number stays", "7. Fees. All are net.", ["7. Fees.", "All are net."]),
    ("a wrapped line runs on", "the fee is\npayable in May.", ["the fee is\npayable in May."]),
    ("a heading on its line", "Fees\nThe fee is net.", ["Fees", "The fee is net."]),
    ("bullets on lines", "Done:\n- one thing\n- another", ["Done:", "- one thing", "- another"]),
    ("bullets within a line", "Done: - One. - Two.", ["Done:", "- One.", "- Two."]),
    ("blank lines", "no stop here\n\nand none here", ["no stop here", "and none here"]),
    ("nothing", " \n ", []),
]
LISTS = [
    ("letters", "You may (a) copy it; (b) keep it.", ["You may", "(a) copy it;", "(b) keep it."]),
    ("numbers after a colon", "Either: (1) pay, (2) leave.", ["Either:", "(1) pay,", "(2) leave."]),
    ("a number spelt twice", "within two (2) years.", ["within two (2) years."]),
    ("a reference", "under section 5 (a) above.", ["under section 5 (a) above."]),
]
OVERLAPS = [
    ("the same", Span(0, 10), Span(0, 10), True),
    ("apart", Span(0, 10), Span(10, 20), False),
    ("twenty characters of long ones", Span(0, 100), Span(80, 180), True),
    ("nineteen characters of long ones", Span(0, 100), Span(81, 181), False),
    ("half of the shorter", Span(0, 10), Span(5, 100), True),
    ("less than half of the shorter", Span(0, 10), Span(6, 100), False),
    ("an empty one overlaps nothing", Span(5, 5), Span(0, 10), False),
]
TEXTS = st.text(alphabet=st.sampled_from("aB1 .;:!?\n()-“”\u00a0é"), max_size=300)


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in SENTENCES], ids=[r[0] for r in SENTENCES])
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert [span.of(text) for span in sentences(text)] == expected


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in LISTS], ids=[r[0] for r in LISTS])
def test_list_items_stand_alone_when_asked(text: str, expected: list[str]) -> None:
    assert [span.of(text) for span in sentences(text, split_lists=True)] == expected


@pytest.mark.parametrize(("a", "b", "same"), [row[1:] for row in OVERLAPS], ids=[r[0] for r in OVERLAPS])
def test_overlap(a: Span, b: Span, same: bool) -> None:
    assert overlap(a, b) is same
    assert overlap(b, a) is same


@given(TEXTS, st.booleans())
def test_sentences_hold_every_word_once_and_in_order(text: str, split_lists: bool) -> None:
    spans = sentences(text, split_lists=split_lists)
    assert all(span.of(text).strip() == span.of(text) != "" for span in spans)
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
    assert "".join("".join(s.of(text).split()) for s in spans) == "".join(text.split())


@given(TEXTS)
def test_blocks_have_no_blank_line_inside(text: str) -> None:
    assert all(not any(not line.strip() for line in b.of(text).split("\n")) for b in blocks(text))


def test_paragraphs_are_cut_every_1500_characters_and_headings_left_out() -> None:
    text = "HEADING\n\n" + "x" * 3020 + "\n\n  " + "y" * 40 + "  \n\n"
    assert [(p.of(text)[0], len(p)) for p in paragraphs(text)] == [("x", 1500), ("x", 1500), ("y", 40)]
