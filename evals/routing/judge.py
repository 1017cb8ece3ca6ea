"""The verdict on one sentence: the right tool with the right arguments, or the right silence."""

from decimal import Decimal, InvalidOperation
from typing import Any

from evals.report import Row
from evals.routing.cases import Case, Expected
from evals.routing.subject import Outcome


def judge(case: Case, outcome: Outcome) -> Row:
    """The case's row in the report."""
    fault = _fault(case.expected, outcome)
    return Row(
        id=case.id,
        group=case.group,
        hard=case.hard,
        text=f"[after {case.expected.after}] {case.expected.say}"
        if case.expected.after
        else case.expected.say,
        expected=_expected_words(case.expected),
        got=_got_words(outcome),
        expected_label=case.expected.label,
        got_label=outcome.label if fault else case.expected.label,
        passed=not fault,
        fault=fault,
    )


def _fault(expected: Expected, outcome: Outcome) -> str:
    """Why the outcome is not what was expected; '' when it is."""
    if not outcome.calls:
        if outcome.question and (expected.or_asks or expected.asks in ("", outcome.question.argument)):
            return ""
        if not outcome.question and expected.or_declines:
            return ""
    if expected.asks:
        asked = outcome.question.argument if outcome.question else "nothing"
        return f"It should ask for {expected.asks}, and asked for {asked}."
    if expected.declines:
        return _declines_fault(expected.declines, outcome)
    called = [name for name, _ in outcome.calls]
    if set(called) != set(expected.tools) or len(called) != len(expected.tools):
        return "Another tool, or none." if not called else f"It called {', '.join(called)}."
    return next((f for _, arguments in outcome.calls if (f := _argument_fault(expected, arguments))), "")


def _declines_fault(why: str, outcome: Outcome) -> str:
    if outcome.calls or outcome.question:
        return "It should do nothing."
    if why == "decision" and "inbox" not in outcome.text.lower():
        return "It does not say where decisions are taken."
    return ""


def _argument_fault(expected: Expected, arguments: dict[str, Any]) -> str:
    for name, value in expected.with_.items():
        if not _same(arguments.get(name), value):
            return f"{name} is {arguments.get(name)!r}, not {value!r}."
    for name in expected.without:
        if arguments.get(name) is not None:
            return f"{name} should not be given, and is {arguments[name]!r}."
    return ""


def _same(got: Any, wanted: Any) -> bool:
    """Equal as the tools read them: text without regard to case, numbers by value."""
    if isinstance(wanted, list) and isinstance(got, list):
        return sorted(map(str, got)) == sorted(map(str, wanted))
    try:
        return Decimal(str(got)) == Decimal(str(wanted))
    except InvalidOperation:
        return str(got).casefold().strip() == str(wanted).casefold().strip()


def _expected_words(expected: Expected) -> str:
    if expected.tools:
        arguments = ", ".join(f"{k}={v!r}" for k, v in expected.with_.items())
        return f"{' + '.join(expected.tools)}({arguments})" + (" or a question" if expected.or_asks else "")
    return f"a question for {expected.asks}" if expected.asks else f"no action ({expected.declines})"


def _got_words(outcome: Outcome) -> str:
    if outcome.calls:
        return " + ".join(f"{n}({', '.join(f'{k}={v!r}' for k, v in a.items())})" for n, a in outcome.calls)
    if outcome.question:
        return f"a question for {outcome.question.argument}: {outcome.question.text}"
    return f"no action: {' '.join(outcome.text.split())[:120]}"
