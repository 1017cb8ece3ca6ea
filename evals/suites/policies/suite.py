"""Which gate an action meets and who may sign it: what the workflow does in a copy of the demo firm under the
subject's policy."""

import time
from collections.abc import Sequence
from pathlib import Path

from evals.cases import Step, Usage, Verdict
from evals.metrics import PASSED, Metric, mean
from evals.scenes.actions import Records
from evals.scenes.play import ONLOOKER
from evals.scenes.play import Scene as Stage
from evals.suite import Setting, Suite
from evals.suites.policies.cases import PolicyCase, Scene, Told, cases
from evals.suites.policies.judge import Judged, judge
from models.access import NotFound
from models.policy_scenarios import Outcome
from models.policy_scenarios import judge as judge_facts
from workflow.policy_scenarios import judge_people


def _cases(within: Setting) -> Sequence[PolicyCase]:
    return cases(within)


def _answer(within: Setting, case: PolicyCase) -> Judged:
    started = time.monotonic()
    answer = _play(within, case) if isinstance(case, Scene) else _hold_against(within, case)
    return answer.model_copy(update={"usage": Usage(seconds=time.monotonic() - started)})


def _play(within: Setting, case: Scene) -> Judged:
    policy = within.subject.policy_set()
    with within.sandbox.firm(policy) as firm:
        records = within.once("records", lambda: Records(firm))
        stage = Stage(firm, records, policy)
        played = stage.play(case.row.opening, tuple(act.act for act in case.row.then))
    return Judged.model_validate(played.model_dump())


def _hold_against(within: Setting, case: Told) -> Judged:
    """The policy against given facts; the people too, where the demo firm has whom it names."""
    policy = within.subject.policy_set()
    outcome = judge_facts(policy, case.scenario, case.file)
    if case.scenario.asks_for_people:
        outcome = _with_people(within, case) or outcome
    return Judged(
        text=outcome.rule,
        rule=outcome.rule,
        faults=outcome.faults,
        trace=(Step(kind="found", by="policy", text=outcome.rule, data={"why": list(outcome.why)}),),
    )


def _with_people(within: Setting, case: Told) -> Outcome | None:
    """None where it names somebody whom the demo firm does not have: then only its facts are judged."""
    policy = within.subject.policy_set()
    with within.sandbox.firm(policy) as firm, firm.db.tx(ONLOOKER, "workflow") as tx:
        try:
            return judge_people(tx, policy, case.scenario, case.file)
        except NotFound:
            return None


def _judge(case: PolicyCase, answer: Judged) -> Verdict:
    return judge(case, answer)


SUITE = Suite(
    folder=Path(__file__).parent,
    cases=_cases,
    answer=_answer,
    judge=_judge,
    answers=Judged,
    metrics=(
        PASSED,
        Metric("faults", "things that were not as they should be, a case", mean("faults"), "low", "number"),
    ),
)
