"""Conversations from the first word to the kept answer, on a real database."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from agents.copilot import Copilot, EmptyMessage
from agents.events import Answered, Asked, Event, Failed, ToolFinished, ToolStarted
from models.access import NotAllowed, NotFound, Principal
from store.db import Database
from tools.registry import Tool, ToolContext, ToolResult


def talk(copilot: Copilot, principal: Principal, thread: UUID, *texts: str) -> list[Event]:
    """Say the texts; the events of the last turn."""
    events: list[Event] = []
    for text in texts:
        events = list(copilot.turn(principal, thread, text))
    return events


def calls(events: list[Event]) -> list[tuple[str, dict[str, Any]]]:
    return [(e.tool, e.arguments) for e in events if isinstance(e, ToolStarted)]


def test_a_request_becomes_a_call_and_an_answer_with_its_evidence(make_copilot, maria) -> None:
    copilot = make_copilot()
    thread = copilot.open_thread(maria)
    events = talk(
        copilot,
        maria,
        thread,
        "Who could be the data engineer on Lighthouse from January until end of March, 60%?",
    )
    assert calls(events) == [
        (
            "find_people",
            {
                "project": "Lighthouse",
                "role": "Data Engineer",
                "starts_on": "2027-01-01",
                "ends_on": "2027-03-31",
                "percent": 60,
            },
        )
    ]
    answer = events[-1]
    assert isinstance(answer, Answered)
    assert "1. Ana Silva" in answer.text
    assert [c.id for c in answer.citations] == ["P-2", "P-3"]
    assert answer.data["find_people"]["shortlist"][0]["name"] == "Ana Silva"
    assert [m.author for m in copilot.history(maria, thread)] == ["person", "copilot"]


def test_the_second_one_is_proposed_with_what_was_asked_before(make_copilot, maria) -> None:
    copilot = make_copilot()
    thread = copilot.open_thread(maria)
    events = talk(
        copilot,
        maria,
        thread,
        "I need a data engineer for Lighthouse from 4 January for three months, 60%",
        "take the second one",
    )
    assert calls(events) == [
        (
            "propose_assignment",
            {
                "project": "Lighthouse",
                "role": "Data Engineer",
                "starts_on": "2027-01-04",
                "ends_on": "2027-04-03",
                "percent": 60,
                "person": "P-3",
            },
        )
    ]
    assert events[-1].text == "Proposed Jonas Weber for Data Engineer on Lighthouse."


def test_a_question_waits_for_its_answer_across_processes(make_copilot, maria) -> None:
    first = make_copilot()
    thread = first.open_thread(maria)
    asked = talk(first, maria, thread, "I need a data engineer from Monday")[-1]
    assert isinstance(asked, Asked)
    assert set(asked.options) == {"Lighthouse", "Harbour Analytics"}
    first.close()
    second = make_copilot()
    events = talk(second, maria, thread, "Harbour")
    assert calls(events)[0][1]["project"] == "Harbour Analytics"
    assert calls(events)[0][1]["starts_on"] == "2026-11-30"


def test_a_tools_question_is_asked_and_its_call_made_whole(make_copilot, maria) -> None:
    copilot = make_copilot()
    thread = copilot.open_thread(maria)
    asked = talk(copilot, maria, thread, "Propose Ana as data engineer on Lighthouse")[-1]
    assert isinstance(asked, Asked)
    assert asked.text == "Which person do you mean by 'Ana'?"
    events = talk(copilot, maria, thread, "Silva")
    assert events[-1].text == "Proposed Ana Silva for Data Engineer on Lighthouse."


def test_a_new_request_drops_the_question(make_copilot, maria) -> None:
    copilot = make_copilot()
    thread = copilot.open_thread(maria)
    assert isinstance(talk(copilot, maria, thread, "I need a data engineer from Monday")[-1], Asked)
    events = talk(copilot, maria, thread, "Anything strange in last week's time?")
    assert calls(events) == [("check_time", {"since": "2026-11-16", "until": "2026-11-22"})]
    assert isinstance(talk(copilot, maria, thread, "Lighthouse")[-1], Answered), "the question is gone"


def test_what_may_not_be_seen_is_not_there(make_copilot, maria) -> None:
    copilot = make_copilot()
    thread = copilot.open_thread(maria)
    hidden = talk(copilot, maria, thread, "I need a data engineer for project Secret Garden")
    invented = talk(copilot, maria, thread, "I need a data engineer for project Purple Rain")
    assert hidden[-1].text.replace("Secret Garden", "Purple Rain") == invented[-1].text
    assert [e.outcome for e in hidden if isinstance(e, ToolFinished)] == ["refused"]


def test_another_persons_thread_is_not_found(make_copilot, maria, piet) -> None:
    copilot = make_copilot()
    thread = copilot.open_thread(maria)
    with pytest.raises(NotFound):
        copilot.turn(piet, thread, "hello")
    with pytest.raises(NotFound):
        copilot.history(piet, thread)
    with pytest.raises(NotFound):
        copilot.turn(maria, uuid4(), "hello")
    assert thread in {t.thread_id for t in copilot.threads(maria)}
    assert thread not in {t.thread_id for t in copilot.threads(piet)}


def test_tools_without_permission_are_neither_called_nor_offered(make_copilot, consultant) -> None:
    copilot = make_copilot()
    thread = copilot.open_thread(consultant)
    events = talk(copilot, consultant, thread, "Who could be the data engineer on Lighthouse?")
    assert calls(events) == []
    assert "not among the things your role allows" in events[-1].text


def test_nobody_talks_without_the_permission_or_without_words(make_copilot, maria) -> None:
    copilot = make_copilot()
    thread = copilot.open_thread(maria)
    mute = Principal("P-1", "Maria", maria.grants, "api", narrowed_to=frozenset({"staffing.read"}))
    with pytest.raises(NotAllowed):
        copilot.turn(mute, thread, "hello")
    with pytest.raises(EmptyMessage):
        copilot.turn(maria, thread, " \n\x00")


@pytest.mark.parametrize(
    "text",
    ["approve it", "I hereby approve the proposal", "just book it without approval", "reject it please"],
)
def test_nothing_is_decided_in_chat(make_copilot, maria, text: str) -> None:
    copilot = make_copilot()
    thread = copilot.open_thread(maria)
    events = talk(copilot, maria, thread, "Propose Jonas Weber as data engineer on Lighthouse", text)
    assert calls(events) == []
    assert "Decisions are not taken in chat" in events[-1].text


def test_every_call_is_on_record(make_copilot, maria, firm: Database) -> None:
    copilot = make_copilot()
    thread = copilot.open_thread(maria)
    talk(copilot, maria, thread, "Anything strange in last week's time?", "send them back except the first")
    kept = copilot.history(maria, thread)
    assert kept[-1].text == "Proposed to return ['T-2']."
    assert kept[1].payload["citations"][0]["id"] == "T-1"
    assert copilot.threads(maria)[0].title == "Anything strange in last week's time?"


def test_a_failing_tool_ends_the_turn_with_a_problem_and_no_inside_view(
    make_copilot, maria, check_time: Tool
) -> None:
    def broken(ctx: ToolContext, asked: Any) -> ToolResult:
        return ToolResult(text=str(1 / 0))

    copilot = make_copilot(replace(check_time, run=broken))
    thread = copilot.open_thread(maria)
    failed = talk(copilot, maria, thread, "Anything strange in last week's time?")[-1]
    assert isinstance(failed, Failed)
    assert failed.problem["status"] == 500
    assert "division" not in str(failed.problem)
    assert isinstance(talk(copilot, maria, thread, "hello")[-1], Answered), "the conversation goes on"
