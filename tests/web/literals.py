"""Words that a template says without asking for their translation."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from jinja2 import Environment, nodes

VISIBLE = frozenset({"title", "aria-label", "placeholder", "alt", "aria-description"})
QUIET = frozenset({"code", "kbd", "style", "script"})  # what the machine says is said the same everywhere
NAMES = re.compile(r"\bChargehand\b|\bD\b")
LETTERS = re.compile(r"[A-Za-z]{2,}")
NO_WORDS = re.compile(r"&\w+;|[\w-]+=\"[^\"]*\"")  # and attributes that a block adds to a tag


def literals(env: Environment, source: str) -> list[str]:
    """What the template's HTML and expressions say as they stand, where people see or hear it."""
    page = _Page()
    page.feed("".join(_skeleton(env, source)))
    page.close()
    return [*page.found, *_held(env, source)]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[str] = []
        self._quiet = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._quiet += tag in QUIET
        for name, value in attrs:
            if name in VISIBLE and value:
                self._note(value)

    def handle_endtag(self, tag: str) -> None:
        self._quiet -= tag in QUIET

    def handle_data(self, data: str) -> None:
        if not self._quiet:
            self._note(data)

    def _note(self, text: str) -> None:
        left = NAMES.sub("", NO_WORDS.sub("", text)).strip()
        if LETTERS.search(left):
            self.found.append(" ".join(left.split()))


def _skeleton(env: Environment, source: str) -> Iterator[str]:
    """The template's HTML, with what its expressions may literally say in their places."""
    translated, tokens = False, iter(env.lex(source))
    for _, kind, text in tokens:
        if kind == "data" and not translated:
            yield text
        elif kind in ("variable_begin", "block_begin"):
            inner = "".join(_until(tokens, kind.replace("begin", "end")))
            if kind == "variable_begin":
                yield " ".join(_said(env, inner)) if not translated else ""
            elif inner.strip().startswith("trans"):
                translated = True
            elif inner.strip() == "endtrans":
                translated = False


def _until(tokens: Iterator[tuple[int, str, str]], end: str) -> Iterator[str]:
    for _, kind, text in tokens:
        if kind == end:
            return
        yield text


def _said(env: Environment, expression: str) -> Iterator[str]:
    output = env.parse("{{" + expression + "}}").find(nodes.Output)
    for node in output.nodes if output else ():
        yield from _constants(node)


def _constants(node: nodes.Node | None) -> Iterator[str]:
    match node:
        case nodes.Const(value=str(text)):
            yield text
        case nodes.CondExpr(expr1=one, expr2=other):
            yield from _constants(one)
            yield from _constants(other)
        case nodes.Or() | nodes.And() | nodes.Add():
            yield from _constants(node.left)
            yield from _constants(node.right)
        case nodes.Concat():
            for part in node.nodes:
                yield from _constants(part)
        case nodes.Filter(name="translate") | nodes.Call(node=nodes.Name(name="_")):
            return
        case nodes.Filter(node=inner):
            yield from _constants(inner)
        case nodes.Call(args=args, kwargs=kwargs):
            words = [*args, *(pair.value for pair in kwargs)]
            yield from (w for a in words for w in _constants(a) if w[:1].isupper())


def _held(env: Environment, source: str) -> Iterator[str]:
    """Words that a template keeps in its variables."""
    for node in env.parse(source).find_all((nodes.Assign, nodes.For)):
        kept = node.node if isinstance(node, nodes.Assign) else node.iter  # type: ignore[attr-defined]
        asked = {id(c) for call in kept.find_all(nodes.Call) for c in call.find_all(nodes.Const)}
        for const in [*kept.find_all(nodes.Const), *([kept] if isinstance(kept, nodes.Const) else [])]:
            if isinstance(const.value, str) and id(const) not in asked and const.value[:1].isupper():
                yield const.value
