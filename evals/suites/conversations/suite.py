"""Conversations of people with the copilot, over several turns, judged by what they leave in the database."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from evals.cases import Case, Verdict
from evals.growing.cases import Grown, Grows
from evals.metrics import PASSED, Metric, mean
from evals.sandbox import TODAY
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
    return tuple(_conversation(s) for file in sorted(SCENARIOS.glob("*.yaml")) for s in scripts(file, Script))


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


def from_production(grown: Grown[Script]) -> tuple[Conversation, ...]:
    """A conversation that somebody had, and what it should have come to."""
    case = _conversation(grown.case)
    return (case.model_copy(update={"id": grown.id, "groups": {**case.groups, **grown.all_groups}}),)


def stand_ins(within: Setting) -> dict[str, tuple[str, ...]]:
    """Names of the demo firm for those that may not be told: the main project and its practice first."""
    firm, scenario = within.sandbox.files, within.sandbox.scenario
    people, projects = firm.table("people"), firm.table("projects")
    main = projects["project_id"] == scenario.project_id
    practice = projects.loc[main, "practice"].iloc[0]
    client = projects.loc[main, "client_id"].iloc[0]
    clients = firm.table("clients")
    return {
        "person": tuple(people.loc[people["practice"] == practice, "name"]),
        "project": (*projects.loc[main, "name"], *projects.loc[~main, "name"]),
        "client": tuple(clients.sort_values("client_id", key=lambda ids: ids != client)["name"]),
        "invoice": tuple(firm.table("invoices")["invoice_id"]),
    }


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
    words=lambda case: case.text,
    grows=Grows(Script, from_production, names=stand_ins, today=lambda: TODAY),
)
