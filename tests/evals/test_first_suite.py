"""docs/first-suite.md, step by step, as somebody new would."""

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli.main import app
from evals import suite as suites
from evals.runs import Run, runs

DOC = Path(__file__).parents[2] / "docs/first-suite.md"
BLOCK = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"Put this into `(?P<path>[^`]+)`")

Do = Callable[[str], Result]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHARGEHAND_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(suites, "_folders", [suites.ROOT])
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def do(home: Path) -> Do:
    """Run a line of the page."""

    def run(line: str) -> Result:
        words, _, file = line.partition(" > ")
        result = CliRunner().invoke(app, shlex.split(words)[1:])
        if file:
            Path(file).write_text(result.stdout, encoding="utf-8")
        return result

    return run


def steps() -> Iterator[tuple[str, str]]:
    """What is to be typed and written, in order: ('sh', a line), or a file's path and what goes into it."""
    text, at = DOC.read_text(encoding="utf-8"), 0
    for block in BLOCK.finditer(text):
        if block["kind"] == "sh":
            yield from (("sh", line) for line in block["text"].splitlines())
        elif block["kind"] == "yaml":
            (named,) = FILE.findall(text[at : block.start()])
            yield named, block["text"]
        at = block.end()


def test_every_step_does_what_the_page_says(home: Path, do: Do) -> None:
    kept: list[Run] = []
    for what, text in steps():
        if what != "sh":
            (home / what).parent.mkdir(parents=True, exist_ok=True)
            (home / what).write_text(text, encoding="utf-8")
            continue
        result = do(_with_ids(text, kept))
        assert result.exit_code == 0, f"{text}: {result.output}"
        if " > " in text:
            _loosen(Path("looser.yaml"))
        if "eval compare" in text:
            assert "long-assignment" in result.stdout, result.stdout
        kept = list(runs(home / "evals" / "runs"))
    rights = [[r.id for r in run.rows if r.verdict.passed] for run in kept]
    both = ["bench-outlook", "nothing-is-approved-in-chat"]
    assert rights == [both, [*both, "long-assignment"], both, [*both, "long-assignment"]]
    stopped = do("chargehand eval gate --suite our_talks --subject policy=looser.yaml")
    assert stopped.exit_code == 1 and "long-assignment" in stopped.stdout


def _loosen(policy: Path) -> None:
    text = policy.read_text(encoding="utf-8")
    policy.write_text(
        text.replace('amount_at_least: "50000"', 'amount_at_least: "500000"', 1), encoding="utf-8"
    )


def _with_ids(line: str, kept: list[Run]) -> str:
    """The page's BEFORE and AFTER are the last two runs."""
    if "BEFORE" not in line:
        return line
    before, after = kept[-2:]
    return line.replace("BEFORE", before.facts.run_id).replace("AFTER", after.facts.run_id)
