"""The suite's cases and the small firm they speak of, read from YAML."""

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from agents.toolbox import Name, NameKind
from evals.cases import Case
from evals.growing.cases import SOURCE, Grown

EASY = frozenset({"plain", "followup"})  # every other group is hard


class Expected(BaseModel):
    """What should become of a sentence: a call, several calls, a question, or nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    say: str
    after: str | None = None  # the tool whose findings came just before
    call: str | None = None
    calls: tuple[str, ...] = ()
    with_: dict[str, Any] = Field(default={}, alias="with")
    without: tuple[str, ...] = ()
    asks: str | None = None  # for which argument
    declines: Literal["help", "scope", "decision", "nothing", "dropped", "thanks"] | None = None
    or_asks: bool = False
    or_declines: bool = False

    @model_validator(mode="after")
    def _one_expectation(self) -> Self:
        if sum(map(bool, (self.call, self.calls, self.asks, self.declines))) != 1:
            raise ValueError("a case expects one thing")
        return self

    @property
    def tools(self) -> tuple[str, ...]:
        return (self.call,) if self.call else self.calls

    @property
    def label(self) -> str:
        return " + ".join(self.tools) or ("asks" if self.asks else "declines")


class Sentence(Case):
    """What somebody says, and what should become of it."""

    rule: Expected

    @property
    def hard(self) -> bool:
        return self.groups["difficulty"] == "hard"


class Finding(BaseModel):
    """A turn that came before: what was said, the call it led to, and what that found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    said: str
    arguments: dict[str, Any]
    data: dict[str, Any]


class _NameRow(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: NameKind
    id: str
    name: str
    detail: str = ""


class Firm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    today: date
    names: tuple[_NameRow, ...]
    findings: dict[str, Finding]

    def known_names(self) -> list[Name]:
        return [Name(n.kind, n.id, n.name, n.detail) for n in self.names]


@cache
def firm() -> Firm:
    return Firm.model_validate(_read("firm.yaml"))


@cache
def cases() -> tuple[Sentence, ...]:
    """All sentences, by kind; ids are the kind and the position in it."""
    return tuple(
        _sentence(f"{kind}-{n:02}", kind, Expected.model_validate(_plain(row)))
        for kind, rows in _read("cases.yaml").items()
        for n, row in enumerate(rows, 1)
    )


def from_production(grown: Grown[Expected]) -> tuple[Sentence, ...]:
    """A sentence that somebody said to the copilot, and what it should have led to."""
    sentence = _sentence(grown.id, SOURCE, grown.case)
    return (sentence.model_copy(update={"groups": {**sentence.groups, **grown.all_groups}}),)


def stand_ins() -> dict[str, tuple[str, ...]]:
    """The firm's names by kind, for those that may not be told."""
    kinds = {n.kind for n in firm().names}
    return {kind: tuple(n.name for n in firm().names if n.kind == kind) for kind in sorted(kinds)}


def _sentence(id: str, kind: str, rule: Expected) -> Sentence:
    return Sentence(
        id=id,
        text=f"[after {rule.after}] {rule.say}" if rule.after else rule.say,
        expected=_words(rule),
        groups={"kind": kind, "difficulty": "plain" if kind in EASY else "hard"},
        rule=rule,
    )


def _words(rule: Expected) -> str:
    if rule.tools:
        arguments = ", ".join(f"{k}={v!r}" for k, v in rule.with_.items())
        return f"{' + '.join(rule.tools)}({arguments})" + (" or a question" if rule.or_asks else "")
    return f"a question for {rule.asks}" if rule.asks else f"no action ({rule.declines})"


def _read(name: str) -> Any:
    return yaml.safe_load(files("evals.suites.routing").joinpath(name).read_text(encoding="utf-8"))


def _plain(value: Any) -> Any:
    """YAML's dates as the text in which tools are given them."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value.isoformat() if isinstance(value, date) else value
