"""A proposal as text, for an agent to tell its person: what would be written, why, who signs, and where."""

from collections.abc import Iterable, Iterator

from api.chat.facts import CardFacts, EvidenceFacts, QuestionFacts, WriteFacts, facts, line
from workflow.cards import ProposalCard

_MARKUP = frozenset("\\`*_[]<>#|")


def markdown(card: ProposalCard, page: str) -> str:
    """The card, with moments in UTC. `page`: where it is decided. No text of it is markup: none can pose as
    ours or form a link."""
    return "\n".join(_lines(facts(card, "UTC"), page)) + "\n"


def _lines(told: CardFacts, page: str) -> Iterator[str]:
    yield f"# {_plain(told.title)}"
    yield ""
    about = (told.kind, told.amount, told.state, told.proposer, told.version, told.deadline, told.planted)
    yield ". ".join(_plain(said) for said in about if said) + "."
    yield f"Signed by people only, at {page}"
    yield from _listed(told.writes_title, [said for write in told.writes for said in _write(write)])
    yield from _listed("Why it went back", map(_item, told.differences))
    yield from _listed("What became of it", map(_item, told.outcome))
    yield from _listed("Left out", map(_item, told.left_out))
    yield from _listed("Evidence", [*map(_evidence, told.evidence), _item(told.found)])
    yield from _listed("Why the reader", [_item(told.why_you)] if told.why_you else [])
    yield from _listed("Why this gate", map(_item, told.why_gate))
    signatures = (*told.signatures, told.waiting, *told.ahead)
    yield from _listed("Signatures", [_item(said) for said in signatures if said])
    yield from _listed("Questions", map(_question, told.questions))


def _listed(title: str, items: Iterable[str]) -> Iterator[str]:
    """Nothing where there are none."""
    if lines := list(items):
        yield from ("", f"## {title}", *lines)


def _write(write: WriteFacts) -> Iterator[str]:
    yield _item(f"{write.system}, {write.operation} {write.item}")
    yield from (f"  {_item(f'{label}: {value}')}" for label, value in write.fields)


def _evidence(cited: EvidenceFacts) -> str:
    return f'- {_plain(cited.where)}: "{_plain(cited.quote)}"'


def _question(q: QuestionFacts) -> str:
    answered = (
        f'{_plain(q.answered_by)} answered: "{_plain(q.answer)}"' if q.answered_by else "Not answered yet."
    )
    asker = _plain(f"{q.asker} asked {q.about}")
    return f'- {asker}: "{_plain(q.question)}" {answered}'


def _item(said: str) -> str:
    return f"- {_plain(said)}"


def _plain(text: str) -> str:
    """On one line, without markup."""
    return "".join(f"\\{c}" if c in _MARKUP else c for c in line(text))
