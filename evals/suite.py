"""A suite: a folder of data with a card, how a subject answers a case, and plain functions that judge and
measure. Inspect runs it (tasks, epochs, limits, logs); `evals.running` makes a run of its log.

The suites are the folders that hold a `card.yaml` and a `suite.py` with `SUITE`: those of `evals/suites`, and
a firm's own, elsewhere (`look_in`)."""

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.resources import files
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Generic, TypeVar

import anyio
from inspect_ai import Epochs, Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    ChatMessageUser,
    ModelOutput,
)
from inspect_ai.scorer import Score, Scorer, Target, accuracy, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver

from evals.card import Card, card
from evals.cases import Answer, Case, Step, Verdict
from evals.growing.cases import Grows, grown
from evals.metrics import PASSED, Metric
from evals.sandbox import Sandbox, sandbox
from evals.subjects import Subject
from models.errors import ChargehandError, Retry
from models.predict.base import Progress, silent

C = TypeVar("C", bound=Case)
A = TypeVar("A", bound=Answer)
T = TypeVar("T")

ROOT = Path(str(files("evals").joinpath("suites")))
_folders = [ROOT]


class UnknownSuite(ChargehandError):
    """There is no suite {suite}; there are: {known}."""

    status = 404
    retry: ClassVar[Retry] = "with a fix"


class SuiteBroken(ChargehandError):
    """The suite {path} cannot be read: {reason}."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


@dataclass
class Setting:
    """What a suite is run with."""

    subject: Subject
    small: bool = False  # the part that CI runs: deterministic, seconds
    data: Path | None = None  # a firm's own labelled records (docs/formats.md)
    grown: Path | None = None  # cases that production gave (evals/growing)
    progress: Progress = silent
    _made: dict[str, Any] = field(default_factory=dict)
    _turn: threading.RLock = field(default_factory=threading.RLock)
    _open: ExitStack = field(default_factory=ExitStack)

    @property
    def sandbox(self) -> Sandbox:
        """The databases to measure in, opened when first asked for."""
        return self.held("sandbox", lambda: sandbox(self.progress))

    def versions(self) -> dict[str, Any]:
        """All that decides what comes of a run but its cases: the subject's, and the firm it lived in."""
        lived_in = {"firm": self.sandbox.sha256} if "sandbox" in self._made else {}
        return self.subject.versions() | lived_in

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What all cases share, such as a fitted model: made when first asked for."""
        with self._turn:
            if name not in self._made:
                self._made[name] = make()
            made: T = self._made[name]
            return made

    def held(self, name: str, open_it: Callable[[], AbstractContextManager[T]]) -> T:
        """What all cases share and is to be closed in the end, such as generated files."""
        return self.once(name, lambda: self._open.enter_context(open_it()))

    def close(self) -> None:
        self._open.close()


@contextmanager
def setting(
    subject: Subject,
    *,
    small: bool = False,
    data: Path | None = None,
    grown: Path | None = None,
    progress: Progress = silent,
) -> Iterator[Setting]:
    """A setting whose databases are gone on leaving."""
    found = Setting(subject, small, data, grown, progress)
    try:
        yield found
    finally:
        found.close()


@dataclass(frozen=True)
class Suite(Generic[C, A]):
    """See the module. `answer` runs in a thread; `at_once` says how many cases may."""

    folder: Path
    cases: Callable[[Setting], Sequence[C]]
    answer: Callable[[Setting, C], A]
    judge: Callable[[C, A], Verdict]
    answers: type[A]
    metrics: tuple[Metric, ...] = (PASSED,)  # the first one decides
    at_once: int = 1
    case_seconds: int = 120  # a case that takes longer has failed
    words: Callable[[C], str] | None = None  # by which duplicates are told; None: cases are records
    grows: Grows[Any, C] | None = None  # how it takes cases of production

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def card(self) -> Card:
        return card(self.folder)

    def every_case(self, within: Setting) -> Sequence[C]:
        """Its own, and those that production gave."""
        if self.grows is None:
            return self.cases(within)
        more = grown(self.name, within.grown, self.grows.form)
        return [*self.cases(within), *(case for g in more for case in self.grows.cases(g))]


def look_in(folder: Path) -> None:
    """Find a firm's own suites in this folder from now on, beside those that ship."""
    if folder not in _folders:
        _folders.append(folder)


