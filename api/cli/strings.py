"""`python -m api.cli.strings`: every string of the pages, in one file for translators: a gettext template."""

import ast
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from jinja2.ext import extract_from_ast

from api import wording
from api.cli.console import console
from api.web.i18n import DOMAIN, LOCALE
from api.web.render import environment

API = Path(__file__).parents[1]
HEADER = r"""# Every string of Chargehand's pages, made by `make strings`.
msgid ""
msgstr ""
"Project-Id-Version: Chargehand\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"""

Message = str | tuple[str, str]  # with its plural


def main() -> None:
    """Write the catalogue."""
    file = LOCALE / f"{DOMAIN}.pot"
    file.write_text(catalogue(), encoding="utf-8")
    console.print(f"{file}: {file.read_text(encoding='utf-8').count('msgid ') - 1} strings")


def catalogue() -> str:
    """The gettext template, in the order of files and of first use."""
    places: dict[Message, list[str]] = defaultdict(list)
    for where, message in [*_in_templates(), *_in_python()]:
        if where not in places[message]:
            places[message].append(where)
    return HEADER + "".join(_entry(message, found) for message, found in places.items())


def _in_templates() -> Iterator[tuple[str, Message]]:
    found = environment()
    for file in sorted((API / "web" / "templates").glob("*.html")):
        source = file.read_text(encoding="utf-8")
        for _, _, said in extract_from_ast(found.parse(source), babel_style=False):
            match said:
                case (str(message),):
                    yield _place(file), message
                case (str(one), str(many)):
                    yield _place(file), (one, many)


def _in_python() -> Iterator[tuple[str, Message]]:
    for file in sorted(API.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="N_"), args=[ast.Constant(value=str(message))]):
                    yield _place(file), message
    for called in (wording.KINDS, wording.STATES, wording.EFFECTS, wording.SYSTEMS, wording.FIELDS):
        yield from (("api/wording.py", words) for words in called.values())


def _place(file: Path) -> str:
    return file.relative_to(API.parent).as_posix()


def _entry(message: Message, places: list[str]) -> str:
    at = "".join(f"#: {place}\n" for place in places)
    if isinstance(message, str):
        return f'\n{at}msgid {_quoted(message)}\nmsgstr ""\n'
    one, many = map(_quoted, message)
    return f'\n{at}msgid {one}\nmsgid_plural {many}\nmsgstr[0] ""\nmsgstr[1] ""\n'


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # the same escapes as in PO files


if __name__ == "__main__":
    main()
