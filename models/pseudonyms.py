"""Texts and JSON without personal data: names and ids that are known are replaced by salted hashes, so that
the same person stays the same within one export and is nobody outside it. Pure.

What it cannot know (a nickname, a client's employee who stands in no table) may remain in free text; titles
with a name after them and addresses are taken out by their form."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<!\w)\+?\d[\d ()/-]{7,}\d(?!\w)")
_TITLED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Mx|Dr|Prof|Herr|Frau|Dear|Hello|Hi)\b\.?\s+[A-ZÀ-Þ][\w'’-]+(?:\s+[A-ZÀ-Þ][\w'’-]+)?"
)
_TOKEN = re.compile(r"\w+(?:[-'’]\w+)*")
_PARTIES = frozenset({"requested_by"})  # free text that names somebody outside the firm
SHORTEST = 3  # letters of a part of a name that is taken out when it stands alone
DIGITS = 12  # hex digits of a pseudonym: 48 bits


@dataclass(frozen=True)
class Known:
    """Something of the firm that must not be recognised."""

    what: str  # person, client, ...
    id: str
    name: str | None


class Pseudonyms:
    """Replaces what is known, under one salt. Whoever has the salt and the firm's records can tell who is
    who: keep it, or throw it away, apart from the export."""

    def __init__(self, known: Iterable[Known], salt: bytes) -> None:
        self._salt = salt
        self._tokens: dict[str, str] = {}
        phrases: dict[str, str] = {}
        for thing in known:
            stands_for = f"{thing.what}:{self.of(thing.id)}"
            self._tokens[thing.id.casefold()] = stands_for
            if thing.name:
                phrases[thing.name.casefold()] = stands_for
                if thing.what == "person":
                    for part in _TOKEN.findall(thing.name.casefold()):
                        if len(part) >= SHORTEST:
                            self._tokens.setdefault(part, "[name]")
        longest_first = sorted(phrases, key=len, reverse=True)
        self._phrases: Mapping[str, str] = phrases
        self._pattern = re.compile(
            r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)" if phrases else r"(?!)",
            re.IGNORECASE,
        )

    def of(self, id_: str) -> str:
        """The pseudonym of an id."""
        return hmac.new(self._salt, id_.encode(), hashlib.sha256).hexdigest()[:DIGITS]

    def text(self, words: str) -> str:
        """A text without what is known."""
        words = self._pattern.sub(lambda m: self._phrases[m[0].casefold()], words)
        words = _TITLED.sub("[name]", _ADDRESS.sub("[address]", words))
        return _TOKEN.sub(lambda m: self._tokens.get(m[0].casefold(), m[0]), words)

    def json(self, value: Any, key: str = "") -> Any:
        """Any JSON without what is known. A field that is an id is replaced whether or not it is known."""
        if isinstance(value, Mapping):
            return {k: self.json(v, k) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.json(v, key) for v in value]
        if not isinstance(value, str) or not value:
            return value
        if key in _PARTIES:
            return "[name]"
        if key.endswith(("_id", "_ids")) or key in ("beneficiaries", "subjects"):
            return (
                self._tokens.get(value.casefold())
                or f"{key.removesuffix('s').removesuffix('_id')}:{self.of(value)}"
            )
        return self.text(value)
