"""A proposal as text, for an agent to tell its person: what would be written, why, who signs, and where."""

from collections.abc import Iterator, Mapping
from typing import Any

from api.hidden import visible
from api.wording import EFFECTS, KINDS, STATES, SYSTEMS, as_money, field, is_money, is_records, money
from models.evidence import Citation
from workflow.cards import ProposalCard, StepView


def markdown(card: ProposalCard, page: str) -> str:
    """The card. `page`: where it is decided. Text that others wrote is set in quotes or code, its hidden
    characters spelled out: it can neither pose as ours nor form a link."""
    return "\n".join(_lines(card, page)) + "\n"


def _lines(card: ProposalCard, page: str) -> Iterator[str]:
    yield f"# {_plain(card.title)}"
    yield ""
    yield f"{KINDS[card.action.kind]}. {STATES[card.state]}. Proposed by {_plain(card.proposer.name)}."
    if card.amount:
        yield f"Amount: {money(card.amount)}."
    yield f"Signed by people only, at {page} (until {card.expires_at:%Y-%m-%d %H:%M} UTC)."
    if card.why_you:
        yield f"It waits for the reader: {_plain(card.why_you)}"
    yield ""
    yield "## What will be written" if card.state == "pending" else "## What it writes"
    for write in card.writes:
        yield f"- {SYSTEMS[write.system]}, {KINDS[write.operation].lower()}"
        yield from (f"  - {field(key)}: {_value(value)}" for key, value in write.body.items())
    yield ""
    yield "## Why these signatures"
    yield _plain(card.because)
    yield from (f"- {_step(step)}" for step in card.steps)
    if card.evidence:
        yield ""
        yield "## Evidence"
        yield from (f"- {_citation(c)}" for c in card.evidence)
    if card.effects:
        yield ""
        yield "## What became of it"
        for effect in card.effects:
            yield f"- {SYSTEMS[effect.system]}: {EFFECTS[effect.state]} {effect.external_ref or ''}".rstrip()


def _step(step: StepView) -> str:
    signed = "; ".join(f"{_plain(s.person.name)}: {s.verdict}" for s in step.signatures)
    asked = ", ".join(_plain(a.person.name) for a in step.approvers)
    needed = f"{step.signatures_needed} of {asked or 'nobody yet'}"
    return f"{_plain(step.name)} ({needed})" + (f". {signed}" if signed else "")


def _citation(citation: Citation) -> str:
    if citation.kind == "quote":
        where = [citation.document.replace("_", " "), _plain(citation.id), _plain(citation.clause)]
        return f'{" ".join(where).rstrip()}: "{_plain(citation.quote)}"'
    return f'{citation.record.replace("_", " ")} {_plain(citation.id)}: "{_plain(citation.says)}"'


def _value(value: Any) -> str:
    if is_money(value):
        return money(as_money(value))
    if is_records(value):
        return "; ".join(", ".join(f"{field(k)} {_value(v)}" for k, v in r.items()) for r in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{field(k)} {_value(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value))
    return "none" if value is None else _plain(str(value))


def _plain(text: str) -> str:
    """On one line, without markup."""
    shown = " ".join(visible(text).split())
    return "".join(f"\\{c}" if c in _MARKUP else c for c in shown)


_MARKUP = frozenset("\\`*_[]<>#|")
