"""Turns through a language model, and what happens when it or its endpoint misbehaves. The endpoint is a real
HTTP server that plays a script."""

import time
from typing import Any

import pytest

from agents.budget import Budget
from agents.endpoint import call_in_text
from agents.events import Answered, Asked, Remark, TextDelta, ToolFinished, ToolStarted

FIND = {"project": "Lighthouse", "role": "data engineer"}
ASKED = "Who could be the data engineer on Lighthouse?"
SHORTLIST = "For data engineer on Lighthouse:\n1. Ana Silva, cost rate 95.00\n2. Jonas Weber, cost rate 80.00"


@pytest.fixture
def say(make_copilot, maria, endpoint):
    """Say something to a copilot with the scripted model; the events."""
    copilots: dict[Any, Any] = {}

    def say(text: str = ASKED, budget: Budget | None = None) -> list[Any]:
        if "copilot" not in copilots:
            copilots["copilot"] = make_copilot(model=endpoint.settings, budget=budget)
            copilots["thread"] = copilots["copilot"].open_thread(maria)
        return list(copilots["copilot"].turn(maria, copilots["thread"], text))

    return say


def remarks(events: list[Any]) -> str:
    return " ".join(e.text for e in events if isinstance(e, Remark))


def outcomes(events: list[Any]) -> list[tuple[str, str]]:
    return [(e.tool, e.outcome) for e in events if isinstance(e, ToolFinished)]


def test_it_calls_a_tool_and_words_what_was_found(say, endpoint) -> None:
    endpoint.calls("find_people", FIND)
    endpoint.says("Ana Silva fits best at 95 an hour; Jonas Weber costs 80.00.")
    events = say()
    assert outcomes(events) == [("find_people", "ok")]
    assert events[-1].text == "Ana Silva fits best at 95 an hour; Jonas Weber costs 80.00."
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == events[-1].text
    assert [c.id for c in events[-1].citations] == ["P-2", "P-3"]
    assert not remarks(events)
    system, *rest = endpoint.requests[0]["messages"]
    assert "Maria Okafor" in system["content"] and "Monday 2026-11-23" in system["content"]
    assert {t["function"]["name"] for t in endpoint.requests[0]["tools"]} == {
        "find_people",
        "propose_assignment",
        "check_time",
        "propose_returns",
    }
    assert rest[0]["content"] == ASKED


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        pytest.param("Jonas Weber costs 81 an hour.", "81", id="a number nobody found"),
        pytest.param("Three people could do it.", "Three", id="a number in words"),
        pytest.param("I proposed PRJ-77 for them.", "PRJ-77", id="an id nobody found"),
    ],
)
def test_words_with_numbers_from_nowhere_are_never_shown(say, endpoint, words: str, missing: str) -> None:
    endpoint.calls("find_people", FIND)
    endpoint.says(words)
    events = say()
    assert "wording is left out" in remarks(events)
    assert missing not in remarks(events), "nor told by the way"
    assert events[-1].text.startswith(SHORTLIST)
    assert words not in "".join(e.text for e in events if isinstance(e, TextDelta))


def test_numbers_without_any_lookup_are_left_to_the_rules(say, endpoint) -> None:
    endpoint.says("About 40 people are free.")
    events = say("Anything strange in last week's time?")
    assert outcomes(events) == [("check_time", "ok")]
    assert events[-1].text.startswith("2 odd entries")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_endpoint_is_asked_again(say, endpoint, status: int) -> None:
    endpoint.fails(status)
    endpoint.calls("find_people", FIND)
    endpoint.fails(status)
    endpoint.says("Ana Silva fits best.")
    events = say()
    assert events[-1].text == "Ana Silva fits best."
    assert not remarks(events)


def test_it_waits_as_long_as_the_endpoint_asks(say, endpoint) -> None:
    endpoint.fails(429, **{"retry-after": "0.4"})
    endpoint.says("Ask me about a project.")
    started = time.monotonic()
    assert say("hello")[-1].text == "Ask me about a project."
    assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        pytest.param(lambda e: [e.fails(503) for _ in range(3)], "HTTP 503", id="down"),
        pytest.param(lambda e: e.fails(401), "HTTP 401", id="refused, not retried"),
        pytest.param(
            lambda e: e.fails(429, **{"retry-after": "3600"}), "HTTP 429", id="longer than the turn has"
        ),
        pytest.param(
            lambda e: [e.says("Half an answ", cut=True) for _ in range(3)], "broke off", id="cut off"
        ),
        pytest.param(lambda e: e.says("Too long", finish="length"), "length limit", id="over the limit"),
        pytest.param(lambda e: [e.says("late", stall=3) for _ in range(3)], "no answer in time", id="stalls"),
        pytest.param(lambda e: e.says(" "), "an empty answer", id="empty"),
    ],
)
def test_the_rules_take_over_and_say_so(say, endpoint, break_it, reason: str) -> None:
    break_it(endpoint)
    events = say()
    assert reason in remarks(events) and "fixed rules" in remarks(events)
    assert outcomes(events) == [("find_people", "ok")]
    assert events[-1].text.startswith("For Data Engineer on Lighthouse:")


def test_the_rules_word_what_was_found_before_the_endpoint_failed(say, endpoint) -> None:
    endpoint.calls("find_people", FIND)
    endpoint.fails(401)
    events = say()
    assert outcomes(events) == [("find_people", "ok")], "not called again"
    assert events[-1].text.startswith(SHORTLIST)


