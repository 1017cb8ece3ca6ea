"""How alike a request is to the parts of the services that a contract lists."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import log
from typing import Literal

import numpy as np

from models.text.contract_terms import Term
from models.text.embed import Embedder
from models.text.spans import sentences


class Likeness:
    """How alike a text is to work packages and exclusions: the mean of the share of telling words that are in
    the text too (words that few parts of the services have count more) and the cosine of the embeddings of
    the two, taken over the text's sentences. Of an exclusion that lists several things, the likest counts."""

    def __init__(self, parts: Sequence[Term], embedder: Embedder) -> None:
        self.parts = parts
        self.embedder = embedder
        names = [(n, name) for n, part in enumerate(parts) for name in _names(part)]
        self.owners = [n for n, _ in names]
        self.words = [_stems(name) for _, name in names]
        self.vectors = embedder.encode([name for _, name in names]) if names else None
        common = Counter(word for words in self.words for word in words)
        self.weight = {word: 1 + log(len(names) / n) for word, n in common.items()}
        self.most_telling = max(self.weight.values(), default=0.0)
        self._known: dict[str, list[float]] = {}  # scores by text

    def best(self, text: str, kind: Literal["work_package", "exclusion"]) -> tuple[Term | None, float]:
        """The part of that kind most like the text, and how much; (None, 0) where there is none."""
        ranked = [(s, p) for s, p in zip(self.scores(text), self.parts, strict=True) if p.kind == kind]
        if not ranked:
            return None, 0.0
        score, part = max(ranked, key=lambda r: r[0])
        return part, score

    def scores(self, text: str) -> list[float]:
        """One likeness a part, 0 to 1."""
        if text not in self._known:
            self._known[text] = self._scores(text)
        return self._known[text]

    def _scores(self, text: str) -> list[float]:
        if self.vectors is None:
            return []
        places = [s.of(text) for s in sentences(text)]
        cosines = np.max(self.vectors @ self.embedder.encode([*places, text]).T, axis=1)
        said = _stems(text)
        best = [0.0] * len(self.parts)
        for owner, cosine, words in zip(self.owners, cosines, self.words, strict=True):
            best[owner] = max(best[owner], 0.5 * max(0.0, float(cosine)) + 0.5 * self._shared(words, said))
        return best

    def named(self, text: str) -> Term | None:
        """The work package that the text names in passing: by a telling word that no other part has, behind
        'the' or 'our' ('the rehearsal'), or by two words that stand together in both."""
        said = [_stem(w) for w in _WORD.findall(text.lower())]
        pairs = set(pairwise(said))
        for owner, words in zip(self.owners, self.words, strict=True):
            part = self.parts[owner]
            if part.kind != "work_package":
                continue
            together = [p for p in pairwise(_stem(w) for w in _WORD.findall(part.what.lower())) if p in pairs]
            own = [w for w in words if self.weight[w] == self.most_telling]
            if any(set(p) <= words for p in together) or any(_definite(w, said) for w in own):
                return part
        return None

    def nothing_new(self, text: str) -> bool:
        """Whether the services have most of the text's telling words."""
        said = _stems(text)
        return len(said & set(self.weight)) >= _KNOWN * len(said)

    def _shared(self, words: frozenset[str], said: frozenset[str]) -> float:
        weights = sum(self.weight[w] for w in words)
        return sum(self.weight[w] for w in words & said) / weights if weights else 0.0


_KNOWN = 0.6  # of a text's words, from which it tells nothing that the services do not
_ARTICLES = ("the", "our", "your", "that", "this")
_FOR_WHOM = ("for", "by", "from", "with", "to", "of")


def _definite(word: str, said: Sequence[str]) -> bool:
    """Whether the word stands up to two words behind an article, and is no mere 'for the team'."""
    for n, w in enumerate(said):
        articles = [m for m in range(max(0, n - 3), n) if said[m] in _ARTICLES] if w == word else []
        if any(m == 0 or said[m - 1] not in _FOR_WHOM for m in articles):
            return True
    return False


def _names(part: Term) -> list[str]:
    """What a part is called: an exclusion as a whole, and each thing it lists."""
    if part.kind != "exclusion":
        return [part.what]
    listed = [name.strip() for name in re.split(r"[,;]|\band\b", part.what)]
    return [part.what, *(name for name in listed if len(_stems(name)) > 1)]


_STOP = frozenset(
    """
    a an and are as at be by can could did do does for from get had has have i if in into is it its made make
    of on or our please should so some that the their them then there these they this those to us was we were
    what when which who will with would you your all any more new one two three four five first second third
    wave work works phase not no
    """.split()  # noqa: SIM905 - a list of quoted words reads worse
)
_WORD = re.compile(r"[^\W\d_]{2,}|\d+")
_SUFFIX = re.compile(r"(?:ations?|ations|ings?|ments?|ies|es|ed|s|ion|e)$")


def _stems(text: str) -> frozenset[str]:
    return frozenset(_stem(w) for w in _WORD.findall(text.lower()) if w not in _STOP)


def _stem(word: str) -> str:
    stem = _SUFFIX.sub("", word)
    return stem if len(stem) > 3 else word.rstrip("s")
