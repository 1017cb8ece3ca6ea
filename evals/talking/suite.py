"""A suite of conversations: YAML files of scenarios, and nothing else to write."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from evals.cases import Case, Verdict
from evals.metrics import PASSED, Metric, mean
from evals.suite import Setting, Suite
from evals.talking.judging import judge
from evals.talking.playing import Played, played
from evals.talking.reading import scripts
from evals.talking.script import Script

METRICS = (
    PASSED,
    Metric("turns", "messages of people to the copilot, on average", mean("turns"), "low", "number"),
    Metric("tool_calls", "calls of tools, on average", mean("tool_calls"), "low", "number"),
    Metric("questions", "questions that the copilot asked, on average", mean("questions"), "low", "number"),
)
SECONDS = 300  # a conversation that takes longer has failed


class Conversation(Case):
    """One scenario."""

    script: Script


def conversation(script: Script) -> Conversation:
    """The scenario as a case."""
    return Conversation(
        id=script.id,
        text=script.text(),
        expected=script.expect.words(),
        groups={
            "kind": script.kind,
            "difficulty": "held out" if script.held_out else script.difficulty,
            "language": script.language,
            "person": script.speaker,
            "source": "written",
        },
        cluster=script.family or script.kind,
        script=script,
    )


@cache
def conversations(scenarios: Path) -> tuple[Conversation, ...]:
    """All of a folder's, by file and in the order in which they stand there. Raises ScriptWrong."""
    return tuple(conversation(s) for file in sorted(scenarios.glob("*.yaml")) for s in scripts(file, Script))


def conversation_suite(folder: Path, metrics: tuple[Metric, ...] = METRICS) -> Suite[Conversation, Played]:
    """The suite of the scenarios in `folder/scenarios`. Its small part is what is marked `small`."""

    def cases(within: Setting) -> Sequence[Conversation]:
        return [c for c in conversations(folder / "scenarios") if c.script.small or not within.small]

    def answer(within: Setting, case: Conversation) -> Played:
        return played(within, case.script)

    def verdict(case: Conversation, answer: Played) -> Verdict:
        return judge(case.script, answer)

    return Suite(folder, cases, answer, verdict, Played, metrics, case_seconds=SECONDS)
