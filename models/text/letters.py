"""A message as a letter: who wrote it, and which part of it is the body. Headers, greetings, signatures and
the mail that is answered are no part of what is asked."""

import re
from dataclasses import dataclass

from models.text.spans import Span, trimmed

_HEADER = re.compile(r"(?:from|to|cc|bcc|sent|date|subject|reply-to|von|an|betreff)\s*:.*", re.IGNORECASE)
_FROM = re.compile(r"from\s*:\s*(?P<name>[^<\n]*?)\s*(?:<[^>\n]*>|$)", re.IGNORECASE)
_QUOTED = re.compile(
    r"^(?:>.*|on .{6,80} wrote:|-{2,}\s*original message\s*-*|_{10,})\s*$", re.IGNORECASE | re.MULTILINE
)
_CLOSING = re.compile(
    r"^[ \t]*(?:(?:with\s+)?(?:many|best|kind|warm|kindest|all the)?\s*(?:regards|wishes|thanks|best|"
    r"cheers)(?: and thanks)?"
    r"|thanks(?: a lot| again| in advance| very much)?|thank you|yours(?: \w+)?|sincerely(?: yours)?|"
    r"kind(?:est)? regards|greetings|br|kr|-{2})[ \t]*[,.!]?[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_GREETING = re.compile(
    r"^[ \t]*(?:hi|hello|hey|dear|good (?:morning|afternoon|day)|morning|"
    r"afternoon)\b[^\n.?]{0,40}[,!:–-]?[ \t]*(?:\n|$)|"
    r"^[ \t]*(?:hi|hello|hey|dear)\s+[A-Z][\w-]+,",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d_][\w'’.-]*(?: (?:[^\W\d_][\w'’.-]*)){1,3}")
_TITLE = re.compile(
    r"\b(?:head|chief|director|manager|officer|lead|sponsor|partner|owner|president|vp|buyer|analyst|"
    r"controller|"
    r"c[a-z]o|specialist|coordinator|executive)\b",
    re.IGNORECASE,
)
_COMPANY = re.compile(
    r"\b(?:ltd|plc|inc|gmbh|ag|llc|llp|s\.?a\.?|corp|limited|group|se|kg|bv|sl)\b\.?$", re.IGNORECASE
)


@dataclass(frozen=True)
class Sender:
    """Who signed a message; empty where it does not say."""

    name: str = ""
    title: str = ""


def body(text: str) -> Span:
    """Where the message itself stands: behind headers and greeting, before the signature and whatever is
    quoted from an earlier mail."""
    start = 0
    end = len(text)
    if quoted := _QUOTED.search(text):
        end = quoted.start() if text[: quoted.start()].strip() else end
    start = _behind_headers(text)
    if (closing := list(_CLOSING.finditer(text, start, end))) and text[start : closing[-1].start()].strip():
        end = closing[-1].start()
    if greeting := _GREETING.match(text[start:end].lstrip("\n")):
        start += len(text[start:end]) - len(text[start:end].lstrip("\n")) + greeting.end()
    return trimmed(text, start, end)


def sender(text: str) -> Sender:
    """Name and title of whoever signed, or else the name in the From header."""
    closings = list(_CLOSING.finditer(text))
    lines = [line.strip(" ,") for line in text[closings[-1].end() :].splitlines()] if closings else []
    lines = [line for line in lines if line][:6]
    names = [n for n, line in enumerate(lines) if _is_name(line)]
    if names:
        after = lines[names[0] + 1 : names[0] + 3]
        return Sender(lines[names[0]], next((line for line in after if _TITLE.search(line)), ""))
    header = next((m for line in text.splitlines()[:12] if (m := _FROM.match(line.strip()))), None)
    if header and header["name"]:
        return Sender(header["name"].strip('" '))
    first = lines[0] if lines and len(lines[0].split()) == 1 and lines[0][0].isupper() else ""
    return Sender(first)


def _is_name(line: str) -> bool:
    capitals = sum(word[0].isupper() for word in line.split())
    return (
        bool(_NAME.fullmatch(line))
        and capitals >= 2
        and not _TITLE.search(line)
        and not _COMPANY.search(line)
    )


def _behind_headers(text: str) -> int:
    """Behind the header lines that a pasted mail begins with."""
    at = 0
    for line in text.splitlines(keepends=True):
        if line.strip() and not _HEADER.fullmatch(line.strip()):
            return at
        at += len(line)
    return 0