def test_the_next_turn_tries_the_language_model_again(say, endpoint) -> None:
    endpoint.fails(401)
    assert "HTTP 401" in remarks(say())
    endpoint.says("At your service.")
    assert say("hello")[-1].text == "At your service."


def test_bad_arguments_go_back_once(say, endpoint) -> None:
    endpoint.calls("find_people", {"projekt": "Lighthouse"})
    endpoint.calls("find_people", FIND)
    endpoint.says("Ana Silva fits best.")
    events = say()
    assert outcomes(events) == [("find_people", "invalid"), ("find_people", "ok")]
    assert "projekt" in endpoint.requests[1]["messages"][-1]["content"]
    assert events[-1].text == "Ana Silva fits best."


@pytest.mark.parametrize(
    "arguments",
    [pytest.param({"projekt": "Lighthouse"}, id="unknown"), pytest.param('{"project": "Lig', id="no JSON")],
)
def test_after_two_bad_calls_the_rules_take_over(say, endpoint, arguments: Any) -> None:
    endpoint.calls("find_people", arguments)
    endpoint.calls("find_people", arguments)
    events = say()
    assert outcomes(events)[:2] == [("find_people", "invalid")] * 2
    assert "arguments that do not fit" in remarks(events)
    assert isinstance(events[-1], Answered)


def test_tools_that_are_not_there_are_refused(say, endpoint) -> None:
    endpoint.calls("send_email", {"to": "everyone"})
    endpoint.says("I cannot send mail.")
    events = say("mail everyone")
    assert outcomes(events) == [("send_email", "invalid")]
    assert "no tool send_email" in endpoint.requests[1]["messages"][-1]["content"]
    assert events[-1].text == "I cannot send mail."


def test_a_call_written_as_text_is_a_call(say, endpoint) -> None:
    endpoint.says(
        '```json\n{"name": "find_people", "parameters": {"project": "Lighthouse", "role": "x y"}}\n```'
    )
    endpoint.says("Ana Silva fits best.")
    events = say()
    assert [(e.tool, e.arguments) for e in events if isinstance(e, ToolStarted)] == [
        ("find_people", {"project": "Lighthouse", "role": "x y"})
    ]
    assert not any("```" in e.text for e in events if isinstance(e, TextDelta))


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ('{"name": "t", "arguments": {"a": 1}}', ("t", {"a": 1})),
        ('<tool_call>{"name": "t", "arguments": "{\\"a\\": 1}"}</tool_call>', ("t", {"a": 1})),
        ('{"function": {"name": "t", "arguments": {}}}', ("t", {})),
        ('[{"tool": "t", "args": {"a": 1}}]', ("t", {"a": 1})),
        ('The tool is {"name": "t"}', None),
        ('{"answer": 42}', None),
        ('{"name": "t", "arguments": [1]}', None),
        ("", None),
    ],
)
def test_which_texts_are_calls(text: str, call: tuple[str, dict[str, Any]] | None) -> None:
    found = call_in_text(text)
    assert (found and (found["name"], found["args"])) == call


def test_a_model_that_loops_proposes_once_and_is_stopped(say, endpoint) -> None:
    booking = {"project": "Lighthouse", "person": "Jonas Weber", "role": "data engineer"}
    for _ in range(10):
        endpoint.calls("propose_assignment", booking)
    events = say("Propose Jonas Weber as data engineer on Lighthouse", Budget(steps=4, tokens=20_000))
    assert outcomes(events) == [("propose_assignment", "ok")]
    assert isinstance(events[-1], Answered)
    assert events[-1].text.count("Proposed Jonas Weber") == 1


def test_a_spent_budget_is_told_with_what_was_found(say, endpoint) -> None:
    for n in range(10):
        endpoint.calls("find_people", {**FIND, "limit": n + 1})
    events = say(ASKED, Budget(steps=2))
    assert outcomes(events) == [("find_people", "ok")] * 2
    assert events[-1].text.startswith("I stopped: this turn has used its 2 of 2 tool calls.")
    assert "Ana Silva" in events[-1].text


def test_a_tools_question_reaches_the_person_and_the_answer_the_model(say, endpoint) -> None:
    endpoint.calls("propose_assignment", {"project": "Lighthouse", "person": "Ana", "role": "data engineer"})
    asked = say("Book Ana")[-1]
    assert isinstance(asked, Asked)
    endpoint.calls(
        "propose_assignment", {"project": "Lighthouse", "person": "Ana Silva", "role": "data engineer"}
    )
    endpoint.says("I proposed Ana Silva.")
    assert say("Silva")[-1].text == "I proposed Ana Silva."
    assert endpoint.requests[-2]["messages"][-1] == {"role": "user", "content": "Silva"}


def test_what_a_record_says_is_data(make_copilot, chidi, endpoint) -> None:
    """A project's name that gives orders reaches the model only as a tool's result, and the tools that can be
    called stay the caller's."""
    endpoint.calls("find_people", {"project": "PR-4", "role": "data engineer"})
    endpoint.calls("decide_proposal", {"verdict": "approve"})
    endpoint.says("Ana Silva fits best.")
    copilot = make_copilot(model=endpoint.settings)
    events = list(copilot.turn(chidi, copilot.open_thread(chidi), "Who could be the data engineer?"))
    assert outcomes(events) == [("find_people", "ok"), ("decide_proposal", "invalid")]
    naming = [m for m in endpoint.requests[1]["messages"] if "decide_proposal" in str(m.get("content"))]
    assert {m["role"] for m in naming} == {"tool"}
