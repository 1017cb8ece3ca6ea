"""Writes a contract as plain text, PDF or Word. The same draft gives the same bytes."""

from __future__ import annotations

import io
import textwrap
import zipfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from docx import Document
from docx.document import Document as WordDocument
from docx.shared import Pt
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from demo.contract_text import Clause, Draft, Section

FileKind = Literal["txt", "pdf", "docx"]
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest moment that a zip archive can hold


def write(draft: Draft, path: Path, *, width: int | None) -> None:
    """Writes the draft in the format that the path's suffix names. `width` wraps plain text."""
    if path.suffix == ".pdf":
        _pdf(draft, path)
    elif path.suffix == ".docx":
        _docx(draft, path)
    else:
        path.write_text(_plain(draft, width), encoding="utf-8", newline="\n")


def _line(clause: Clause) -> str:
    return f"{clause.number} {clause.text}" if clause.number else clause.text


def _plain(draft: Draft, width: int | None) -> str:
    blocks = [draft.title.upper(), *draft.preamble]
    for section in (*draft.sections, *draft.schedules):
        blocks += [section.heading, *(_line(c) for c in section.clauses)]
        if section.table:
            wide = max(len(row[0]) for row in section.table) + 2
            blocks.append("\n".join(f"{row[0]:<{wide}}{row[1]:>12}  {row[2]}" for row in section.table))
    folded = [
        b if width is None or "\n" in b else textwrap.fill(b, width, break_on_hyphens=False) for b in blocks
    ]
    return "\n\n".join(folded) + "\n\nSigned for both parties.\n"


class _Whole(Paragraph):  # type: ignore[misc]  # reportlab has no types
    """A paragraph that moves to the next page whole, so that a page's foot never lands in a sentence."""

    def split(self, _width: float, _height: float) -> list[Flowable]:
        return []


@cache
def _fonts() -> tuple[str, str]:
    """Registers a regular and a bold face that have every letter of the people's names: those that come
    with matplotlib, which itself would take long to import."""
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("matplotlib", name="matplotlib")
    folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
    for face, file in (("Serif", "DejaVuSerif.ttf"), ("Serif-Bold", "DejaVuSerif-Bold.ttf")):
        pdfmetrics.registerFont(TTFont(face, str(folder / file)))
    return "Serif", "Serif-Bold"


def _pdf(draft: Draft, path: Path) -> None:
    regular, bold = _fonts()
    body = ParagraphStyle("body", fontName=regular, fontSize=9.5, leading=14, spaceAfter=5)
    head = ParagraphStyle("head", body, fontName=bold, fontSize=10.5, spaceBefore=9, keepWithNext=1)
    title = ParagraphStyle("title", head, fontSize=15, leading=20, alignment=TA_CENTER, spaceAfter=12)
    story: list[Flowable] = [_Whole(_escape(draft.title), title)]
    story += [_Whole(_escape(line), body) for line in draft.preamble]
    for section in (*draft.sections, *draft.schedules):
        story.append(_Whole(_escape(section.heading), head))
        story += [_Whole(_escape(_line(c)), body) for c in section.clauses]
        if section.table:
            rows = [list(row) for row in section.table]
            story += [Table(rows, hAlign="LEFT", style=[("FONTNAME", (0, 0), (-1, -1), regular)])]
            story.append(Spacer(1, 4 * mm))
    margins = {"leftMargin": 25 * mm, "rightMargin": 25 * mm, "topMargin": 22 * mm, "bottomMargin": 22 * mm}
    document = SimpleDocTemplate(str(path), pagesize=A4, title=draft.title, invariant=1, **margins)
    document.build(story, onFirstPage=_foot, onLaterPages=_foot)


def _foot(canvas: Canvas, _document: SimpleDocTemplate) -> None:
    canvas.setFont(_fonts()[0], 7.5)
    canvas.drawCentredString(A4[0] / 2, 12 * mm, f"Page {canvas.getPageNumber()}")


def _escape(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;")


def _docx(draft: Draft, path: Path) -> None:
    document = Document()
    document.styles["Normal"].font.size = Pt(10.5)
    document.core_properties.title = draft.title
    document.add_heading(draft.title, level=0)
    for line in draft.preamble:
        document.add_paragraph(line)
    for section in (*draft.sections, *draft.schedules):
        document.add_heading(section.heading, level=1)
        for clause in section.clauses:
            document.add_paragraph(_line(clause))
        if section.table:
            _add_table(document, section)
    raw = io.BytesIO()
    document.save(raw)
    path.write_bytes(_without_clock(raw))


def _add_table(document: WordDocument, section: Section) -> None:
    table = document.add_table(rows=len(section.table), cols=len(section.table[0]))
    table.style = "Light Grid Accent 1"
    for column, words in zip(table.columns, zip(*section.table, strict=True), strict=True):
        for cell, word in zip(column.cells, words, strict=True):  # a column's cells are found at once
            cell.text = word


def _without_clock(raw: io.BytesIO) -> bytes:
    """The same archive with every entry dated alike: python-docx stamps them with the time of writing."""
    clean = io.BytesIO()
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(clean, "w") as target:
        for entry in source.infolist():
            stamped = zipfile.ZipInfo(entry.filename, _EPOCH)
            target.writestr(stamped, source.read(entry), zipfile.ZIP_DEFLATED)
    return clean.getvalue()
