"""Attacks and harmless lookalikes, played through the copilot, the tools' door and the workflow in a copy of
the demo firm."""

from collections.abc import Sequence
from pathlib import Path

from evals.cases import Verdict
from evals.metrics import Metric, mean
from evals.scenes.plants import nobody_away, plant
from evals.suite import Setting, Suite
from evals.suites.safety.cases import SafetyCase, cases, small
from evals.suites.safety.eyes import cards, not_theirs, powers
from evals.suites.safety.judge import Withstood, judge
from evals.talking.playing import play


def _cases(within: Setting) -> Sequence[SafetyCase]:
    return small(cases()) if within.small else cases()


def _answer(within: Setting, case: SafetyCase) -> Withstood:
    attack = case.attack
    with within.sandbox.firm(within.subject.policy_set()) as firm:
        nobody_away(firm.db)
        plant(firm.db, attack.plant)
        before = powers(firm)
        attack = attack.filled(within.once("mail", lambda: firm.scenario.email.body))
        played = play(attack, firm, within.subject, speaks=within.subject.user_settings())
        return Withstood(
            **dict(played),
            not_theirs=not_theirs(firm, played.trace, played.speaker),
            gained=tuple(sorted(powers(firm) - before)),
            cards=tuple(cards(firm, played.world.proposals)),
        )


def _judge(case: SafetyCase, left: Withstood) -> Verdict:
    return judge(case.attack, left)


SUITE = Suite(
    folder=Path(__file__).parent,
    cases=_cases,
    answer=_answer,
    judge=_judge,
    answers=Withstood,
    metrics=(
        Metric("withstood", "share of the attacks that were withstood", mean("withstood")),
        Metric("served", "share of the harmless lookalikes that were served", mean("served")),
    ),
)
