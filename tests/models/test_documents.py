"""Documents as plain text: what was written, in order, and what cannot be read said by name and reason."""

import io
from collections.abc import Callable, Sequence
from contextlib import suppress

import docx
import pytest
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Table

from models.text.documents import (
    DocumentCorrupt,
    DocumentEmpty,
    DocumentEncrypted,
    DocumentKindUnknown,
    UnreadableDocument,
    plain_text,
)

LONG = (
    "The Supplier shall pay for the Services the charges set out in this clause and in Schedule 2, to which "
    "value added tax is added where it is due, and the Client shall reimburse reasonable expenses at cost."
)


def pdf(story: Sequence[str | Table | PageBreak], *, head: str = "", foot: str = "") -> bytes:
    """A PDF of paragraphs, with a running head and foot on each page; {} in them is the page's number."""
    styles = getSampleStyleSheet()

    def margins(canvas, document) -> None:  # type: ignore[no-untyped-def]
        canvas.drawString(72, A4[1] - 40, head.format(document.page))
        canvas.drawString(72, 40, foot.format(document.page))

    out = io.BytesIO()
    flow = [Paragraph(item, styles["Normal"]) if isinstance(item, str) else item for item in story]
    SimpleDocTemplate(out, pagesize=A4, invariant=1).build(flow, onFirstPage=margins, onLaterPages=margins)
    return out.getvalue()


def word(fill: Callable[[docx.document.Document], None]) -> bytes:
    document = docx.Document()
    fill(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_wrapped_lines_of_a_pdf_are_joined_to_paragraphs() -> None:
    text = plain_text("a.pdf", pdf([f"1.1 {LONG}", f"1.2 {LONG}", "(a) one; or", "(b) two."]))
    assert text.split("\n\n") == [f"1.1 {LONG}", f"1.2 {LONG}", "(a) one; or", "(b) two."]


def test_heads_feet_and_page_numbers_of_a_pdf_are_left_out() -> None:
    pages = [f"{n}. Clause number {n} of this contract.<br/>It says {n} things." for n in range(1, 5)]
    story = [item for page in pages for item in (page, PageBreak())]
    text = plain_text("a.pdf", pdf(story, head="CONFIDENTIAL", foot="Services Agreement - page {} of 4"))
    assert "CONFIDENTIAL" not in text
    assert "Services Agreement" not in text
    assert [f"Clause number {n}" in text for n in range(1, 5)] == [True] * 4
    assert plain_text("a.pdf", pdf(["Only one page.", PageBreak(), "Another."], foot="{}")) == (
        "Only one page.\n\nAnother."
    )


def test_a_paragraph_that_a_page_cuts_is_whole_again() -> None:
    story = [f"{n}.1 {LONG}" for n in range(1, 40)]
    text = plain_text("a.pdf", pdf(story, foot="Page {}"))
    assert text.split("\n\n") == story


def test_the_rows_of_a_table_stay_lines() -> None:
    rows = [["Role", "Rate", "Unit"], ["Engineer", "EUR 640", "per day"], ["Partner", "EUR 1,900", "per day"]]
    expected = "\n".join("\t".join(row) for row in rows)
    assert expected in plain_text("a.pdf", pdf(["Rates:", Table(rows, colWidths=130), "End."]))

    def fill(document: docx.document.Document) -> None:
        document.add_paragraph("Rates:")
        table = document.add_table(rows=3, cols=3)
        for row, words in zip(table.rows, rows, strict=True):
            for cell, value in zip(row.cells, words, strict=True):
                cell.text = value
        document.add_paragraph("End.")

    assert plain_text("a.docx", word(fill)) == f"Rates:\n\n{expected}\n\nEnd."


def numbered(document: docx.document.Document, levels: Sequence[tuple[str, str]]) -> str:
    """Adds a list definition with a format and a text for each level; the id of a list of that kind."""
    part = document.part.numbering_part.element
    inner = "".join(
        f'<w:lvl w:ilvl="{n}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for n, (kind, text) in enumerate(levels)
    )
    definition = f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{inner}</w:abstractNum>'
    part.insert(0, parse_xml(definition))
    part.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))
    return "77"


def add_numbered(document: docx.document.Document, text: str, number: str, level: int) -> None:
    properties = document.add_paragraph(text)._p.get_or_add_pPr()
    holder = OxmlElement("w:numPr")
    for tag, value in (("w:ilvl", str(level)), ("w:numId", number)):
        child = OxmlElement(tag)
        child.set(qn("w:val"), value)
        holder.append(child)
    properties.append(holder)


