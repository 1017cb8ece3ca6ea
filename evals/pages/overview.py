"""The pages about many runs: the list of them, and the leaderboard."""

from collections.abc import Mapping, Sequence

from evals.about import About, about, deciding
from evals.leaderboard import Board
from evals.pages.rendering import page
from evals.runs import Run


def index_page(
    runs: Sequence[Run],
    pairs: Sequence[tuple[Run, Run]] = (),
    *,
    altered: Sequence[str] = (),
    served: bool = False,
) -> str:
    """The runs, the newest first, by suite. `pairs` are those whose comparisons are written beside it; a
    served page asks which two to compare. `altered` says of which runs the files are not what they were."""
    suites: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda r: r.facts.started_at, reverse=True):
        suites.setdefault(run.facts.suite, []).append(run)
    known: Mapping[str, About] = {suite: about(suite) for suite in suites}
    first = {run.facts.run_id: deciding(run, known[run.facts.suite]) for run in runs}
    return page(
        "index",
        served=served,
        suites=dict(sorted(suites.items())),
        known=known,
        first=first,
        pairs=pairs,
        altered=altered,
    )


def leaderboard_page(boards: Sequence[Board], *, served: bool = False) -> str:
    """Each suite's subjects beside one another."""
    return page("leaderboard", served=served, boards=boards)
