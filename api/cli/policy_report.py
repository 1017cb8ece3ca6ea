"""The report of a backtest as one HTML page that needs nothing else."""

import io
from collections.abc import Sequence
from decimal import Decimal

import matplotlib as mpl
from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup
from matplotlib.figure import Figure

from models.backtest import Backtest
from workflow.backtest import Load

SHOWN = 12  # people in the plot
BLUE, ORANGE, GREY = "#0b5fa5", "#c4561a", "#5b6675"


def render(found: Backtest, loads: Sequence[Load], limit: Decimal | None) -> str:
    """The page: what would differ, money with fewer eyes, and whose load changes."""
    environment = Environment(loader=PackageLoader("api.cli", "."), autoescape=select_autoescape())
    return environment.get_template("policy_report.html").render(
        found=found,
        loads=loads,
        limit=limit,
        verdict=found.verdict(limit) if limit is not None else None,
        plot=Markup(_plot(loads[:SHOWN])) if loads else "",
    )


def _plot(loads: Sequence[Load]) -> str:
    """Signatures a person is asked for, then and under the candidate, as SVG with its text as text."""
    with mpl.rc_context({"svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9}):
        figure = Figure(figsize=(8, 0.6 + 0.42 * len(loads)), layout="constrained")
        axes = figure.subplots()
        at = range(len(loads))
        axes.barh([y - 0.19 for y in at], [x.then for x in loads], height=0.36, color=GREY, label="then")
        axes.barh([y + 0.19 for y in at], [x.now for x in loads], height=0.36, color=BLUE, label="candidate")
        axes.set_yticks(list(at), [x.name.replace("$", r"\$") for x in loads])
        axes.invert_yaxis()
        axes.set_xlabel("signatures asked for")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    svg = buffer.getvalue()
    return svg[svg.index("<svg") :]