def suite_names() -> tuple[str, ...]:
    """In the order of the alphabet."""
    return tuple(sorted(_found()))


def suite(name: str) -> "Suite[Any, Any]":
    """Raises UnknownSuite or SuiteBroken."""
    found = _found()
    if name not in found:
        raise UnknownSuite(suite=name, known=", ".join(sorted(found)))
    made: Suite[Any, Any] = _module(found[name]).SUITE
    return made


def cards() -> dict[str, Card]:
    """The cards of all suites by name, in the order of the alphabet."""
    return {name: card(folder) for name, folder in sorted(_found().items())}


def _found() -> dict[str, Path]:
    """The folders of the suites by name. One that ships is not replaced by another of its name."""
    return {f.parent.name: f.parent for root in reversed(_folders) for f in root.glob("*/suite.py")}


def _module(folder: Path) -> ModuleType:
    if folder.parent == ROOT:
        return import_module(f"evals.suites.{folder.name}.suite")
    name = f"own_suites.{folder.name}"
    if name not in sys.modules:
        spec = spec_from_file_location(name, folder / "suite.py")
        assert spec and spec.loader
        module = module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
            _ = module.SUITE
        except Exception as e:
            raise SuiteBroken(path=str(folder / "suite.py"), reason=f"{type(e).__name__}: {e}") from e
        sys.modules[name] = module
    return sys.modules[name]


def task_of(of: "Suite[C, A]", within: Setting, epochs: int = 1) -> Task:
    """The suite as an Inspect task. With several epochs a case counts by its mean, and pass^k (Yao et al.,
    tau-bench, 2024) says how often all of them are right."""
    cases = {case.id: case for case in of.every_case(within)}
    samples = [
        Sample(
            id=case.id,
            input=case.text,
            target=case.expected,
            metadata={
                **{str(name): value for name, value in case.groups.items()},
                "cluster": case.cluster or case.id,
            },
        )
        for case in cases.values()
    ]
    return Task(
        name=of.name,
        dataset=MemoryDataset(samples, name=of.name),
        solver=_subject(of, within, cases),
        scorer=_verdict(of, cases),
        epochs=Epochs(epochs, ["mean", f"pass_k_{epochs}"] if epochs > 1 else "mean"),
        time_limit=of.case_seconds,
        metadata={"card": of.card.model_dump(), "subject": within.subject.label},
    )


def _subject(of: "Suite[C, A]", within: Setting, cases: dict[str, C]) -> Solver:
    @solver(name="chargehand")
    def chargehand() -> Solver:
        async def solve(state: TaskState, generate: Generate) -> TaskState:
            answer = await anyio.to_thread.run_sync(of.answer, within, cases[str(state.sample_id)])
            state.store.set("answer", answer.model_dump(mode="json"))
            state.messages = list(_messages(answer.trace)) or state.messages
            state.output = ModelOutput.from_content(within.subject.model, answer.text)
            return state

        return solve

    return chargehand()


def _verdict(of: "Suite[C, A]", cases: dict[str, C]) -> Scorer:
    @scorer(name=of.name, metrics=[accuracy(), stderr(cluster="cluster")])
    def judged() -> Scorer:
        async def score(state: TaskState, target: Target) -> Score:
            answer = of.answers.model_validate(state.store.get("answer"))
            verdict = of.judge(cases[str(state.sample_id)], answer)
            return Score(
                value=verdict.score,
                answer=verdict.got,
                explanation=verdict.fault,
                metadata=verdict.model_dump(mode="json"),
            )

        return score

    return judged()


def _messages(trace: Sequence[Step]) -> Iterator[ChatMessage]:
    """The trace as Inspect's viewer shows conversations."""
    for step in trace:
        match step.kind:
            case "said":
                yield ChatMessageUser(content=step.text)
            case "found" | "refused":
                yield ChatMessageTool(content=step.text, function=step.by)
            case _:
                data = f"\n{dict(step.data)}" if step.data else ""
                yield ChatMessageAssistant(content=f"[{step.kind} {step.by}] {step.text}{data}".strip())
