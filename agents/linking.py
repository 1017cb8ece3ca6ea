"""Which of the firm's names a sentence mentions: whole names, parts of names, and names with typing errors.

A part that several share ('Ana') stays what was said: the tool, or the planner, then asks which one is
meant."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from agents.toolbox import Name, NameKind
from prompts.loader import routing_examples

TYPO = 0.82  # least likeness (0 to 1) of a misspelt name: one slip in six letters
SHORT = 3  # names up to this length are taken only as they are written: 'Go', 'R', 'SAP'
LONGEST = 7  # words of a name

_WORD = re.compile(r"[\w&+#/.'’-]*[\w+#]", re.UNICODE)
_LEGAL = re.compile(
    r",?\s+(?:AG|SE|GmbH|Ltd|Limited|Inc|LLC|plc|S\.?A\.?|S\.?p\.?A\.?|N\.?V\.?|B\.?V\.?|KG|Oy|AB|AS)\.?$",
    re.I,
)
_CALENDAR = frozenset(
    [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ]
)


@dataclass(frozen=True)
class Mention:
    kind: NameKind
    said: str
    start: int
    end: int
    names: tuple[Name, ...]  # those it may mean; one when it is clear

    @property
    def value(self) -> str:
        """What a tool is given: the name when it is clear, else what was said."""
        return self.names[0].name if len(self.names) == 1 else self.said


@dataclass(frozen=True)
class Linker:
    """The names one person may see, ready to be looked for."""

    names: Sequence[Name]

    @cached_property
    def _spellings(self) -> dict[str, list[Name]]:
        """Lower-case spellings and the names they may mean."""
        found: dict[str, list[Name]] = defaultdict(list)
        for name in self.names:
            for spelling in _spellings(name):
                if name not in found[spelling]:
                    found[spelling].append(name)
        return dict(found)

    @cached_property
    def _long(self) -> list[str]:
        return [s for s in self._spellings if len(s) > SHORT + 1]

    def mentions(self, text: str) -> list[Mention]:
        """What is mentioned, longest first where names overlap, in the order of the text. One stretch of text
        can mention things of several kinds (a client and a project of the same name)."""
        words = list(_WORD.finditer(text))
        taken: list[tuple[int, int]] = []
        found: list[Mention] = []
        for length in range(min(LONGEST, len(words)), 0, -1):
            spans = [
                (w.start(), words[i + length - 1].end()) for i, w in enumerate(words[: 1 - length or None])
            ]
            for exact in (True, False):
                for start, end in spans:
                    if any(start < e and s < end for s, e in taken):
                        continue
                    if names := self._meant(text[start:end], exact):
                        taken.append((start, end))
                        found += _by_kind(text[start:end], start, end, names)
        return sorted(found, key=lambda m: m.start)

    def _meant(self, said: str, exact: bool) -> list[Name]:
        plain = said.lower().removesuffix("'s").removesuffix("’s").rstrip(".")
        if exact:
            return [n for n in self._spellings.get(plain, []) if _as_written(said, n, plain)]
        if len(plain) <= SHORT + 1 or all(w in _ordinary() for w in plain.split()):
            return []
        if any(c.isdigit() for c in plain):  # one digit more or less is another invoice
            return []
        match = process.extractOne(
            plain, self._long, scorer=DamerauLevenshtein.normalized_similarity, score_cutoff=TYPO
        )
        return self._spellings[match[0]] if match else []


def _spellings(name: Name) -> Iterable[str]:
    whole = name.name.lower()
    yield whole
    yield name.id.lower()
    if name.kind == "client":
        short = _LEGAL.sub("", name.name).lower()
        yield short
        yield from _distinctive(short)
    elif name.kind == "project":
        yield whole.removeprefix("project ")
        yield from _distinctive(whole)
    elif name.kind == "person":
        parts = whole.split()
        yield from (p for p in (parts[0], parts[-1]) if len(p) > 2)
    elif name.kind == "role":
        yield f"{whole}s"


def _distinctive(name: str) -> Iterable[str]:
    """The first word of a longer name, where it is no ordinary word: 'Lighthouse' of 'Lighthouse rollout'."""
    first, _, rest = name.partition(" ")
    if rest and len(first) > 4 and first not in _ordinary():
        yield first


def _as_written(said: str, name: Name, plain: str) -> bool:
    """Short names, and parts of people's names that are ordinary words ('Mark', 'Ana'), only with
    capitals."""
    if name.kind == "person" and (plain in _ordinary() or len(plain) <= SHORT):
        return said[:1].isupper() and plain not in _CALENDAR
    if len(plain) <= SHORT:
        return said.removesuffix("'s").rstrip(".") == name.name or (
            plain == name.id.lower() and any(c.isdigit() for c in plain)
        )
    return True


def _by_kind(said: str, start: int, end: int, names: list[Name]) -> Iterable[Mention]:
    kinds = dict.fromkeys(n.kind for n in names)
    for kind in kinds:
        of_kind = tuple(n for n in names if n.kind == kind)
        whole = tuple(n for n in of_kind if said.lower() in (n.name.lower(), n.id.lower()))
        yield Mention(kind, said, start, end, whole if len(whole) == 1 else of_kind)


def spelt(text: str) -> str:
    """The text with misspelt ordinary words put right: each word that is nearly, but not quite, one of those
    in which people ask."""
    return re.sub(r"[A-Za-z]{4,}", lambda m: _right_spelling(m[0]), text)


@lru_cache(maxsize=10_000)
def _right_spelling(word: str) -> str:
    plain = word.lower()
    if plain in _ordinary() or plain.rstrip("s") in _ordinary():
        return word
    choices = [w for w in _ordinary() if w[0] == plain[0] and abs(len(w) - len(plain)) <= 1]
    match = process.extractOne(
        plain, choices, scorer=DamerauLevenshtein.normalized_similarity, score_cutoff=0.8
    )
    return match[0] if match else word


@cache
def _ordinary() -> frozenset[str]:
    """Words that people use to ask for things; the router's examples are full of them."""
    words = {w.lower() for e in routing_examples() for s in e.sentences for w in re.findall(r"[A-Za-z]+", s)}
    return frozenset(words | _CALENDAR | {w + "s" for w in words}) - {"alex", "berlin"}
