"""A suite of conversations: YAML files of scenarios, and nothing else to write."""

from collections.abc import Sequence
from pathlib import Path

from evals.cases import Case, Verdict
from evals.growing.cases import Grown, Grows
from evals.metrics import PASSED, Metric, mean
from evals.sandbox import TODAY
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


def conversations(scenarios: Path) -> tuple[Conversation, ...]:
    """All of a folder's, by file and in the order in which they stand there. Raises ScriptWrong."""
    return tuple(conversation(s) for file in sorted(scenarios.glob("*.yaml")) for s in scripts(file, Script))


def from_production(grown: Grown[Script]) -> tuple[Conversation, ...]:
    """A conversation that somebody had, and what it should have come to."""
    case = conversation(grown.case)
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


def conversation_suite(folder: Path) -> Suite[Conversation, Played]:
    """The suite of the scenarios in `folder/scenarios`. Its small part is what is marked `small`."""

    def cases(within: Setting) -> Sequence[Conversation]:
        return [c for c in conversations(folder / "scenarios") if c.script.small or not within.small]

    def answer(within: Setting, case: Conversation) -> Played:
        return played(within, case.script)

    def verdict(case: Conversation, answer: Played) -> Verdict:
        return judge(case.script, answer)

    return Suite(
        folder,
        cases,
        answer,
        verdict,
        Played,
        METRICS,
        case_seconds=SECONDS,
        words=lambda case: case.text,
        grows=Grows(Script, from_production, names=stand_ins, today=lambda: TODAY),
    )
