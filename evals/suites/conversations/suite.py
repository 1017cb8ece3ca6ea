"""Conversations of people with the copilot, over several turns, judged by what they leave in the database."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from evals.cases import Case, Verdict
from evals.metrics import PASSED, Metric, mean
from evals.suite import Setting, Suite
from evals.talking.judging import judge as judged
from evals.talking.playing import Played, played
from evals.talking.reading import scripts
from evals.talking.script import Script

SCENARIOS = Path(__file__).parent / "scenarios"


class Conversation(Case):
    """One scenario."""

    script: Script


@cache
def conversations() -> tuple[Conversation, ...]:
    """All of them, by file and in the order in which they stand there."""
    return tuple(_conversation(s) for file in sorted(SCENARIOS.glob("*.yaml")) for s in scripts(file))


def _conversation(script: Script) -> Conversation:
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


def _cases(within: Setting) -> Sequence[Conversation]:
    return [c for c in conversations() if c.script.small or not within.small]


def _answer(within: Setting, case: Conversation) -> Played:
    return played(within, case.script)


def _judge(case: Conversation, answer: Played) -> Verdict:
    return judged(case.script, answer)


SUITE = Suite(
    folder=Path(__file__).parent,
    cases=_cases,
    answer=_answer,
    judge=_judge,
    answers=Played,
    metrics=(
        PASSED,
        Metric("turns", "messages of people to the copilot, in the mean", mean("turns"), better="low"),
        Metric("tool_calls", "calls of tools, in the mean", mean("tool_calls"), better="low"),
        Metric("questions", "questions that the copilot asked, in the mean", mean("questions"), better="low"),
    ),
    case_seconds=300,
)
