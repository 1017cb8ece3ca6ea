"""Text files as UTF-8, with the line of every byte that is not."""

import re
from pathlib import Path

from models.errors import Problem

_NEWLINE = re.compile(rb"\r\n|\r|\n")


def read_utf8(path: Path) -> tuple[str, list[Problem]]:
    """The text of a file, without a byte order mark, and a problem for each line that is not all UTF-8.

    Such bytes are replaced by U+FFFD, so that the rest of the file can still be checked."""
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        problems = []
        for number, line in enumerate(_NEWLINE.split(raw), start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                problems.append(Problem(str(path), number, "", f"not UTF-8 from byte {error.start + 1} on"))
        return raw.decode("utf-8-sig", errors="replace"), problems
