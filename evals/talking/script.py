"""A scenario: who talks, what they say and know, what others do meanwhile, and what the world should be like
when it is over. Plain data, written as YAML (`evals.talking.reading`)."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from evals.talking.expectations import Expected
from models.proposal import Verdict

Where = Literal["question", "answer"]
_COLUMNS = {
    "invoice": ("paid_on", "amount"),
    "project": ("manager_id", "ends_on"),
    "time_entry": ("state",),
}


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Fact(_Strict):
    """What a person says when they are asked about something: any of these words in the question or among its
    options, whatever their case."""

    asked: Annotated[tuple[str, ...], Field(min_length=1)]
    answer: str


class _Event(_Strict):
    """Something that happens in its turn. `at`: once the copilot has answered, or already when it asks."""

    at: Where = "answer"


class Says(_Event):
    """A person writes. At a question it is said instead of an answer."""

    says: str
    by: str | None = None  # the scenario's speaker, if not given
    anew: bool = False  # in a new conversation


class Decides(_Event):
    """An approver signs or refuses the newest proposal that waits, through the workflow."""

    decides: Verdict
    by: str
    reason: str = ""
    refused: bool = False  # they may not, and are expected to be told so


class Withdraws(_Event):
    """Somebody takes the newest proposal that waits back."""

    withdraws: Literal[True]
    by: str


class Calls(_Event):
    """Somebody calls a governed tool themselves, such as another person who proposes meanwhile."""

    calls: str
    by: str
    arguments: Mapping[str, Any] = Field(default={}, alias="with")


class Changes(_Event):
    """A record of the firm changes: an invoice is paid or put right, a project gets another manager or end, a
    time entry another state. `changes`: which, as `invoice:INV-1`."""

    changes: Annotated[str, Field(pattern=r"^(invoice|project|time_entry):.+$")]
    to: Annotated[Mapping[str, Any], Field(min_length=1)]

    @model_validator(mode="after")
    def _its_columns(self) -> Self:
        if more := set(self.to) - set(_COLUMNS[self.kind]):
            raise ValueError(f"of a {self.kind}, {' and '.join(sorted(more))} cannot change here")
        return self

    @property
    def kind(self) -> str:
        return self.changes.partition(":")[0]

    def columns(self) -> dict[str, Any]:
        """All that can change, None for what stays."""
        return {name: self.to.get(name) for name in _COLUMNS[self.kind]}


class Works(_Event):
    """The worker carries out what was signed, in systems of record that know nothing of the firm but what is
    written to them."""

    works: Literal[True]


_KINDS = ("says", "decides", "withdraws", "calls", "changes", "works")


def _which(event: Any) -> str | None:
    if isinstance(event, str):
        return "line"
    if isinstance(event, Mapping):
        return next((k for k in _KINDS if k in event), None)
    return next((k for k in _KINDS if hasattr(event, k)), None)


Event = Annotated[
    Annotated[str, Tag("line")]  # what the speaker says next
    | Annotated[Says, Tag("says")]
    | Annotated[Decides, Tag("decides")]
    | Annotated[Withdraws, Tag("withdraws")]
    | Annotated[Calls, Tag("calls")]
    | Annotated[Changes, Tag("changes")]
    | Annotated[Works, Tag("works")],
    Discriminator(
        _which,
        custom_error_type="no_such_event",
        custom_error_message=f"an event is a line that is said, or one of {', '.join(_KINDS)}",
    ),
]


class Script(_Strict):
    """One scenario. People are given by id, or by their part in the demo firm (`project_manager`)."""

    id: str
    family: str = ""  # scenarios that resemble one another
    kind: str
    language: str = "en"
    difficulty: Literal["plain", "hard"] = "hard"
    held_out: bool = False  # never looked into when something is mended
    small: bool = False  # in the part that CI runs
    about: str = ""  # what a reader should know of it
    made_up: tuple[str, ...] = ()  # names in it that nobody and nothing has
    speaker: str
    wants: str = ""  # in words, for a language model that speaks for the person
    says: str  # the first words
    knows: tuple[Fact, ...] = ()
    otherwise: str = "I don't know."  # said when asked about anything else
    then: tuple[Event, ...] = ()
    messages: Annotated[int, Field(ge=1, le=30)] = 10  # at most, of people to the copilot
    expect: Expected

    def events(self) -> tuple[Says | Decides | Withdraws | Calls | Changes | Works, ...]:
        """What happens after the first words, in order."""
        return tuple(Says(says=e) if isinstance(e, str) else e for e in self.then)

    def people(self) -> frozenset[str]:
        """Everybody who takes part or is expected to have, as they are given."""
        by = (getattr(e, "by", None) for e in self.events())
        return frozenset({self.speaker, *(p for p in by if p), *self.expect.people()})

    def text(self) -> str:
        """The scenario as a person reads it."""
        lines = [f"{self.speaker}: {self.says}"]
        lines += [f"  asked about {' / '.join(f.asked)}: {f.answer}" for f in self.knows]
        for event in self.events():
            if isinstance(event, Says):
                lines.append(f"{event.by or self.speaker}: {event.says}")
            else:
                done = event.model_dump(mode="json", by_alias=True, exclude_defaults=True)
                lines.append(f"[{json.dumps(done, ensure_ascii=False)}]")
        return "\n".join(lines)
