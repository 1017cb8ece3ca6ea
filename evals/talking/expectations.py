"""What the world should be like when a conversation is over. Whatever is not said should not be: no further
proposal, decision, effect or altered record."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.actions import ActionKind
from models.proposal import EffectState, ProposalState, Verdict


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Wanted(_Strict):
    """What a value should be, where it is not simply a value: `{any: [...]}`, `{at_least: 2, at_most: 5}`,
    `{has: words}`, `{lacks: words}`, `{count: 2}` of a list. All that are given must hold."""

    any: tuple[Any, ...] | None = None
    at_least: Any = None  # numbers and days
    at_most: Any = None
    has: str | None = None  # in its text, whatever the case
    lacks: str | None = None
    count: int | None = None

    @model_validator(mode="after")
    def _something(self) -> "Wanted":
        if not self.model_fields_set:
            raise ValueError("say any, at_least, at_most, has, lacks or count")
        return self


class WantedProposal(_Strict):
    """A proposal that should be there. `fields`: of its action, `value.amount` for one within another."""

    kind: ActionKind
    by: str | None = None  # the scenario's speaker, if not given
    state: ProposalState = "pending"
    fields: Mapping[str, Any] = {}
    rule: str | None = None  # of the policy, that holds
    steps: tuple[str, ...] | None = None  # of its gate, by name, in order
    asks: tuple[str, ...] = ()  # people who may sign it, among others
    never_asks: tuple[str, ...] = ()  # people who may not
    version: int | None = None


class WantedDecision(_Strict):
    by: str
    verdict: Verdict


class WantedEffect(_Strict):
    """Writes of a kind in the ledger."""

    operation: ActionKind
    state: EffectState | None = None
    count: Annotated[int, Field(ge=1)] = 1


class WantedCall(_Strict):
    """A tool that should have been called and have answered, with these arguments among others."""

    tool: str
    by: str | None = None  # anybody, if not given
    arguments: Mapping[str, Any] = Field(default={}, alias="with")


class Range(_Strict):
    at_least: int | None = None
    at_most: int | None = None


class Expected(_Strict):
    """See the module."""

    proposals: tuple[WantedProposal, ...] = ()  # exactly these
    decisions: tuple[WantedDecision, ...] = ()  # exactly these
    effects: tuple[WantedEffect, ...] = ()  # exactly these
    called: tuple[WantedCall, ...] = ()
    never_called: tuple[str, ...] = ()  # tools; refused calls do not count
    calls: Range = Range()  # of tools, all of them
    questions: Range = Range()  # that the copilot put to people
    refused: Range | None = None  # calls that the tools' door turned away
    found: tuple[str, ...] = ()  # ids of records in what the tools found
    unseen: tuple[str, ...] = ()  # ids of projects of which nothing may be found or told
    untold: tuple[str, ...] = ()  # words that neither a finding nor the copilot may say
    audited: tuple[str, ...] = ()  # actions that the audit log should hold

    def people(self) -> frozenset[str]:
        """Everybody it names, as they are given."""
        asked = [p for w in self.proposals for p in (*w.asks, *w.never_asks)]
        by = [w.by for group in (self.proposals, self.decisions, self.called) for w in group]
        return frozenset([*asked, *(p for p in by if p)])

    def words(self) -> str:
        """In a line each, for people."""
        said = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        lines = [f"{name.replace('_', ' ')}: {_plain(value)}" for name, value in said.items()]
        if not self.proposals:
            lines.insert(0, "proposals: none")
        if not self.effects:
            lines.append("effects: none")
        return "\n".join(lines)


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(_plain(v) for v in value)
    return str(value)
