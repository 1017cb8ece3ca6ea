"""Turns that meet: on one thread only one runs, on different threads they run beside each other, and a
question is answered once."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from agents.checkpoints import ThreadBusy
from agents.events import Answered, Asked, Event, ToolStarted
from tools.registry import Tool, ToolContext, ToolResult


class Gate:
    """A tool that waits until it is let through, and counts who came."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.came = threading.Semaphore(0)
        self.calls = 0

    def run(self, ctx: ToolContext, asked: Any) -> ToolResult:
        self.calls += 1
        self.came.release()
        assert self.open.wait(60)
        return ToolResult(text="Checked.")


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


CHECK = "Anything strange in last week's time?"


def test_the_second_turn_on_a_thread_is_refused_until_the_first_ends(
    make_copilot, maria, gate: Gate, check_time: Tool
) -> None:
    slow = replace(check_time, run=gate.run)
    here, other_process = make_copilot(slow), make_copilot(slow)
    thread = here.open_thread(maria)
    first = here.turn(maria, thread, CHECK)
    assert gate.came.acquire(timeout=60)
    for copilot in (here, other_process):
        with pytest.raises(ThreadBusy) as refusal:
            copilot.turn(maria, thread, CHECK)
        assert (refusal.value.status, refusal.value.retry) == (409, "later")
    gate.open.set()
    assert isinstance(list(first)[-1], Answered)
    assert isinstance(list(other_process.turn(maria, thread, CHECK))[-1], Answered)
    assert gate.calls == 2
    assert len(here.history(maria, thread)) == 4, "what was refused is not kept"


def test_different_threads_run_beside_each_other(make_copilot, maria, gate: Gate, check_time: Tool) -> None:
    copilot = make_copilot(replace(check_time, run=gate.run))
    turns = [copilot.turn(maria, copilot.open_thread(maria), CHECK) for _ in range(3)]
    for _ in turns:
        assert gate.came.acquire(timeout=60), "all three are inside at once"
    gate.open.set()
    assert all(isinstance(list(t)[-1], Answered) for t in turns)


def test_two_answers_at_once_run_the_call_once(make_copilot, maria) -> None:
    copilots = [make_copilot(), make_copilot()]
    thread = copilots[0].open_thread(maria)
    assert isinstance(list(copilots[0].turn(maria, thread, "I need a data engineer from Monday"))[-1], Asked)

    def answer(n: int) -> list[Event]:
        try:
            return list(copilots[n].turn(maria, thread, "Lighthouse"))
        except ThreadBusy:
            return []

    with ThreadPoolExecutor(2) as both:
        came = [e for events in both.map(answer, range(2)) for e in events]
    assert len([e for e in came if isinstance(e, ToolStarted)]) == 1


def test_a_turn_nobody_reads_is_finished_and_kept(make_copilot, maria) -> None:
    copilot = make_copilot()
    thread = copilot.open_thread(maria)
    del [copilot.turn(maria, thread, CHECK)][:]
    copilot.close()
    assert [m.author for m in make_copilot().history(maria, thread)] == ["person", "copilot"]


def test_a_turn_that_was_cut_off_does_not_spoil_the_next(make_copilot, maria, check_time: Tool) -> None:
    def dies(ctx: ToolContext, asked: Any) -> ToolResult:
        raise SystemError("as if the process had been killed")

    broken = make_copilot(replace(check_time, run=dies))
    thread = broken.open_thread(maria)
    list(broken.turn(maria, thread, CHECK))
    answer = list(make_copilot().turn(maria, thread, CHECK))[-1]
    assert isinstance(answer, Answered)
    assert answer.text.startswith("2 odd entries")
