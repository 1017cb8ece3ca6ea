"""Texts and JSON without personal data: names and ids that are known are replaced by salted hashes, so that
the same person stays the same within one export and is nobody outside it. Pure.

What it cannot know (a nickname, a client's employee who stands in no table) may remain in free text; titles
with a name after them, addresses and numbers of accounts are taken out by their form, and `left_over` says
what still looks like somebody."""

import copy
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from models.text.known_names import KnownNames, parts, seen

_ADDRESS = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*"  # mail
    r"|<@\w+>"  # somebody in a chat
    r"|\b(?i:https?://|www\.)\S+"
    r"|\b(?i:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})\b"  # a UUID
    r"|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"  # an IBAN
    r"|(?<![\w.,])(?:\+|\(|0)[ ]?\(?\d[\d ()/.-]{5,}\d(?!\w)"  # a telephone number
    r"|(?<![\w.,-])\d{3}[-. ]\d{3}[-. ]\d{4}(?!\w)"
)
_SOMEBODY = r"(?:\w+:[0-9a-f]{12}|\[name\]|[A-ZÀ-Þ][\w'’-]+)"
_TITLED = re.compile(
    rf"\b(?:Mr|Mrs|Ms|Mx|Dr|Prof|Herrn?|Frau|Dear|Hello|Hi|Hallo|Liebe[r]?)\b\.?\s+{_SOMEBODY}(?:\s+{_SOMEBODY})?"
)
_STRANGER = re.compile(r"\b[A-ZÀ-Þ][a-zß-ÿ'’]+[ -](?:[A-ZÀ-Þ]\.? )?[A-ZÀ-Þ][a-zß-ÿ'’]{2,}\b")
_NUMBER = re.compile(r"\b\d{7,}\b")
_PARTIES = frozenset({"requested_by"})  # free text that names somebody outside the firm
_WORDS_OF_OURS = frozenset(
    {
        "action",
        "category",
        "contract_kind",
        "currency",
        "event",
        "kind",
        "kinds",
        "operation",
        "proposer_roles",
    }
    | {"sensitivity", "severity", "state", "system", "tone", "unknown"}
)  # fields that hold a word of a closed list
_OF_RECORDS = frozenset({"practice", "role", "skill"})  # short texts that name no one
_LEGAL = re.compile(
    r"ag|bv|co|corp|gmbh|group|holding|inc|kg|limited|ll[cp]|ltd|nv|oy|plc|sa|se|srl|the", re.IGNORECASE
)  # words of a company's name that are no part of how it is called
_GENERIC = 4  # letters of a number that is an id: shorter ones are numbers
DIGITS = 12  # hex digits of a pseudonym: 48 bits


@dataclass(frozen=True)
class Known:
    """Something of the firm that must not be recognised."""

    what: str  # person, client, ...
    id: str
    name: str | None


@dataclass(frozen=True)
class LeftOver:
    """Words that may still be somebody."""

    where: str  # the path in the JSON, e.g. before.statement
    words: str
    why: str


class Pseudonyms:
    """Replaces what is known, under one salt. Whoever has the salt and the firm's records can tell who is
    who: keep it, or throw it away, apart from the export."""

    def __init__(self, known: Iterable[Known], salt: bytes) -> None:
        self._salt = salt
        self._ids: dict[str, str] = {}
        self._names = KnownNames()
        for thing in known:
            stands_for = f"{thing.what}:{self.of(thing.id)}"
            self._ids[thing.id.casefold()] = stands_for
            self._add_id(thing.id, stands_for)
            if thing.name:
                self._add_name(thing.what, thing.name, stands_for)

    def of(self, id_: str) -> str:
        """The pseudonym of an id."""
        return hmac.new(self._salt, id_.encode(), hashlib.sha256).hexdigest()[:DIGITS]

    def number(self, of: str, below: int) -> int:
        """A number that the salt draws for something: the same each time, from 0."""
        drawn = hmac.new(self._salt, b"number:" + of.encode(), hashlib.sha256).digest()
        return int.from_bytes(drawn[:8], "big") % below

    def knowing(self, *values: Any) -> Self:
        """These, and the ids that stand in some JSON: of time entries, requests and the like."""
        ids = {id_ for value in values for id_ in _ids_in(value)} - set(self._ids)
        if not ids:
            return self
        more = copy.copy(self)
        more._ids, more._names = dict(self._ids), self._names.copy()
        for id_ in sorted(ids):
            stands_for = f"record:{self.of(id_)}"
            if more._ids.setdefault(id_.casefold(), stands_for) == stands_for:
                more._add_id(id_, stands_for)
        return more

    def text(self, words: str) -> str:
        """A text without what is known."""
        words = _ADDRESS.sub("[address]", seen(words))
        return _TITLED.sub("[name]", self._names.replaced(words))

    def json(self, value: Any, key: str = "") -> Any:
        """Any JSON without what is known. A field that is an id is replaced whether or not it is known."""
        if isinstance(value, Mapping):
            return {k: self.json(v, k) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.json(v, key) for v in value]
        if not isinstance(value, str) or not value or key in _WORDS_OF_OURS:
            return value
        if key in _PARTIES:
            return "[name]"
        if _is_id(key):
            return (
                self._ids.get(value.casefold())
                or f"{key.removesuffix('s').removesuffix('_id')}:{self.of(value)}"
            )
        return self.text(value)

    def _add_id(self, id_: str, stands_for: str) -> None:
        if len(id_) > _GENERIC or not id_.isdigit():
            self._names.add(id_, stands_for)

    def _add_name(self, what: str, name: str, stands_for: str) -> None:
        words = parts(name)
        if what == "person":
            self._names.add_person(name, stands_for)
        elif what != "contract" or len(words) > 1:  # a contract that is called Framework is no name
            self._names.add(name, stands_for)
        if what == "client":
            core = [word for word in words if not _LEGAL.fullmatch(word)]
            for count in range(1, len(core)):
                self._names.add(" ".join(core[:count]), stands_for, capital=True)
            self._names.add(" ".join(core) or name, stands_for)


def left_over(value: Any, key: str = "", where: str = "") -> Iterator[LeftOver]:
    """What in a JSON without what is known may still be personal: by its form alone, so it is a question to
    a reader. Fields with short texts of the records (roles, skills) are left out."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from left_over(inner, name, f"{where}.{name}".lstrip("."))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from left_over(inner, key, f"{where}[{number}]")
    elif isinstance(value, str) and key not in _WORDS_OF_OURS | _OF_RECORDS and not _is_id(key):
        for pattern, why in _LOOKS_LIKE:
            for found in pattern.finditer(value):
                yield LeftOver(where, found[0], why)


_LOOKS_LIKE = (
    (_ADDRESS, "looks like an address or a number of somebody"),
    (_TITLED, "a name may follow the title"),
    (_STRANGER, "may be somebody's name"),
    (_NUMBER, "may be the number of a record"),
)


def _is_id(key: str) -> bool:
    return key.endswith(("_id", "_ids")) or key in ("beneficiaries", "subjects")


def _ids_in(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _ids_in(inner, name)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _ids_in(inner, key)
    elif isinstance(value, str) and value and _is_id(key):
        yield value
