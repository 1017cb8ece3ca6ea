"""Documents as plain text: .txt, .md, .pdf and .docx. The same bytes always give the same text.

Blocks (paragraphs, headings, table rows) are apart by a blank line wherever the format tells them apart. A
PDF knows only lines on pages, so wrapped lines are joined again, and what repeats at the top or bottom of its
pages is left out, as are page numbers."""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from math import ceil
from pathlib import PurePath
from typing import ClassVar

import docx
from docx.document import Document as WordDocument
from docx.opc.exceptions import OpcError
from docx.table import Table
from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError, PyPdfError

from models.errors import ChargehandError, Retry
from models.text.word_numbering import Numbering


class UnreadableDocument(ChargehandError):
    """The document {file} cannot be read."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class DocumentKindUnknown(UnreadableDocument):
    """The document {file} is of a kind that is not read: it must end in .txt, .md, .pdf or .docx."""


class DocumentEncrypted(UnreadableDocument):
    """The document {file} is encrypted: save it without a password."""


class DocumentEmpty(UnreadableDocument):
    """The document {file} has no text: it is empty, or a scan without recognised text."""


class DocumentCorrupt(UnreadableDocument):
    """The document {file} is damaged, or not what its name says: {reason}"""


def plain_text(file: str, content: bytes) -> str:
    """The text of a document, of the kind that its name's suffix says.

    Lines end in \\n; control characters, soft hyphens and typographic ligatures are gone.

    Raises:
        DocumentKindUnknown, DocumentEncrypted, DocumentEmpty, DocumentCorrupt: naming the file.
    """
    read = _READERS.get(PurePath(file).suffix.lower())
    if read is None:
        raise DocumentKindUnknown(file=file)
    text = _clean(read(file, content))
    if not text:
        raise DocumentEmpty(file=file)
    return text


_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\xad\ufeff\ufffe\uffff]")
_LINE_END = re.compile(r"\r\n?|[\x0c\u2028\u2029\x85]")


def _clean(text: str) -> str:
    text = _NOT_TEXT.sub("", _LINE_END.sub("\n", text)).translate(_LIGATURES)
    text = text.encode("utf-8", "replace").decode("utf-8")  # lone surrogates are not text
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _read_text(file: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentCorrupt(file=file, reason=f"not UTF-8 from byte {error.start + 1} on") from error


# Word


def _read_word(file: str, content: bytes) -> str:
    if content.startswith(b"\xd0\xcf\x11\xe0"):  # an OLE container: how Word stores encrypted documents
        raise DocumentEncrypted(file=file)
    try:
        document = docx.Document(io.BytesIO(content))
        return "\n\n".join(_word_blocks(document))
    # XML that is not well formed is a SyntaxError to lxml.
    except (OpcError, SyntaxError, zipfile.BadZipFile, LookupError, ValueError) as error:
        raise DocumentCorrupt(file=file, reason=_reason(error)) from error


def _word_blocks(document: WordDocument) -> Iterable[str]:
    numbering = Numbering(document)
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            yield "\n".join(_CELL.join(cell.text.strip() for cell in row.cells) for row in item.rows)
        elif item.text.strip():
            label = numbering.label(item)
            yield f"{label} {item.text.strip()}" if label else item.text.strip()


# PDF

_MARGIN_LINES = 3  # a block of more lines at a page's end is no header or footer
_WIDE_GAP = re.compile(r"\s{3,}")
_CELL = "\t"  # between the cells of a table's row
_PAGE_NUMBER = re.compile(r"(?:page\s*)?[-–—(\[]*\s*\d{1,4}\s*[-–—)\]]*(?:\s*(?:of|/)\s*\d{1,4})?", re.I)
_ITEM = re.compile(  # what starts a line of its own, however full the line before it was
    r"(?:\(?[a-zA-Z]{1,4}\)|\(?\d{1,2}\)|\d{1,2}(?:\.\d{1,2})*\.?|[-*•·–—▪]"
    r"|(?:ARTICLE|Article|SECTION|Section|SCHEDULE|Schedule|ANNEX|Annex|APPENDIX|Appendix|EXHIBIT|Exhibit)\s\w+[.:]?)"
    r"(?:\s|$)"
)
# pypdf meets damage in many forms; what it raises on damaged files is not only its own errors.
_DAMAGE = (
    PyPdfError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)


def _read_pdf(file: str, content: bytes) -> str:
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentEncrypted(file=file)
        pages = [_page_blocks(page.extract_text(extraction_mode="layout")) for page in reader.pages]
    except FileNotDecryptedError as error:
        raise DocumentEncrypted(file=file) from error
    except _DAMAGE as error:
        raise DocumentCorrupt(file=file, reason=_reason(error)) from error
    return _joined(_without_margins(pages))


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__


def _page_blocks(layout: str) -> list[list[str]]:
    """A page's lines without their indentation, blank lines between blocks."""
    lines = [
        _CELL.join(" ".join(part.split()) for part in _WIDE_GAP.split(row.strip()))
        for row in layout.split("\n")
    ]
    return [list(block) for filled, block in groupby(lines, key=bool) if filled]


