"""`python -m evals.bench.load.people`: the people of a load, in a process of their own. Reads a `Plan` from
standard input, talks and decides until its time is over, and writes a `Seen` to standard output.

People think: between an answer and the next message, exponentially distributed with a given mean. They begin
spread over one such mean. Latency is counted from sending to the last byte; that of a stream's first event
apart."""

import asyncio
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

Kind = Literal["first event", "answer", "inbox", "card", "decision"]
KINDS: tuple[Kind, ...] = get_args(Kind)

TIMEOUT_S = 30.0
MOST_PEOPLE = 2_000
MOST_SECONDS = 3_600.0
TURNS_A_THREAD = 12  # then a new conversation is opened
INBOX = 20


@dataclass(frozen=True)
class Plan:
    """A load. People are given by their bearer tokens."""

    url: str  # on this machine
    talkers: Sequence[str]
    deciders: Sequence[str]
    sentences: Sequence[str]
    seconds: float
    talker_thinks: float  # seconds on average
    decider_thinks: float
    seed: int

    def __post_init__(self) -> None:
        if urlsplit(self.url).hostname != "127.0.0.1":
            raise ValueError("a load is put on this machine only")
        if len(self.talkers) + len(self.deciders) > MOST_PEOPLE or self.seconds > MOST_SECONDS:
            raise ValueError(f"at most {MOST_PEOPLE} people for {MOST_SECONDS:.0f} s")


@dataclass
class Seen:
    """What the people saw."""

    latencies: dict[Kind, list[tuple[float, float]]]  # when it ended, how long it took: seconds
    errors: dict[str, int]  # by what they did and what came back
    overtaken: int  # decisions that somebody else had taken a moment before
    idle: int  # looks into an inbox where nothing waited any more
    seconds: float  # that it took
    cpu_seconds: float  # of this process

    @classmethod
    def of_json(cls, text: str) -> "Seen":
        return cls(**json.loads(text))


@dataclass
class _Load:
    plan: Plan
    http: httpx.AsyncClient
    random: random.Random
    started: float = field(default_factory=time.monotonic)
    seen: Seen = field(default_factory=lambda: Seen({k: [] for k in KINDS}, {}, 0, 0, 0.0, 0.0))

    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def took(self, kind: Kind, since: float) -> None:
        now = time.monotonic()
        self.seen.latencies[kind].append((now - self.started, now - since))

    def failed(self, what: str) -> None:
        self.seen.errors[what] = self.seen.errors.get(what, 0) + 1

    async def think(self, mean: float) -> bool:
        """Wait; whether there is time left."""
        left = self.plan.seconds - self.elapsed()
        await asyncio.sleep(max(0.0, min(left, self.random.expovariate(1 / mean))))
        return self.elapsed() < self.plan.seconds


async def run(plan: Plan) -> Seen:
    """Everybody, until the time is over."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=MOST_PEOPLE)
    cpu = time.process_time()
    async with httpx.AsyncClient(
        base_url=plan.url, timeout=TIMEOUT_S, limits=limits, trust_env=False
    ) as http:
        load = _Load(plan, http, random.Random(plan.seed))
        work = [_person(load, t, plan.talker_thinks, _talk(load, t)) for t in plan.talkers]
        work += [_person(load, t, plan.decider_thinks, _decide(load, t)) for t in plan.deciders]
        await asyncio.gather(*work)
    load.seen.seconds = load.elapsed()
    load.seen.cpu_seconds = time.process_time() - cpu
    return load.seen


Act = Callable[[], Awaitable[None]]


async def _person(load: _Load, token: str, thinks: float, act: Act) -> None:
    """Begin somewhere within the first thought, then act and think in turns. What fails is counted."""
    begin = load.random.uniform(0, min(thinks, load.plan.seconds / 2))
    await asyncio.sleep(begin)
    while load.elapsed() < load.plan.seconds:
        try:
            await act()
        except httpx.HTTPStatusError as e:
            load.failed(f"{e.request.method} {_shape(e.request.url.path)}: {e.response.status_code}")
        except httpx.HTTPError as e:
            load.failed(type(e).__name__)
        if not await load.think(thinks):
            return


def _talk(load: _Load, token: str) -> Act:
    thread: str | None = None
    turns = 0

    async def act() -> None:
        nonlocal thread, turns
        if thread is None or turns >= TURNS_A_THREAD:
            thread, turns = (await _post(load, token, "/v1/threads", {}))["thread_id"], 0
        turns += 1
        sentence = load.random.choice(load.plan.sentences)
        sent, last = time.monotonic(), ""
        async for event in _events(load, token, f"/v1/threads/{thread}/turns", sentence):
            if not last:
                load.took("first event", sent)
            last = event
        load.took("answer", sent)
        if last not in ("answered", "asked"):
            load.failed(f"a turn ended with '{last}'")

    return act


async def _events(load: _Load, token: str, path: str, text: str) -> AsyncIterator[str]:
    async with load.http.stream("POST", path, json={"text": text}, headers=_as(token)) as reply:
        if reply.is_error:
            await reply.aread()
            reply.raise_for_status()
        async for line in reply.aiter_lines():
            if line.startswith("event:"):
                yield line.removeprefix("event:").strip()


def _decide(load: _Load, token: str) -> Act:
    """Look into the inbox, read a card of it, sign it."""

    async def act() -> None:
        page = await _get(load, token, f"/v1/proposals?box=mine&limit={INBOX}", "inbox")
        if not page["items"]:
            load.seen.idle += 1
            return
        path = f"/v1/proposals/{load.random.choice(page['items'])['proposal_id']}"
        card = await _get(load, token, path, "card")
        decision = {"content_hash": card["content_hash"], "verdict": "approve"}
        sent = time.monotonic()
        try:
            await _post(load, token, f"{path}/decisions", decision)
        except httpx.HTTPStatusError as e:
            if e.response.status_code not in (403, 409):  # it no longer waits for this person
                raise
            load.seen.overtaken += 1
        load.took("decision", sent)

    return act


async def _get(load: _Load, token: str, path: str, kind: Kind) -> Mapping[str, Any]:
    sent = time.monotonic()
    reply = (await load.http.get(path, headers=_as(token))).raise_for_status()
    load.took(kind, sent)
    found: Mapping[str, Any] = reply.json()
    return found


async def _post(load: _Load, token: str, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    headers = _as(token) | {"Idempotency-Key": uuid4().hex}
    reply = (await load.http.post(path, json=body, headers=headers)).raise_for_status()
    made: Mapping[str, Any] = reply.json()
    return made


def _as(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _shape(path: str) -> str:
    """A path without its ids."""
    return "/".join("{id}" if len(part) > 20 else part for part in path.split("/"))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(asyncio.run(run(Plan(**json.load(sys.stdin)))))))
