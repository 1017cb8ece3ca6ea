"""Clients' messages held against contracts: the cases of `evals.changes`."""

from collections import Counter

from evals.changes.suite import report
from evals.quality.results import Result, counted
from models.predict.base import Progress

NAME = "changes"
AGAINST = "the commonest answer"


def on_cases(progress: Progress) -> list[Result]:
    """The share of rows that are right, by what is judged; the baseline always gives the answer that is most
    often right, where there is more than one."""
    progress("messages", 0, 1)
    rows = report().rows
    progress("messages", 1, 1)
    results = []
    for group in dict.fromkeys(row.group for row in rows):
        of_group = [row for row in rows if row.group == group]
        answers = Counter(row.expected for row in of_group)
        commonest = answers.most_common(1)[0][1] / len(of_group) if len(answers) > 1 else None
        results.append(
            counted(
                NAME,
                "written cases",
                f"{group} right",
                sum(row.passed for row in of_group),
                len(of_group),
                baseline=commonest,
                against=AGAINST,
            )
        )
    return results
