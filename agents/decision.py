"""What the planner decides to do next."""

from dataclasses import dataclass, field
from typing import Any

from agents.transcript import Pending


@dataclass(frozen=True)
class Call:
    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Calls:
    """Tools to run, one after the other."""

    calls: tuple[Call, ...]


@dataclass(frozen=True)
class AskPerson:
    question: Pending


@dataclass(frozen=True)
class Say:
    text: str


Decision = Calls | AskPerson | Say
