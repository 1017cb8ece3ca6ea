"""All pages that lead to each other, as a folder of files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from evals.compare import compare
from evals.leaderboard import boards
from evals.pages.comparison import comparison_page
from evals.pages.overview import index_page, leaderboard_page
from evals.pages.rendering import comparison_file, run_file
from evals.pages.run import run_page
from evals.runs import Run


def write(
    folder: Path,
    runs: Sequence[Run],
    pairs: Sequence[tuple[Run, Run]],
    baselines: Mapping[str, str],
) -> list[Path]:
    """The page of every run and of every pair, the list of them and the leaderboard; what was written.
    Raises NotComparable."""
    pages = {
        "index.html": index_page(runs, pairs),
        "leaderboard.html": leaderboard_page(boards(runs, baselines)),
        **{run_file(run.facts.run_id): run_page(run) for run in runs},
        **{
            comparison_file(before.facts.run_id, after.facts.run_id): comparison_page(compare(before, after))
            for before, after in pairs
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in pages]
