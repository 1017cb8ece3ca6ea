"""The verdict on one invoice: how near the probability came to the truth."""

from evals.cases import Verdict
from evals.suites.invoices.cases import Invoice
from evals.suites.invoices.subject import Days
from evals.tabular.figures import NAIVE, interval_score, of_probability, of_value

LATE_FROM = 0.5  # a probability from which an invoice is called late


def judge(case: Invoice, said: Days) -> Verdict:
    """Right on the right side of the threshold; the score is 1 less the squared error. What is still unpaid
    has no days to compare with, and its interval has failed only once it has ended."""
    late = said.p >= LATE_FROM
    probability = of_probability(said.p, case.late, said.p_naive)
    return Verdict(
        score=1 - probability["squared_error"],
        passed=late == case.late,
        got=said.text,
        fault="" if late == case.late else f"It was {'late' if case.late else 'in time'}.",
        values={
            **probability,
            **of_value("days", said.days, said.days_naive, case.days),
            **_of_interval(case, said.low, said.high, ""),
            **_of_interval(case, said.low_naive, said.high_naive, NAIVE),
        },
        expected_label="late" if case.late else "in time",
        got_label="late" if late else "in time",
    )


def _of_interval(case: Invoice, low: float, high: float, ending: str) -> dict[str, float]:
    values = {"low": low, "high": high, "width": high - low}
    if case.days is not None:
        values |= {
            "covered": float(low <= case.days <= high),
            "interval_score": interval_score(low, high, case.days),
        }
    elif high < case.open_days:
        values["covered"] = 0.0
    return {f"{name}{ending}": value for name, value in values.items()}
