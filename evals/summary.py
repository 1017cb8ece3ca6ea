"""A run in words: its figures, by group, what was taken for what, and every failing row."""

from collections import Counter
from collections.abc import Iterator, Sequence

from evals.cases import GroupName, Row
from evals.intervals import FEW, interval
from evals.metrics import PASSED, frame
from evals.runs import Figure, Run

SHOWN: tuple[GroupName, ...] = ("difficulty", "kind", "language")


def markdown(run: Run) -> str:
    """For people; the machine's form is the run itself."""
    return "\n".join(_lines(run)) + "\n"


def confusion(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Expected label -> what it was taken for -> how often, right ones left out."""
    pairs = Counter((r.verdict.expected_label, r.verdict.got_label) for r in rows)
    table: dict[str, dict[str, int]] = {}
    for (expected, got), count in pairs.most_common():
        if expected != got:
            table.setdefault(expected, {})[got] = count
    return table


def in_words(figure: Figure) -> str:
    if figure.value is None:
        return "not defined"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.3g}"
    few = ", few clusters" if figure.clusters < FEW else ""
    return f"{figure.value:.3g} ({figure.low:.3g} to {figure.high:.3g}{few})"


def _lines(run: Run) -> Iterator[str]:
    facts = run.facts
    yield f"# {facts.suite}: {facts.subject}"
    yield f"\n{facts.run_id}, {facts.cases} cases, {facts.epochs} epochs, {facts.seconds:.1f} s."
    yield "\n| metric | value (95% interval) | cases | clusters |\n|---|---|---|---|"
    for name, figure in facts.figures.items():
        yield f"| {name} | {in_words(figure)} | {figure.rows} | {figure.clusters} |"
    yield from _groups(run.rows)
    if table := confusion(run.rows):
        yield "\n## Taken for something else\n\n| expected | got | rows |\n|---|---|---|"
        yield from (f"| {e} | {g} | {n} |" for e, row in table.items() for g, n in row.items())
    if failing := [r for r in run.rows if not r.verdict.passed]:
        yield "\n## Failing rows\n"
        for row in failing:
            yield f"- `{row.id}` {' '.join(row.text.split())}  "
            yield f"  expected {row.expected}; got {row.verdict.got}. {row.verdict.fault}"


def _groups(rows: Sequence[Row]) -> Iterator[str]:
    table = frame(rows)
    shown = [name for name in SHOWN if f"group:{name}" in table]
    if not shown:
        return
    yield "\n| rows | right | share | 95% interval |\n|---|---|---|---|"
    for name in shown:
        for value, part in table.groupby(f"group:{name}", sort=False):
            low_high = interval(PASSED, part)
            words = f"{low_high[0]:.0%} to {low_high[1]:.0%}" if low_high else ""
            right = part["passed"].sum()  # with epochs, not always a whole number
            yield f"| {value} | {right:g} of {len(part)} | {right / len(part):.0%} | {words} |"