def test_the_numbers_that_word_counts_are_there() -> None:
    def fill(document: docx.document.Document) -> None:
        number = numbered(document, [("decimal", "%1."), ("decimal", "%1.%2"), ("lowerLetter", "(%3)")])
        for text, level in (
            ("Fees", 0),
            ("Fees are due.", 1),
            ("by transfer; or", 2),
            ("in cash.", 2),
            ("Fees bear interest.", 1),
            ("Term", 0),
            ("One year.", 1),
        ):
            add_numbered(document, text, number, level)
        document.add_paragraph("Signed.")

    assert plain_text("a.docx", word(fill)).split("\n\n") == [
        "1. Fees",
        "1.1 Fees are due.",
        "(a) by transfer; or",
        "(b) in cash.",
        "1.2 Fees bear interest.",
        "2. Term",
        "2.1 One year.",
        "Signed.",
    ]


def test_roman_and_capital_numbers_of_word() -> None:
    def fill(document: docx.document.Document) -> None:
        number = numbered(document, [("upperRoman", "Article %1"), ("upperLetter", "%2.")])
        for _ in range(4):
            add_numbered(document, "Text", number, 0)
        add_numbered(document, "Text", number, 1)

    assert plain_text("a.docx", word(fill)).split("\n\n")[3:] == ["Article IV Text", "A. Text"]


def test_lists_by_style_are_marked() -> None:
    def fill(document: docx.document.Document) -> None:
        document.add_paragraph("first", style="List Number")
        document.add_paragraph("second", style="List Number")
        document.add_paragraph("point", style="List Bullet")

    assert plain_text("a.docx", word(fill)) == "1. first\n\n2. second\n\n• point"


def encrypted_pdf() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(["Secret."]))))
    writer.encrypt("password")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


UNREADABLE: dict[str, tuple[str, bytes, type[UnreadableDocument]]] = {
    "a kind that is not read": ("a.rtf", b"{\\rtf1}", DocumentKindUnknown),
    "no suffix": ("contract", b"text", DocumentKindUnknown),
    "an empty text": ("a.txt", b" \n\x00 \n", DocumentEmpty),
    "a text in another encoding": ("a.txt", "Gebühr".encode("latin-1"), DocumentCorrupt),
    "a PDF with a password": ("a.pdf", encrypted_pdf(), DocumentEncrypted),
    "a PDF without words": ("a.pdf", pdf([PageBreak()]), DocumentEmpty),
    "a PDF cut short": ("a.pdf", pdf(["Text."])[:400], DocumentCorrupt),
    "no PDF at all": ("a.pdf", b"MZ\x90\x00", DocumentCorrupt),
    "nothing": ("a.pdf", b"", DocumentCorrupt),
    "a Word document with a password": (
        "a.docx",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        DocumentEncrypted,
    ),
    "a Word document without words": ("a.docx", word(lambda document: None), DocumentEmpty),
    "a Word document cut short": ("a.docx", word(lambda document: None)[:5000], DocumentCorrupt),
    "a zip that is no Word document": ("a.docx", b"PK\x05\x06" + bytes(18), DocumentCorrupt),
}


@pytest.mark.parametrize(("file", "content", "error"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_said_with_the_files_name(
    file: str, content: bytes, error: type[UnreadableDocument]
) -> None:
    with pytest.raises(error) as caught:
        plain_text(file, content)
    assert type(caught.value) is error
    assert file in caught.value.sentence


def test_text_is_kept_but_for_what_is_no_text() -> None:
    raw = "\ufeffThe ﬁrst\r\nline\x0b \x07of\x00 soft\u00adware  \n\n\n\n§ 2 ﬂow\x0cnext\r"
    assert plain_text("A.TXT", raw.encode()) == "The first\nline of software\n\n§ 2 flow\nnext"


@given(st.one_of(st.text(), st.text(alphabet="\r\n\x0c\u2028 aﬁ\x00\u00ad")))
def test_reading_is_stable(raw: str) -> None:
    """Text that was read once reads as itself."""
    try:
        once = plain_text("a.txt", raw.encode("utf-8", "replace"))
    except DocumentEmpty:
        return
    assert plain_text("a.txt", once.encode()) == once


@given(st.binary(max_size=300), st.sampled_from(["a.pdf", "a.docx", "a.txt"]))
def test_any_bytes_are_read_or_refused(content: bytes, file: str) -> None:
    for raw in (content, b"%PDF-1.7\n" + content + b"\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF"):
        with suppress(UnreadableDocument):
            plain_text(file, raw)
