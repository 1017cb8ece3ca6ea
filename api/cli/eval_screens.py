"""What the picture of a comparison shows: the policy that ships, and one under which single signatures reach
further, measured by the small part of their suite."""

from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from evals.compare import compare
from evals.pages.comparison import comparison_page
from evals.running import run
from evals.subjects import Subject
from evals.suite import setting, suite

SUITE = "policies"


def looser_policy_page() -> str:
    """The page; takes half a minute."""
    with TemporaryDirectory(prefix="chargehand-screens-") as folder:
        looser = Path(folder) / "looser.yaml"
        text = files("workflow").joinpath("default_policy.yaml").read_text(encoding="utf-8")
        looser.write_text(text.replace('amount_below: "10000"', 'amount_below: "25000"'), encoding="utf-8")
        runs = []
        for subject in (Subject(), Subject(policy=looser)):
            with setting(subject, small=True) as within:
                runs.append(run(suite(SUITE), within, Path(folder) / "runs"))
        return comparison_page(compare(*runs))
