"""What a sentence asks for: one of the tools, help, a decision (which chat does not take), or nothing we
do."""

from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Literal

import pandas as pd

from agents.cues import odds
from models.predict.routing import OUT_OF_SCOPE, Router, fit
from prompts.loader import routing_examples

HELP = "help"
DECIDE = "decide"
NO_TOOL = frozenset({HELP, DECIDE, OUT_OF_SCOPE})

SURE = 0.5  # from here an intent is taken as meant
LIKELY = 0.12  # from here it is offered as one of the things that may be meant
STRANGE = 0.75  # from here a sentence is none of our business
TEMPER = 0.8  # the router is fitted on a few hundred sentences and too sure of itself beside the cues

_fitting = Lock()


@dataclass(frozen=True)
class Reading:
    """How likely a sentence means each intent, the likeliest first."""

    ranked: tuple[tuple[str, float], ...]

    @property
    def intent(self) -> str:
        return self.ranked[0][0]

    @property
    def confidence(self) -> float:
        return self.ranked[0][1]

    @property
    def standing(self) -> Literal["sure", "unsure", "none"]:
        if self.intent == OUT_OF_SCOPE and (self.confidence >= STRANGE or not self.candidates()):
            return "none"
        return "sure" if self.intent != OUT_OF_SCOPE and self.confidence >= SURE else "unsure"

    def candidates(self, count: int = 3) -> list[str]:
        """Tools that may be meant."""
        return [i for i, p in self.ranked if i not in NO_TOOL and p >= LIKELY][:count]


def router() -> Router:
    """The router of this process, fitted on the examples in prompts/routing when first used (a few
    seconds)."""
    with _fitting:
        return _fitted()


@cache
def _fitted() -> Router:
    rows = [(sentence, e.intent) for e in routing_examples() for sentence in e.sentences]
    return fit(pd.DataFrame(rows, columns=["text", "intent"]))


def read(text: str, by: Router | None = None) -> Reading:
    """What the sentence asks for."""
    row = (by or router()).probabilities([text]).iloc[0]
    cues = odds(text)
    weights = {str(i): float(p) ** TEMPER * cues.get(str(i), 1.0) for i, p in row.items()}
    total = sum(weights.values())
    return Reading(tuple(sorted(((i, w / total) for i, w in weights.items()), key=lambda x: -x[1])))
