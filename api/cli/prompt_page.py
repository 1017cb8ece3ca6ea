"""Two versions of a prompt as one HTML page that needs nothing else."""

from collections.abc import Mapping, Sequence

from jinja2 import ChoiceLoader, PackageLoader

from api.web.render import environment
from prompts.diff import Line
from prompts.loader import Prompt


def page(
    before: Prompt,
    after: Prompt,
    lines: Sequence[Line],
    before_figures: Mapping[str, str],
    after_figures: Mapping[str, str],
) -> str:
    """The page: what differs, as on a proposal's card, and what the suites say of each."""
    pages = environment()
    found = pages.overlay(loader=ChoiceLoader([PackageLoader("api.cli", "."), PackageLoader("api.web")]))
    return found.get_template("prompt_page.html").render(
        before=before,
        after=after,
        lines=lines,
        figures=[(before, before_figures), (after, after_figures)],
    )
