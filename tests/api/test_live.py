"""Changes as they happen, over a real socket."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing
from queue import Queue
from typing import Any

import httpx
import psycopg
import pytest

from api.database import Place
from api.live import BACKLOG, Live
from api.wiring import Application
from tests.api.small_firm import serving
from tests.workflow import firm

Served = tuple[Application, str]


@pytest.fixture
def served(place: Place) -> Iterator[Served]:
    with serving(place) as running:
        yield running


@pytest.fixture
def listen(served: Served) -> Iterator[Callable[..., "Queue[tuple[str, Any]]"]]:
    """`listen(person)`: the events the person hears, as (name, data)."""
    application, url = served
    stop = threading.Event()
    threads = []

    def as_person(person_id: str, **headers: str) -> "Queue[tuple[str, Any]]":
        token = application.tokens.create(
            firm.principal("ada"), name="t", scopes=["proposals.read"], days=1, person_id=person_id
        ).token
        heard: Queue[tuple[str, Any]] = Queue()

        def read() -> None:
            try:
                with httpx.stream(
                    "GET",
                    f"{url}/v1/live",
                    headers={"Authorization": f"Bearer {token}", **headers},
                    timeout=15,
                ) as reply:
                    name = ""
                    for line in reply.iter_lines():
                        if line.startswith("event: "):
                            name = line.removeprefix("event: ")
                        elif line.startswith("data: "):
                            heard.put((name, json.loads(line.removeprefix("data: "))))
                        if stop.is_set():
                            return
            except httpx.HTTPError:
                heard.put(("broken", None))

        threads.append(threading.Thread(target=read, daemon=True))
        threads[-1].start()
        assert heard.get(timeout=10) == ("hello", {})
        return heard

    yield as_person
    stop.set()


def next_of(heard: "Queue[tuple[str, Any]]", name: str) -> Any:
    """The next event of a name; others in between are passed over."""
    deadline = time.monotonic() + 10
    while (left := deadline - time.monotonic()) > 0:
        got, data = heard.get(timeout=left)
        if got == name:
            return data
    raise AssertionError(f"no {name}")


LISTENERS = "pg_stat_activity where datname = current_database() and query = 'listen chargehand'"


def listening(place: Place) -> bool:
    with psycopg.connect(place.admin) as connection:
        return connection.execute(f"select 1 from {LISTENERS}").fetchone() is not None


def wait_until_listening(place: Place) -> None:
    deadline = time.monotonic() + 10
    while not listening(place):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_who_may_see_a_change_hears_it_and_nobody_else(
    served: Served, listen: Callable[..., "Queue[tuple[str, Any]]"]
) -> None:
    application, _ = served
    wait_until_listening(application.place)
    rita, petra = listen("rita"), listen("petra")
    card = application.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))
    told = next_of(rita, "proposal")
    assert told == {
        "proposal_id": str(card.proposal_id),
        "state": "pending",
        "version": 1,
        "waits_for_me": True,
        "turns": 0,
    }
    own = application.workflow.propose(
        firm.principal("petra"), firm.draft(firm.risk(project_id="borealis", project_name="Borealis"))
    )
    assert next_of(petra, "proposal")["proposal_id"] == str(own.proposal_id), "and not paula's before it"


def test_a_decision_is_heard(served: Served, listen: Callable[..., "Queue[tuple[str, Any]]"]) -> None:
    application, _ = served
    wait_until_listening(application.place)
    card = application.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))
    paula = listen("paula")
    application.workflow.decide(
        firm.principal("rita"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
    )
    while (told := next_of(paula, "proposal"))["state"] != "approved":
        pass
    assert not told["waits_for_me"]


def test_who_comes_back_is_told_to_read_anew(
    served: Served, listen: Callable[..., "Queue[tuple[str, Any]]"]
) -> None:
    assert next_of(listen("rita", **{"Last-Event-ID": "0"}), "missed") == {}


def test_when_the_listener_loses_its_connection_everybody_reads_anew(
    served: Served, listen: Callable[..., "Queue[tuple[str, Any]]"]
) -> None:
    application, _ = served
    wait_until_listening(application.place)
    rita = listen("rita")
    with psycopg.connect(application.place.admin, autocommit=True) as connection:
        connection.execute(f"select pg_terminate_backend(pid) from {LISTENERS}")
    next_of(rita, "missed")
    application.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))
    next_of(rita, "proposal")


def test_without_a_good_token_nothing_is_heard(served: Served) -> None:
    assert httpx.get(f"{served[1]}/v1/live").status_code == 401


def test_a_watcher_that_does_not_read_costs_no_memory(application: Application) -> None:
    """Its backlog is bounded: past that it is told to read anew."""

    async def crowd() -> tuple[int, bool]:
        live = Live(application.db)
        async with aclosing(live.watch(firm.principal("rita"))) as watching:
            await anext(watching)  # the greeting
            for n in range(BACKLOG + 50):
                live._broadcast(json.dumps({"proposal_id": f"00000000-0000-0000-0000-{n:012d}"}))
            (watcher,) = live._watchers
            return len(watcher.changed), watcher.missed

    assert asyncio.run(crowd()) == (BACKLOG, True)
