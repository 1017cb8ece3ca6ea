"""Running a suite: in a notebook too, whose loop runs already, and with a subject that breaks."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evals.cases import Answer, Case, Verdict, right
from evals.running import SuiteFailed, run
from evals.runs import Run, RunAltered, load_run
from evals.subjects import Subject
from evals.suite import Setting, Suite, setting


def suite_of(folder: Path, answer: str | Exception) -> Suite[Case, Answer]:
    """One case, to which the subject gives this answer."""
    folder.mkdir()
    card = dict.fromkeys(
        ("name", "about", "origin", "licence", "size", "point", "owner", "not_measured"), "x"
    )
    (folder / "card.yaml").write_text("\n".join(f"{k}: {v}" for k, v in card.items()))

    def cases(within: Setting) -> Sequence[Case]:
        return [Case(id="one", text="say yes", expected="yes")]

    def answered(within: Setting, case: Case) -> Answer:
        if isinstance(answer, Exception):
            raise answer
        return Answer(text=answer)

    def judged(case: Case, said: Answer) -> Verdict:
        return right(said.text)

    return Suite(folder, cases, answered, judged, Answer)


def test_it_runs_where_a_loop_runs_already(tmp_path: Path) -> None:
    tiny = suite_of(tmp_path / "tiny", "yes")

    async def notebook() -> Run:
        with setting(Subject()) as within:
            return run(tiny, within, tmp_path / "runs")

    with ThreadPoolExecutor(1) as thread:  # a browser of other tests may hold this one
        kept = thread.submit(lambda: asyncio.run(notebook())).result()
    assert [row.verdict.got for row in kept.rows] == ["yes"]


def test_a_subject_that_breaks_leaves_no_run_but_the_log(tmp_path: Path) -> None:
    broken = suite_of(tmp_path / "tiny", ZeroDivisionError("by nothing"))
    with setting(Subject()) as within, pytest.raises(SuiteFailed, match="by nothing") as failed:
        run(broken, within, tmp_path / "runs")
    assert [f.suffix for f in (tmp_path / "runs").iterdir()] == [".eval"]
    assert str(next((tmp_path / "runs").iterdir())) in failed.value.sentence


@pytest.mark.parametrize("file", ["run.json", "rows.jsonl", "log.eval"])
def test_a_run_that_was_altered_does_not_count(tmp_path: Path, file: str) -> None:
    with setting(Subject()) as within:
        kept = run(suite_of(tmp_path / "tiny", "yes"), within, tmp_path / "runs")
    assert load_run(tmp_path / "runs", kept.facts.run_id).sha256 == kept.sha256
    altered = kept.folder / file
    altered.chmod(0o644)
    content = altered.read_bytes()
    altered.write_bytes(
        content.replace(b'"cases": 1', b'"cases": 2') if file == "run.json" else content + b" "
    )
    with pytest.raises(RunAltered):
        load_run(tmp_path / "runs", kept.facts.run_id)
