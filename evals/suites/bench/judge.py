"""The verdict on one person's month."""

from evals.cases import Verdict
from evals.suites.bench.cases import PersonMonth
from evals.suites.bench.subject import NextHours
from evals.tabular.figures import of_probability, of_value

BENCH_FROM = 0.5  # a probability from which a person is called on the bench


def judge(case: PersonMonth, said: NextHours) -> Verdict:
    """Right on the right side of the threshold; the score is 1 less the squared error."""
    idle = said.p >= BENCH_FROM
    probability = of_probability(said.p, case.idle, said.p_naive)
    return Verdict(
        score=1 - probability["squared_error"],
        passed=idle == case.idle,
        got=said.text,
        fault="" if idle == case.idle else f"The period had {case.hours:.0f} hours.",
        values={**probability, **of_value("hours", said.hours, said.hours_naive, case.hours)},
        expected_label="bench" if case.idle else "busy",
        got_label="bench" if idle else "busy",
    )
