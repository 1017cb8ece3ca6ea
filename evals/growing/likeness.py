"""Texts that say the same again. The likeness of two texts, 0 to 100, is the mean of two numbers: the share
of their four-letter pieces that both have (Jaccard; what MinHash estimates, counted in full, since there are
few texts), and the cosine of their sentence embeddings. Pieces are compared without regard to case and
punctuation, and all numbers are alike.

How well TWIN tells them apart is measured on evals/growing/pairs.yaml (`measured`), whose every other pair it
was chosen on."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
import numpy.typing as npt
import yaml
from sklearn.feature_extraction.text import CountVectorizer

from models.text.embed import default_embedder
from models.text.known_names import seen

How = Literal["the same text", "the same words", "nearly the same words", "the same said otherwise"]

TWIN = 72.0  # the lowest at which no pair of those it was chosen on is taken for twins and is none
WORDING = 80.0  # share of pieces, from which it is the words that are alike rather than what they say
FEWEST = 4  # words: 'propose it' is said in one way only

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Said:
    """A text and where it stands."""

    place: str  # e.g. 'suite routing: plain-03', 'prompts/routing/find_people.yaml'
    text: str
    cluster: str = ""  # texts of one cluster may be alike: they are counted as one
    learnt: bool = False  # something is fitted to it, or was made while looking at it

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Twin:
    """Two texts that say the same."""

    one: Said
    other: Said
    how: How
    likeness: float


@dataclass(frozen=True)
class Measured:
    """How well twins are told, on labelled pairs."""

    pairs: int
    precision: float
    recall: float


def plain(text: str) -> str:
    """What two texts are compared by: words in lower case, all numbers alike."""
    return re.sub(r"\d+", "0", " ".join(re.findall(r"\w+", seen(text).casefold())))


def twins(ours: Sequence[Said], others: Sequence[Said]) -> list[Twin]:
    """Every pair of one of ours and one of the others that say the same, the likest first. Texts of fewer
    than FEWEST words, and pairs of one cluster, are left out."""
    ours, others = _long(ours), _long(others)
    if not ours or not others:
        return []
    shared = _pieces([plain(s.text) for s in ours], [plain(s.text) for s in others])
    near = [
        (i, j)
        for i, j in np.argwhere(shared >= 2 * TWIN - 100)  # with less, no cosine makes twins of them
        if not (ours[i].cluster and ours[i].cluster == others[j].cluster)
    ]
    cosine = _cosine([(ours[i].text, others[j].text) for i, j in near])
    found = [
        Twin(ours[i], others[j], _how(ours[i], others[j], shared[i, j]), round(likeness, 1))
        for (i, j), cos in zip(near, cosine, strict=True)
        if (likeness := float(shared[i, j] + cos) / 2) >= TWIN
    ]
    return sorted(found, key=lambda t: -t.likeness)


def twins_among(texts: Sequence[Said]) -> list[Twin]:
    """Every two of some texts that say the same, each pair once."""
    position = {id(s): n for n, s in enumerate(texts)}
    return [t for t in twins(texts, texts) if position[id(t.one)] < position[id(t.other)]]


@cache
def measured() -> dict[Literal["chosen on", "the rest"], Measured]:
    """Precision and recall on the labelled pairs that TWIN was chosen on, and on the others."""
    read = yaml.safe_load(files("evals.growing").joinpath("pairs.yaml").read_text(encoding="utf-8"))
    pairs = [(n, label == "same", a, b) for label in read for n, (a, b) in enumerate(read[label])]
    alike = np.array([bool(twins([Said("one", a)], [Said("other", b)])) for _, _, a, b in pairs])
    same = np.array([label for _, label, _, _ in pairs])
    half = np.array([n % 2 for n, *_ in pairs])
    return {"chosen on": _measured(alike, same, half == 0), "the rest": _measured(alike, same, half == 1)}


def _measured(
    alike: npt.NDArray[np.bool_], same: npt.NDArray[np.bool_], of: npt.NDArray[np.bool_]
) -> Measured:
    right = int((alike & same & of).sum())
    return Measured(int(of.sum()), right / int((alike & of).sum()), right / int((same & of).sum()))


def _long(texts: Sequence[Said]) -> list[Said]:
    return [s for s in texts if len(plain(s.text).split()) >= FEWEST]


def _pieces(ours: Sequence[str], others: Sequence[str]) -> Floats:
    """The share of pieces in common, 0 to 100, of each with each."""
    count = CountVectorizer(analyzer="char_wb", ngram_range=(4, 4), binary=True, dtype=np.float64)
    learnt = count.fit_transform(others)
    of_ours = count.transform(ours)
    size = np.array([len(set(count.build_analyzer()(text))) for text in ours])
    both = np.asarray((of_ours @ learnt.T).todense())
    either = size[:, None] + np.asarray(learnt.sum(axis=1)).ravel()[None, :] - both
    return np.asarray(100 * both / np.maximum(either, 1))


def _cosine(pairs: Sequence[tuple[str, str]]) -> Floats:
    """0 to 100, of each pair."""
    if not pairs:
        return np.empty(0)
    embedder = default_embedder()
    one, other = (embedder.encode(side) for side in zip(*pairs, strict=True))
    return np.asarray(100 * (one * other).sum(axis=1), dtype=np.float64)


def _how(one: Said, other: Said, shared: float) -> How:
    if one.sha256 == other.sha256:
        return "the same text"
    if plain(one.text) == plain(other.text):
        return "the same words"
    return "nearly the same words" if shared >= WORDING else "the same said otherwise"


def in_words(twin: Twin) -> Iterator[str]:
    """The twins, for people."""
    yield f"{twin.one.place} and {twin.other.place}: {twin.how} ({twin.likeness:.0f} of 100)"
    for said in (twin.one, twin.other):
        yield f"    {' '.join(said.text.split())[:160]}"
