"""What the planner remembers of a conversation: the calls that worked, what they found, and what the talk is
about. It is read from the messages each time; there is no other memory."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from langchain_core.messages import AnyMessage

from agents.transcript import Step, steps

PROPOSAL_AFTER: dict[str, tuple[str, ...]] = {
    "find_people": ("propose_assignment",),
    "bench_outlook": ("propose_reallocation", "propose_development", "propose_assignment"),
    "compare_change": ("propose_change_order",),
    "summarise_status": ("propose_risks",),
    "check_time": ("propose_returns",),
    "predict_payments": ("propose_reminder", "propose_hold"),
    "check_readiness": ("propose_hold",),
}
"""What may be proposed from the findings of a tool, the usual first."""

ITEM_KEYS = {
    "person": "person_id",
    "invoice": "invoice_id",
    "entry_ids": "entry_id",
}
"""The key by which the listed findings are known, for the argument that takes one or several of them."""

_ORDINALS = {
    word: n
    for n, words in enumerate(
        (
            "first 1st one",
            "second 2nd two",
            "third 3rd three",
            "fourth 4th four",
            "fifth 5th five",
            "sixth 6th six",
            "seventh 7th seven",
            "eighth 8th eight",
        ),
        start=1,
    )
    for word in words.split()
}
_ORDINAL = r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|1st|2nd|3rd|[4-8]th)"
_FIRST_N = re.compile(r"\b(?:first|top) (\d|two|three|four|five|six|seven|eight)\b", re.I)
_ONE = re.compile(rf"\b(?P<ordinal>{_ORDINAL})\b|(?:#|\bn(?:o|umber|r)\.? ?)(?P<number>\d{{1,2}})\b", re.I)
_LAST = re.compile(r"\b(?:the )?last (?:one|person|candidate|entry|invoice|risk|item)\b", re.I)
_PLAIN = re.compile(
    r"^\W*(?:(?:numbers?|only|just|and|the|risks?|items?|entries|option) )*\d{1,2}(?:(?:\s*,\s*|\s+and\s+|"
    r"\s*&\s*)\d{1,2})*\W*$",
    re.I,
)
_LISTED = re.compile(
    r"\b(?:risks?|items?|entries|entry|numbers|option|candidates?) (\d{1,2}(?:(?:\s*,\s*|"
    r"\s+and\s+)\d{1,2})*)\b",
    re.I,
)
_EXCEPT = re.compile(r"\b(?:except|but not|apart from|without|other than|all but)\b(.*)$", re.I)


@dataclass(frozen=True)
class Memory:
    messages: Sequence[AnyMessage]

    @cached_property
    def steps(self) -> list[Step]:
        """Calls that worked and did not end in a question, the newest first."""
        return [s for s in reversed(list(steps(self.messages))) if s.result and not s.result.question]

    @property
    def last(self) -> Step | None:
        return self.steps[0] if self.steps else None

    @cached_property
    def findings(self) -> Step | None:
        """The newest call that only read: what 'the second' and 'them' refer to."""
        return next(
            (s for s in self.steps if not s.tool.startswith("propose_") and s.tool != "my_proposals"), None
        )

    def source(self, tool: str) -> Step | None:
        """The newest findings from which the tool proposes."""
        return next((s for s in self.steps if tool in PROPOSAL_AFTER.get(s.tool, ())), None)

    def argument(self, name: str) -> Any:
        """What the argument last was, of whichever tool."""
        return next((s.arguments[name] for s in self.steps if s.arguments.get(name) is not None), None)


def items(step: Step, key: str) -> list[dict[str, Any]]:
    """The findings of a step that are known by this key, in the order shown."""
    return next(_lists(step.result.data if step.result else {}, key), [])


def _lists(data: Any, key: str) -> Iterator[list[dict[str, Any]]]:
    if isinstance(data, list) and data and all(isinstance(x, dict) and key in x for x in data):
        yield data
    children = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    for child in children:
        yield from _lists(child, key)


def positions(text: str, count: int | None = None) -> list[int]:
    """The positions in a list that a text names, from 1: 'the first two', '1 and 3', 'all but the second'.
    `count`: how long the list is, where that is known."""
    if count and (match := _EXCEPT.search(text)):
        left_out = positions(match[1], count)
        return [n for n in range(1, count + 1) if n not in left_out] if left_out else []
    if match := _FIRST_N.search(text):
        return list(range(1, _number(match[1]) + 1))
    if count and _LAST.search(text):
        return [count]
    found = [_number(m["ordinal"] or m["number"]) for m in _ONE.finditer(text)]
    if match := _LISTED.search(text):
        found += [int(n) for n in re.findall(r"\d+", match[1])]
    elif _PLAIN.match(text):
        found += [int(n) for n in re.findall(r"\d+", text)]
    return list(dict.fromkeys(found))


def _number(word: str) -> int:
    digits = re.match(r"\d+", word)
    return int(digits[0]) if digits else _ORDINALS[word.lower()]
