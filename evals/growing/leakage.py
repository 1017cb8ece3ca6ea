"""What stands on both sides: a case that something was fitted to, the same case twice, and own records whose
judged part knows the part that was learnt from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evals.growing.likeness import Said, Twin, in_words, twins, twins_among
from evals.growing.sources import learnt_from, of_suites
from evals.growing.splits import Split, faults, own_splits
from evals.suite import Setting

Fault = Literal["leak", "duplicate"]


@dataclass(frozen=True)
class Found:
    """One thing that is wrong, and both places."""

    fault: Fault  # a leak makes a figure untrue; a duplicate makes its interval too narrow
    one: str
    other: str
    why: str

    @property
    def leaks(self) -> bool:
        return self.fault == "leak"


def leakage(within: Setting) -> list[Found]:
    """All that is found in the suites, and in own records where the setting has them: leaks first."""
    cases, learnt = of_suites(within), learnt_from(within.data)
    pairs = [*twins_among(cases), *twins(cases, learnt)]
    found = [*map(_of_twin, pairs), *_of_splits(within.data)]
    return sorted(found, key=lambda f: (not f.leaks, f.one, f.other))


def twins_of(texts: Sequence[Said], within: Setting) -> list[Twin]:
    """What in the suites, and in what is learnt from, says the same as these."""
    return twins(texts, [*of_suites(within), *learnt_from(within.data)])


def _of_twin(twin: Twin) -> Found:
    fault: Fault = "leak" if twin.one.learnt != twin.other.learnt else "duplicate"
    first, *_ = in_words(twin)
    why = first.rpartition(": ")[2]
    words = " ".join(twin.one.text.split())[:120], " ".join(twin.other.text.split())[:120]
    return Found(fault, twin.one.place, twin.other.place, f"{why}: '{words[0]}' and '{words[1]}'")


def _of_splits(data: Path | None) -> list[Found]:
    splits: Sequence[Split] = own_splits(data) if data else ()
    return [
        Found("leak", f"{split.name}, learnt from", f"{split.name}, judged", fault)
        for split in splits
        for fault in faults(split)
    ]
