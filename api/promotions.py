"""What a promotion is, in words: the same for everybody who signs one, wherever they read it."""

from collections.abc import Iterator

from api.hidden import visible
from api.web.i18n import N_
from api.wording import amount, moment
from models.actions import PromoteVersion
from models.promotion import Compared, Figure, Measured, Slice
from prompts.diff import Line, diff, plain

SHOWN_SHA = 12  # characters of a hash that people compare
VERDICTS = {
    "better": "better than what is in force",
    "worse": "worse than what is in force",
    "not told apart": "not told apart from what is in force",
}


def fields(action: PromoteVersion, zone: str) -> Iterator[tuple[str, str]]:
    """Label and value of all that whoever signs must know, the difference in the text last."""
    yield from speaking(action, zone)
    yield N_("Why"), visible(action.why)
    if action.what == "prompt":
        yield N_("Text"), visible(plain(text_changes(action)))


def speaking(action: PromoteVersion, zone: str) -> Iterator[tuple[str, str]]:
    """What is promoted in whose place, and what speaks for it."""
    yield N_("Prompt") if action.what == "prompt" else N_("Suite"), visible(action.name)
    now = action.replaces
    if now is None:
        yield N_("In force"), "nothing yet: this is the suite's first baseline"
    else:
        since = "as it ships" if now.promotion is None and action.what == "prompt" else "promoted"
        yield N_("In force"), f"{visible(now.version)} ({now.sha256[:SHOWN_SHA]}), {since}"
    yield N_("Proposed"), f"{visible(action.version)} ({action.sha256[:SHOWN_SHA]})"
    if action.returns:
        yield N_("Goes back"), "It was in force before, so no limit on what it may lose holds."
    yield N_("Result"), result(action.measured)
    yield N_("Measured"), source(action.measured, zone)
    if action.compared:
        yield N_("Compared"), comparison(action.compared)
        yield from _worse(action.compared)
    elif action.not_compared:
        yield N_("Compared"), f"not compared: {visible(action.not_compared)}"


def text_changes(action: PromoteVersion) -> tuple[Line, ...]:
    """What differs between a prompt's file in force and the proposed one, its change log included."""
    return diff(action.replaces.text if action.replaces else "", action.text)


def result(measured: Measured) -> str:
    """E.g. 'routing: passed 0.91 (0.87 to 0.95) on 149 cases, more is better'."""
    small = ", the small part of the suite" if measured.small else ""
    better = "more" if measured.better == "high" else "less"
    return (
        f"{visible(measured.suite)}: {visible(measured.metric)} {with_interval(measured.figure)} on "
        f"{measured.cases:,} cases{small}, {better} is better"
    )


def source(measured: Measured, zone: str) -> str:
    """Which run it was, of what, when and with which version of Chargehand."""
    return (
        f"run {visible(measured.run_id)} ({measured.sha256[:SHOWN_SHA]}) of {visible(measured.subject)}, "
        f"{moment(measured.started_at, zone)}, Chargehand {visible(measured.code)}"
    )


def comparison(compared: Compared) -> str:
    """E.g. '+0.03 (-0.01 to 0.06), not told apart from what is in force; 4 cases gained, 1 lost of 149'."""
    difference = compared.difference
    return (
        f"{'+' if difference.value > 0 else ''}{with_interval(difference)}, {VERDICTS[compared.verdict]}; "
        f"{compared.gained} cases gained, {compared.lost} lost of {compared.cases:,} "
        f"(against run {visible(compared.run_id)})"
    )


def with_interval(figure: Figure) -> str:
    """A figure with its 95% interval."""
    if figure.low is None or figure.high is None:
        return f"{_figure(figure.value)} (no interval)"
    return f"{_figure(figure.value)} ({_figure(figure.low)} to {_figure(figure.high)})"


def _figure(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else amount(value)


def _worse(compared: Compared) -> Iterator[tuple[str, str]]:
    for row in compared.lost_rows:
        yield f"Lost: {_line(row.case)}", f"{_line(row.text)}: {_line(row.fault)}"
    if more := compared.lost - len(compared.lost_rows):
        yield N_("Lost, not shown"), f"{more} more"
    for part in compared.worse_slices:
        yield f"Worse for {_line(part.group)} {_line(part.value)}", _part(part)


def _part(part: Slice) -> str:
    chance = ", which chance makes as well" if part.verdict == "not told apart" else ""
    return f"{with_interval(part.difference)}{chance}"


def _line(text: str) -> str:
    return " ".join(visible(text).split())
