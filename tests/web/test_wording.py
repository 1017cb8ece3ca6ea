"""How values and untrusted texts become page text."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from api.hidden import visible
from api.web.markup import money, prose
from api.web.render import environment
from api.wording import amount, columns, field, number, plain
from models.money import Money


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain text, 100 %", "plain text, 100 %", id="plain"),
        pytest.param(
            "Zofia Wójcik, Nguyễn, 日本, العربية",
            "Zofia Wójcik, Nguyễn, 日本, العربية",
            id="names of the world",
        ),
        pytest.param("a\r\nb\tc", "a\nb\tc", id="lines and tabs"),
        pytest.param("a\rb", "a⟦U+000D⟧b", id="a bare carriage return overwrites the line"),
        pytest.param("a\u202eb", "a⟦U+202E⟧b", id="right-to-left override"),
        pytest.param("a\u2066b\u2069", "a⟦U+2066⟧b⟦U+2069⟧", id="isolates"),
        pytest.param("a\u200bb\ufeff", "a⟦U+200B⟧b⟦U+FEFF⟧", id="zero width"),
        pytest.param("a\u00adb", "a⟦U+00AD⟧b", id="soft hyphen"),
        pytest.param("a\u3164b", "a⟦U+3164⟧b", id="a letter drawn as nothing"),
        pytest.param("a\U000e0041b", "a⟦U+E0041⟧b", id="tag characters, which hide instructions"),
        pytest.param("a\x1b[2Jb", "a⟦U+001B⟧[2Jb", id="escape"),
        pytest.param("a\u200db", "a⟦U+200D⟧b", id="a joiner between Latin letters"),
        pytest.param("👩\u200d🔧", "👩\u200d🔧", id="a joiner in an emoji"),
        pytest.param("می\u200cخواهم", "می\u200cخواهم", id="a non-joiner in Persian"),
        pytest.param("⚠\ufe0f", "⚠\ufe0f", id="an emoji's variation selector"),
    ],
)
def test_hidden_characters_are_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_nothing_shown_hides_or_turns_text(text: str) -> None:
    shown = visible(text)
    assert not set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u200b\u061c\x00\x1b"
    ) & set(shown)
    assert visible(shown) == shown, "what is shown is shown as it is"


@given(st.text())
def test_templates_escape_and_show_every_text(text: str) -> None:
    """Whatever a template writes with {{ }}, in text or in an attribute."""
    template = environment().from_string('<p title="{{ t }}">{{ t }}</p>')
    safe = str(escape(visible(text)))
    assert template.render(t=text) == f'<p title="{safe}">{safe}</p>'


@given(st.text())
def test_prose_lets_no_markup_through(text: str) -> None:
    allowed = ("<p>", "</p>", "<ul>", "</ul>", "<ol>", "</ol>", "<li>", "</li>", "<strong>", "</strong>")
    left = str(prose(text))
    for tag in allowed:
        left = left.replace(tag, "")
    assert "<" not in left and ">" not in left


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One.\nTwo.", "<p>One.</p><p>Two.</p>"),
        ("Found:\n1. a\n2. b\nDone.", "<p>Found:</p><ol><li>a</li><li>b</li></ol><p>Done.</p>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("- a\n1. b", "<ul><li>a</li></ul><ol><li>b</li></ol>"),
        ("**EUR 5** & <b>", "<p><strong>EUR 5</strong> &amp; &lt;b&gt;</p>"),
        ("-5 is a number", "<p>-5 is a number</p>"),
    ],
)
def test_prose_draws_paragraphs_and_lists(text: str, html: str) -> None:
    assert prose(text) == html


def test_an_undefined_name_in_a_template_is_an_error() -> None:
    with pytest.raises(Exception, match="undefined"):
        environment().from_string("{{ nothing }}").render()


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("starts_on", "First day"),
        ("project_id", "Project ID"),
        ("requested_by", "Requested by"),
        ("why", "Why"),
    ],
)
def test_fields_have_names_for_people(name: str, label: str) -> None:
    assert field(name) == label


def test_amounts_and_numbers() -> None:
    assert "15,360.00" in money(Money(amount=Decimal("15360"), currency="EUR"))
    assert [number(v) for v in (1234.5, Decimal("40.00"), 7)] == ["1,234.5", "40", "7"]


def test_machine_words_are_written_as_words_and_others_left_alone() -> None:
    assert plain("out_of_scope") == "out of scope"
    assert plain("PJ_001 stays_as it is") == "PJ_001 stays_as it is"


def test_tables_begin_with_names_and_end_with_long_texts() -> None:
    rows = [{"why": "x" * 80, "hours": "12", "item": "Dashboards", "person_id": "P-1", "person": "Carl"}]
    assert columns(rows) == ["item", "person", "hours", "why"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(0, "0", id="nothing"),
        pytest.param(0.9376, "0.94", id="two digits"),
        pytest.param(9.9999, "10", id="no digit that only rounding made"),
        pytest.param(39.04, "39", id="no fraction where it is not known"),
        pytest.param(654.6, "655", id="three from a hundred on"),
        pytest.param(-12_345, "-12,300", id="no more than three"),
    ],
)
def test_figures_that_are_not_exact(value: float, shown: str) -> None:
    assert amount(value) == shown
