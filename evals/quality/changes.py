"""Clients' messages held against contracts: the cases of the suite of that name, but for the gates,
which need a database."""

from collections import Counter

from evals.cases import Verdict
from evals.quality.results import Result, counted
from evals.suites.changes.cases import Judgement, judgements
from evals.suites.changes.judge import judge
from evals.suites.changes.subject import compared
from models.predict.base import Progress

NAME = "changes"
AGAINST = "the commonest answer"


def on_cases(progress: Progress) -> list[Result]:
    """The share of judgements that are right, by what is judged; the baseline always gives the answer that is
    most often right, where there is more than one."""
    progress("messages", 0, 1)
    judged = _judged()
    progress("messages", 1, 1)
    results = []
    for what in dict.fromkeys(case.what for case, _ in judged):
        of_kind = [(case, verdict) for case, verdict in judged if case.what == what]
        answers = Counter(case.expected for case, _ in of_kind)
        commonest = answers.most_common(1)[0][1] / len(of_kind) if len(answers) > 1 else None
        results.append(
            counted(
                NAME,
                "written cases",
                f"{what} right",
                sum(verdict.passed for _, verdict in of_kind),
                len(of_kind),
                baseline=commonest,
                against=AGAINST,
            )
        )
    return results


def _judged() -> list[tuple[Judgement, Verdict]]:
    cases = [c for c in judgements() if c.what != "gate" and c.message.language == "en"]
    found = {m.id: compared(m) for m in {c.message.id: c.message for c in cases}.values()}
    return [(case, judge(case, found[case.message.id])) for case in cases]
