"""Known names in a text, however they are written: in any case, with or without accents, inflected, in the
possessive, joined ('carlcole', 'carl_cole'), shortened to initials ('C. Cole', 'C.C.'), or with characters
between their letters that nobody sees. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self

_WORD = re.compile(r"[^\W_]+")
_GAP = re.compile(r"[\W_]{0,4}")  # what may stand between two words of one name
_DOTTED = re.compile(r"\s*\.\s*")  # and between two initials
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})
_DIGRAPHS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_ENDINGS = (
    *("s", "es", "n", "en", "ns", "ens", "e", "er", "em", "sche", "schen", "scher", "schem", "sches"),
    *("a", "u", "y", "i", "owi", "ovi", "ovy", "ova", "ego", "emu", "iem", "om", "ou", "ie"),
)  # English, German and Slavic cases
SHORTEST_INFLECTED = 4  # letters: of a shorter name only the -s is known
SHORTEST = 3  # letters of a part of a name that is found when it stands alone

Words = tuple[str, ...]


@dataclass(frozen=True)
class FoundName:
    """A name where it stands, and what stands for it."""

    start: int
    end: int
    stands_for: str


@dataclass
class KnownNames:
    """Names to look for. Where one way of writing could be two things, `unclear` stands for it."""

    unclear: str = "[name]"
    _phrases: dict[Words, str] = field(default_factory=dict)
    _capital: set[Words] = field(default_factory=set)
    _initials: dict[Words, str] = field(default_factory=dict)
    _lengths: dict[str, set[int]] = field(default_factory=dict)

    def add(self, name: str, stands_for: str, *, capital: bool = False) -> None:
        """A name that is found as a whole; `capital`: only where it begins with one, because it could be a
        word."""
        for spelled in _spellings(name):
            self._put(spelled, stands_for)
            if capital:
                self._capital.add(spelled)
            if len(spelled) > 1:
                self._put(("".join(spelled),), stands_for)

    def add_person(self, name: str, stands_for: str) -> None:
        """A person's name: its parts are found alone too, and so are its short forms."""
        self.add(name, stands_for)
        for spelled in _spellings(name):
            for part in spelled:
                if len(part) >= SHORTEST:
                    self._put((part,), stands_for)
            if len(spelled) > 1:
                first, last = spelled[0], spelled[-1]
                for short in ((first, last), (last, first), (first[0], last), (first, last[0])):
                    self._put(short, stands_for)
                    self._put(("".join(short),), stands_for)
                for other in spelled[1:]:
                    self._put((first[0], other), stands_for)
                    self._initials.setdefault((first[0], other[0]), stands_for)

    def find(self, text: str) -> Iterator[FoundName]:
        """Every name in a text that `seen` gave, the longest at each place, in order."""
        words = [(m.start(), m.end(), fold(m[0])) for m in _WORD.finditer(text)]
        at = 0
        while at < len(words):
            found = self._longest(text, words, at)
            if found is None:
                at += 1
            else:
                count, stands_for = found
                yield FoundName(words[at][0], words[at + count - 1][1], stands_for)
                at += count

    def replaced(self, text: str) -> str:
        """The text, as it is seen, with what stands for them in place of the names."""
        text = seen(text)
        parts, last = [], 0
        for name in self.find(text):
            parts += [text[last : name.start], name.stands_for]
            last = name.end
        return "".join(parts) + text[last:]

    def copy(self) -> Self:
        """The same names; what is added to one is not known to the other."""
        lengths = {word: set(counts) for word, counts in self._lengths.items()}
        return type(self)(
            self.unclear, dict(self._phrases), set(self._capital), dict(self._initials), lengths
        )

    def _put(self, words: Words, stands_for: str) -> None:
        if self._phrases.setdefault(words, stands_for) != stands_for:
            self._phrases[words] = self.unclear
        self._lengths.setdefault(words[0], set()).add(len(words))

    def _longest(self, text: str, words: list[tuple[int, int, str]], at: int) -> tuple[int, str] | None:
        start, _, first = words[at]
        for count in sorted(self._lengths.get(first, set()) | {1}, reverse=True):
            part = words[at : at + count]
            if len(part) < count or not _adjacent(text, part, _GAP):
                continue
            for last in _stems(part[-1][2]):
                phrase = (*(word for _, _, word in part[:-1]), last)
                stands_for = self._phrases.get(phrase)
                if stands_for and (phrase not in self._capital or text[start].isupper()):
                    return count, stands_for
        pair = words[at : at + 2]
        if len(pair) == 2 and text[pair[1][1] : pair[1][1] + 1] == "." and _adjacent(text, pair, _DOTTED):
            initials = self._initials.get((first, pair[1][2]))
            return (2, initials) if initials else None
        return None


def seen(text: str) -> str:
    """A text as it is seen: composed letters, and nothing between them that does not show."""
    composed = unicodedata.normalize("NFKC", text)
    return "".join(c for c in composed if unicodedata.category(c) != "Cf")


def fold(word: str) -> str:
    """A word without case and accents."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).translate(_LETTERS)


def parts(name: str) -> list[str]:
    """The words of a name, as they stand in it."""
    return _WORD.findall(seen(name))


def _spellings(name: str) -> set[Words]:
    words = [word.casefold() for word in parts(name)]
    both = (tuple(map(fold, words)), tuple(fold(word.translate(_DIGRAPHS)) for word in words))
    return {spelled for spelled in both if any(spelled)}


def _stems(word: str) -> Iterator[str]:
    """The word itself, and what it may be an inflection of."""
    yield word
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and (len(stem) >= SHORTEST_INFLECTED or (ending == "s" and len(stem) >= SHORTEST)):
            yield stem


def _adjacent(text: str, words: list[tuple[int, int, str]], gap: re.Pattern[str]) -> bool:
    return all(gap.fullmatch(text, left[1], right[0]) is not None for left, right in pairwise(words))
