"""The routing suite: sound rows, apart from what the router learns from, and a planner that does not slip."""

import json
from collections import Counter

import pytest
from inspect_ai.log import read_eval_log
from rapidfuzz import fuzz, process, utils
from typer.testing import CliRunner

from api.cli.eval_ import app
from evals.runs import Run, load_run
from evals.suites.routing.cases import cases, firm
from evals.suites.routing.judge import judge
from evals.suites.routing.subject import Heard
from prompts.loader import routing_examples
from tools.catalogue import TOOLS

NEARLY_THE_SAME = 88  # likeness (0 to 100) from which two sentences count as one
TOOL_NAMES = {t.name for t in TOOLS}


def test_the_suite_is_large_and_half_of_it_hard() -> None:
    assert len(cases()) >= 120
    assert sum(c.hard for c in cases()) * 2 >= len(cases())
    assert len({c.rule.say for c in cases()}) == len(cases())


def test_no_row_is_learnt_from() -> None:
    examples = [s for e in routing_examples() for s in e.sentences]
    leaked = [
        (c.rule.say, near[0])
        for c in cases()
        if len(c.rule.say.split()) > 3  # 'propose it' is said in one way only
        and (
            near := process.extractOne(
                c.rule.say,
                examples,
                scorer=fuzz.ratio,
                processor=utils.default_process,
                score_cutoff=NEARLY_THE_SAME,
            )
        )
    ]
    assert leaked == []


def test_every_tool_is_asked_for_and_every_expectation_can_be_met() -> None:
    expected = {t for c in cases() for t in c.rule.tools}
    assert expected == TOOL_NAMES
    for case in cases():
        arguments = {n for t in TOOLS if t.name in case.rule.tools for n in t.arguments.model_fields}
        if case.rule.call:
            assert set(case.rule.with_) <= arguments, case.id
        assert case.rule.after is None or case.rule.after in firm().findings, case.id


def test_there_are_examples_for_every_tool() -> None:
    assert {e.intent for e in routing_examples()} == TOOL_NAMES | {"help", "decide", "out_of_scope"}
    assert all(len(e.sentences) >= 20 for e in routing_examples())


@pytest.mark.parametrize(
    ("calls", "right"),
    [
        ((("check_readiness", {"project": "Harbour Analytics"}),), True),
        ((("check_readiness", {"project": "harbour analytics", "starts_on": "2026-10-01"}),), True),
        ((("check_readiness", {"project": "Lighthouse"}),), False),
        ((("predict_payments", {"project": "Harbour Analytics"}),), False),
        ((("check_readiness", {"project": "Harbour Analytics"}), ("my_proposals", {})), False),
        ((), False),
    ],
)
def test_the_judge(calls, right: bool) -> None:
    case = next(c for c in cases() if c.rule.say == "Can we invoice Harbour Analytics now?")
    verdict = judge(case, Heard(calls=calls, question=None, text="words"))
    assert verdict.passed is right
    assert bool(verdict.fault) is not right


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The run that the command keeps."""
    folder = tmp_path_factory.mktemp("runs")
    result = CliRunner().invoke(app, ["run", "routing", "--json", "--runs", str(folder)])
    assert result.exit_code == 0, result.output
    return load_run(folder, json.loads(result.stdout)[0]["run_id"])


def test_the_command_keeps_the_run_with_inspects_log(kept: Run) -> None:
    assert [row.id for row in kept.rows] == [case.id for case in cases()]
    assert read_eval_log(str(kept.log), header_only=True).status == "success"
    assert kept.facts.versions["prompt"]["copilot"].startswith("copilot/v")


def test_the_planner_holds_its_ground(kept: Run) -> None:
    """Lower bounds under the figures of evals/suites/routing/card.yaml: a change that falls through them is a
    step back. And no row, right or wrong, makes a proposal that was not asked for."""
    passed = Counter(row.groups["difficulty"] for row in kept.rows if row.verdict.passed)
    assert passed["plain"] >= 62
    assert passed["hard"] >= 68
    unasked = [
        row.text
        for row in kept.rows
        if "propose_" in row.verdict.got_label and row.verdict.got_label != row.verdict.expected_label
    ]
    assert unasked == []