def _without_margins(pages: Sequence[list[list[str]]]) -> list[list[list[str]]]:
    """The pages without page numbers at their ends, and without the lines that the first or last blocks of
    most pages have in common, whatever the numbers in them."""
    repeated: Counter[str] = Counter()
    for blocks in pages:
        repeated.update({_mask(line) for i in _margins(blocks) for line in blocks[i]})
    needed = max(2, ceil(0.6 * len(pages)))
    kept = []
    for blocks in pages:
        inner = [
            [line for line in block if repeated[_mask(line)] < needed and not _PAGE_NUMBER.fullmatch(line)]
            if i in _margins(blocks)
            else block
            for i, block in enumerate(blocks)
        ]
        kept.append([block for block in inner if block])
    return kept


def _margins(blocks: Sequence[list[str]]) -> set[int]:
    """Which of a page's blocks may be its header or footer."""
    return {i for i in (0, len(blocks) - 1) if 0 <= i < len(blocks) and len(blocks[i]) <= _MARGIN_LINES}


def _mask(line: str) -> str:
    return re.sub(r"\d+", "0", line.casefold())


def _joined(pages: Iterable[list[list[str]]]) -> str:
    """The lines of all pages as paragraphs, wrapped lines joined; the rows of a table stay lines. A paragraph
    that a page's end cuts is whole again where its next line runs on in lower case."""
    paragraphs: list[str] = []
    for page in pages:
        width = max((len(line) for block in page for line in block if _CELL not in line), default=0)
        for position, block in enumerate(page):
            last = paragraphs[-1] if paragraphs and position == 0 else ""
            cut = last != "" and last[-1] not in ".:;" and block[0][0].islower()
            before = last if cut else ""
            for line in block:
                if cut or (before and _runs_on(before, line, width)):
                    paragraphs[-1] = _continued(paragraphs[-1], line)
                elif _CELL in before and _CELL in line:
                    paragraphs[-1] += f"\n{line}"
                else:
                    paragraphs.append(line)
                before, cut = line, False
    return "\n\n".join(paragraphs)


def _runs_on(line: str, following: str, width: int) -> bool:
    """Whether a line was wrapped: the first word of the next one had hardly room left on it. Letters differ
    in width, so one that ends within a sentence need not be as full as one that ends with it."""
    if _CELL in line or _CELL in following:
        return False
    ended = line[-1] in ".:;!?"
    full = len(line) + 1 + len(following.partition(" ")[0]) > (0.9 if ended else 0.6) * width
    return full and not (_ITEM.match(following) and (ended or line[-1] == ","))


def _continued(text: str, line: str) -> str:
    """A hyphen at a line's end stays: only the writer knows whether it belongs to the word."""
    return text + line if re.search(r"\w-$", text) else f"{text} {line}"


_READERS: dict[str, Callable[[str, bytes], str]] = {
    ".txt": _read_text,
    ".md": _read_text,
    ".pdf": _read_pdf,
    ".docx": _read_word,
}
