"""The verdict on one sentence: the right tool with the right arguments, or the right silence."""

from decimal import Decimal, InvalidOperation
from typing import Any

from evals.cases import Verdict, right, wrong
from evals.suites.routing.cases import Expected, Sentence
from evals.suites.routing.subject import Heard


def judge(case: Sentence, heard: Heard) -> Verdict:
    """Right when the tool and every listed argument are, or the silence is as it should be."""
    fault, label, got = _fault(case.rule, heard), case.rule.label, _got_words(heard)
    if not fault:
        return right(got, label=label)
    return wrong(got, fault, expected_label=label, got_label=heard.label)


def _fault(expected: Expected, heard: Heard) -> str:
    """Why the heard is not what was expected; '' when it is."""
    if not heard.calls:
        if heard.question and (expected.or_asks or expected.asks in ("", heard.question.argument)):
            return ""
        if not heard.question and expected.or_declines:
            return ""
    if expected.asks:
        asked = heard.question.argument if heard.question else "nothing"
        return f"It should ask for {expected.asks}, and asked for {asked}."
    if expected.declines:
        return _declines_fault(expected.declines, heard)
    called = [name for name, _ in heard.calls]
    if set(called) != set(expected.tools) or len(called) != len(expected.tools):
        return "Another tool, or none." if not called else f"It called {', '.join(called)}."
    return next((f for _, arguments in heard.calls if (f := _argument_fault(expected, arguments))), "")


def _declines_fault(why: str, heard: Heard) -> str:
    if heard.calls or heard.question:
        return "It should do nothing."
    if why == "decision" and "inbox" not in heard.text.lower():
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


def _got_words(heard: Heard) -> str:
    if heard.calls:
        return " + ".join(f"{n}({', '.join(f'{k}={v!r}' for k, v in a.items())})" for n, a in heard.calls)
    if heard.question:
        return f"a question for {heard.question.argument}: {heard.question.text}"
    return f"no action: {' '.join(heard.text.split())[:120]}"
