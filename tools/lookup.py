"""From what people say to the records they mean: 'Lighthouse', 'the Meyer project', 'Ana' to one project,
person or client that the caller may see. Unclear names become a question; unknown ones are not found,
whether they do not exist or may not be seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

from models.access import NotFound
from tools.registry import Ask, Question, ToolContext

SURE = 0.45  # trigram word similarity from which one candidate alone is taken for the one meant
LEAD = 0.12  # by which the best must beat the second
OPTIONS = 5


class Named(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def likeness(self) -> float: ...


N = TypeVar("N", bound=Named)


@dataclass(frozen=True)
class Project:
    id: str
    name: str
    client_id: str
    client_name: str
    contract_id: str | None
    practice: str
    office: str
    manager_id: str
    status: str
    starts_on: date
    ends_on: date | None
    currency: str
    likeness: float


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    title: str
    practice: str
    office: str
    likeness: float


@dataclass(frozen=True)
class Client:
    id: str
    name: str
    account_owner_id: str
    likeness: float


def find_project(ctx: ToolContext, said: str) -> Project:
    """The visible project of this id or name. Raises NotFound, or Ask when several fit."""
    found = ctx.tx.rows("lookup.projects", Project, said=said, limit=OPTIONS)
    return _one(found, "project", said, lambda p: f"{p.name} ({p.client_name}, {p.id})")


def find_person(ctx: ToolContext, said: str, argument: str = "person") -> Person:
    """The person of this id, e-mail or name. Raises NotFound, or Ask when several fit."""
    found = ctx.tx.rows("lookup.people", Person, said=said, limit=OPTIONS)
    return _one(found, argument, said, lambda p: f"{p.name} ({p.title}, {p.practice}, {p.id})")


def find_client(ctx: ToolContext, said: str) -> Client:
    """The visible client of this id or name. Raises NotFound, or Ask when several fit."""
    found = ctx.tx.rows("lookup.clients", Client, said=said, limit=OPTIONS)
    return _one(found, "client", said, lambda c: f"{c.name} ({c.id})")


def find_practice(ctx: ToolContext, said: str) -> str:
    """The practice of this name. Raises NotFound, or Ask when several fit."""
    found = ctx.tx.rows("lookup.practices", _Practice, said=said, limit=OPTIONS)
    return _one(found, "practice", said, lambda p: p.name).name


@dataclass(frozen=True)
class _Practice:
    id: str
    name: str
    likeness: float


def _one(found: Sequence[N], argument: str, said: str, label: Callable[[N], str]) -> N:
    """The one that is meant. An id or a whole name has likeness 1 and wins at once."""
    if not found:
        raise NotFound(what=argument, id=said)
    best, *others = found
    if best.likeness >= 1 and not (others and others[0].likeness >= 1):
        return best
    if best.likeness >= SURE and (not others or best.likeness - others[0].likeness >= LEAD):
        return best
    raise Ask(
        Question(
            argument=argument,
            text=f"Which {argument} do you mean by '{said}'?",
            options=tuple(label(n) for n in found),
        )
    )
