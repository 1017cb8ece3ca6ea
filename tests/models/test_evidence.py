"""Citations: a quote is verbatim at its place, or it is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.evidence import CitationAdapter, NotVerbatim, QuoteCitation, RecordCitation, check_quote


def quote(text: str, start: int, end: int) -> QuoteCitation:
    return QuoteCitation(document="contract", id="K-1", quote=text, start=start, end=end)


@given(st.text(min_size=1), st.data())
def test_any_part_of_a_text_can_be_quoted_and_nothing_else(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    check_quote(quote(text[start:end], start, end), text)
    with pytest.raises(NotVerbatim):
        other = "a" if text[start] != "a" else "b"
        check_quote(quote(text[start:end], start, end), text[:start] + other + text[start + 1 :])


def test_offsets_count_characters_as_people_do() -> None:
    """Code points: neither bytes nor UTF-16 units."""
    text = "Fees — 🙂 Änderungen only in writing"
    check_quote(quote("Änderungen", 9, 19), text)


@pytest.mark.parametrize(("start", "end"), [(0, 4), (3, 0), (-5, 0)])
def test_offsets_span_the_quote(start: int, end: int) -> None:
    with pytest.raises(ValidationError):
        quote("Hello", start, end)


def test_both_kinds_survive_json() -> None:
    for citation in (quote("Hi", 3, 5), RecordCitation(record="invoice", id="I-1", says="EUR 5, open")):
        assert CitationAdapter.validate_json(citation.model_dump_json()) == citation
