"""What a card says, in words and without any markup: the same on every chat surface. Each text from outside
has its hidden characters spelled out, and stays in one line where the card has one line for it; what is one
line and what may be several is said at each field. A surface escapes the texts as its markup needs, and lays
them out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, assert_never
from uuid import UUID

from api import wording
from api.hidden import visible
from api.links import citation_path
from api.promotions import fields as promoted
from models.actions import ChangePolicy, PromoteVersion
from models.evidence import Citation
from workflow.cards import EffectView, PersonRef, ProposalCard, QuestionView, Signature, StepView

MOST_NAMED = 5  # people that a line names


@dataclass(frozen=True)
class WriteFacts:
    """One write, field by field, in the order in which the system of record receives it."""

    system: str  # e.g. 'Project system'
    operation: str  # e.g. 'Assignment'
    item: str  # which of a batch; empty where the action is one write
    fields: tuple[tuple[str, str], ...]  # label and value; a value may have several lines


@dataclass(frozen=True)
class EvidenceFacts:
    """One citation, and where on our pages it is shown."""

    quote: str  # a record's fact, or a document's words; may have several lines
    verbatim: bool  # whether these are a document's words
    where: str
    path: str  # of the page, e.g. '/documents/contract/...'


@dataclass(frozen=True)
class QuestionFacts:
    """What an approver asked, and the answer; both may have several lines."""

    question_id: UUID
    asker: str
    question: str
    about: str  # e.g. 'about version 1', where that is not the one that is shown
    answered_by: str  # empty: it waits for an answer
    answer: str
    mine: bool  # it waits for the reader's answer


@dataclass(frozen=True)
class CardFacts:
    """The card in words. An empty text or tuple: there is nothing to say."""

    title: str
    kind: str  # e.g. 'Change order'
    state: str  # e.g. 'Waits for signatures', 'Done, since 4 Jan 2027, 10:00 CET'
    amount: str  # e.g. 'EUR 12,000.00'
    proposer: str
    version: str  # who made this version and why, from the second on
    planted: str  # it was planted, once it is answered
    differences: tuple[str, ...]  # why it went back before it was written
    writes_title: str  # 'What will be written', or what became of that
    writes: tuple[WriteFacts, ...]
    outcome: tuple[str, ...]  # what became of each write
    left_out: tuple[str, ...]  # items of a batch
    evidence: tuple[EvidenceFacts, ...]
    found: str  # the tool that found it, and how sure it is
    why_you: str
    why_gate: tuple[str, ...]  # the policy's words first
    signatures: tuple[str, ...]  # given so far, and seats that were handed over
    waiting: str  # for whom or for what, and since when
    ahead: tuple[str, ...]  # the steps after the one that waits
    deadline: str
    questions: tuple[QuestionFacts, ...]
    path: str  # of its page


def facts(card: ProposalCard, zone: str, reader_id: str = "") -> CardFacts:
    """The card in words, with moments in `zone` (IANA name). `reader_id`: for whom it was read, who is 'you'
    where somebody is waited for."""
    pending = card.state == "pending"
    return CardFacts(
        title=line(card.title),
        kind=wording.KINDS[card.action.kind],
        state=_state(card, zone),
        amount=wording.money(card.amount) if card.amount else "",
        proposer=_proposer(card, zone),
        version=_version(card),
        planted=_planted(card),
        differences=tuple(
            f"{line(d.field)}: {line(d.was) or 'not set'} when it was signed, {line(d.now) or 'not set'} now"
            for d in card.differences
        ),
        writes_title=_writes_title(card),
        writes=tuple(_writes(card, zone)),
        outcome=tuple(map(_outcome, card.effects)),
        left_out=tuple(
            f"{line(d.item_id)}, by {_name(d.declined_by)}: {line(d.reason)}" for d in card.declined_items
        ),
        evidence=tuple(_evidence(card, c, number) for number, c in enumerate(card.evidence, 1)),
        found=_found(card),
        why_you=line(card.why_you or ""),
        why_gate=tuple(map(line, (card.because, *card.why_gate))),
        signatures=tuple(_signatures(card, zone)),
        waiting=_waiting(card, zone, reader_id),
        ahead=tuple(_ahead(step, reader_id) for step in card.steps[card.step + 1 :]) if pending else (),
        deadline=f"Expires {wording.moment(card.expires_at, zone)}" if pending else "",
        questions=tuple(_question(card, q) for q in card.questions),
        path=f"/proposals/{card.proposal_id}",
    )


def line(text: str) -> str:
    """A text from outside as one line: what would begin another one is spelled out."""
    return visible(text.strip()).replace("\n", " ⏎ ").replace("\t", " ")


def _name(person: PersonRef) -> str:
    return line(person.name)


def _state(card: ProposalCard, zone: str) -> str:
    said = wording.STATES[card.state]
    return said if card.state == "pending" else f"{said}, since {wording.moment(card.state_since, zone)}"


def _proposer(card: ProposalCard, zone: str) -> str:
    behalf = f" for {_name(card.on_behalf_of)}" if card.on_behalf_of else ""
    return f"{_name(card.proposer)} asked{behalf}, {wording.moment(card.created_at, zone)}"


def _version(card: ProposalCard) -> str:
    if card.version == 1:
        return ""
    last = card.versions[-1]
    note = f": {line(last.note)}" if last.note else ""
    return f"Version {card.version}, by {_name(last.author)}{note}"


def _planted(card: ProposalCard) -> str:
    if not card.planted_flaw:
        return ""
    return (
        "This was planted, to see whether it is noticed. Nothing could have come of it. "
        f"What was wrong: {line(card.planted_flaw)}"
    )


def _writes_title(card: ProposalCard) -> str:
    if not card.writes:  # it is carried out in Chargehand itself
        if card.state == "pending":
            return "What will change"
        return "What was changed" if card.state == "executed" else "What would have changed"
    if card.state in ("pending", "approved", "parked"):
        return "What will be written"
    return "What was written" if card.state == "executed" else "What would have been written"


def _writes(card: ProposalCard, zone: str) -> Iterator[WriteFacts]:
    if isinstance(card.action, ChangePolicy):
        yield _policy(card.action)
    if isinstance(card.action, PromoteVersion):
        kind = wording.KINDS[card.action.kind]
        yield WriteFacts("Chargehand", kind, "", tuple(promoted(card.action, zone)))
    for write in card.writes:
        yield WriteFacts(
            system=wording.SYSTEMS[write.system],
            operation=wording.KINDS[write.operation],
            item=line(write.item),
            fields=tuple(_fields(write.body, card.names, zone)),
        )


def _policy(action: ChangePolicy) -> WriteFacts:
    """It is carried out in Chargehand itself: what the new policy says otherwise, rule by rule."""
    changes = [
        (
            line(f"{d.rule}: {d.what}" if d.rule else d.what),
            f"{visible(d.now) or 'not there'} → {visible(d.after) or 'not there any more'}",
        )
        for d in action.differences
    ]
    named = [("Name", line(action.name)), ("Why", visible(action.why)), ("Version", action.sha256[:12])]
    return WriteFacts("Approval policy", wording.KINDS[action.kind], "", (*named, *changes))


def _fields(
    record: Mapping[str, Any], names: Mapping[str, str], zone: str, inside: str = ""
) -> Iterator[tuple[str, str]]:
    """Label and value of each field; a name and the id it stands for are one of them. What is inside another
    field says so in its label, so that no text can pass for a field beside it."""
    for name, value in record.items():
        of = name.removesuffix("_id")
        if of != name and f"{of}_name" in record:
            continue
        label = inside + line(wording.field(name))
        if wording.is_records(value):
            for number, part in enumerate(value, 1):
                yield from _fields(part, names, zone, f"{label.removesuffix('s')} {number}, ")
        elif isinstance(value, Mapping) and value and not wording.is_money(value):
            yield from _fields(value, names, zone, f"{label}, ")
        elif name.endswith("_name") and (id := record.get(f"{name.removesuffix('_name')}_id")):
            yield label, f"{_told(value, zone)} ({_told(id, zone)})"
        elif of != name and isinstance(value, str) and value in names:
            yield inside + line(wording.field(of)), f"{line(names[value])} ({_told(value, zone)})"
        else:
            yield label, _told(value, zone)


def _told(value: Any, zone: str) -> str:  # noqa: PLR0911 - one for each shape of JSON
    """A JSON value as people read it."""
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return wording.number(value)
    if wording.is_money(value):
        return wording.money(value)
    if wording.is_day(value):
        return wording.day(value)
    if wording.is_moment(value):
        return wording.moment(datetime.fromisoformat(value), zone)
    if isinstance(value, str):
        return wording.plain(visible(value))
    parts = [_told(part, zone) for part in value]
    return ("\n" if any("," in part for part in parts) else ", ").join(parts)


def _outcome(effect: EffectView) -> str:
    what = line(effect.item) or wording.KINDS[effect.operation]
    said = f"{wording.SYSTEMS[effect.system]}, {what}: {wording.EFFECTS[effect.state]}"
    if effect.external_ref:
        said += f" as {line(effect.external_ref)}"
    if effect.waits_behind == "parked":
        said += "; behind an older write on the same record, which waits for a person"
    elif effect.waits_behind:
        said += "; after an older write on the same record"
    if effect.last_error:
        said += f"; {line(effect.last_error)}"
    if effect.undone_by:
        said += "; undone" if effect.undo_state == "executed" else "; undoing it is proposed"
    return said


def _down(effect: EffectView, zone: str) -> str:
    assert effect.waits_since is not None
    since = wording.moment(effect.waits_since, zone)
    return f"the {wording.SYSTEMS[effect.system]} does not take writes since {since}; it is sent when it does"


def _evidence(card: ProposalCard, citation: Citation, number: int) -> EvidenceFacts:
    path = citation_path(citation, proposal_id=card.proposal_id, number=number)
    document = wording.field(citation.record if citation.kind == "record" else citation.document)
    where = f"{document} {line(citation.id)}"
    if citation.kind == "record":
        return EvidenceFacts(visible(citation.says), False, where, path)
    if citation.clause:
        where += f", {'clause ' if citation.clause[:1].isdigit() else ''}{line(citation.clause)}"
    return EvidenceFacts(visible(citation.quote), True, f"{where}, word for word", path)


def _found(card: ProposalCard) -> str:
    sure = "" if card.confidence is None else f" It rests on what is {wording.percent(card.confidence)} sure."
    return f"Found by {line(card.tool)}, version {line(card.tool_version)}.{sure}"


def _signatures(card: ProposalCard, zone: str) -> Iterator[str]:
    for number, step in enumerate(card.steps):
        for signature in step.signatures:
            yield f"{line(step.name)}: {_signature(signature, zone)}"
        for h in card.handovers:
            if h.step == number:
                by = "" if h.handed_by == h.giver else f", by {_name(h.handed_by)}"
                yield f"{line(step.name)}: {_name(h.giver)} handed over to {_name(h.taker)}{by}"


def _signature(s: Signature, zone: str) -> str:
    verdict = "approved" if s.verdict == "approve" else "rejected"
    seat = f" for {_name(s.stands_in_for)}" if s.stands_in_for else ""
    said = f"{verdict} by {_name(s.person)}{seat}, {wording.moment(s.decided_at, zone)}, {line(s.surface)}"
    if s.reason:
        said += f": “{line(s.reason)}”"
    return said + "".join(f"; {e.kind}: {line(e.reference)}" for e in s.evidence)


def _waiting(card: ProposalCard, zone: str, reader_id: str) -> str:
    """For whom or for what it waits now, and since when."""
    match card.state:
        case "pending":
            step = card.steps[card.step]
            since = wording.moment(_asked_since(card), zone)
            nth = f", step {card.step + 1} of {len(card.steps)}" if len(card.steps) > 1 else ""
            return f"Waits for {_signers(step, reader_id)} since {since} ({line(step.name)}{nth})"
        case "approved" | "parked":
            return _waiting_effects(card, zone)
        case "executed" | "failed" | "rejected" | "withdrawn" | "expired":
            return ""
        case _:
            assert_never(card.state)


def _waiting_effects(card: ProposalCard, zone: str) -> str:
    """Of what is signed and not written yet: the systems that are down first."""
    down = sorted((e for e in card.effects if e.waits_since), key=lambda e: e.system)
    if down:
        firsts = [next(found) for _, found in groupby(down, key=lambda e: e.system)]
        return "Waits: " + "; ".join(_down(e, zone) for e in firsts)
    if card.state == "parked":
        return f"Waits for a person to look since {wording.moment(card.state_since, zone)}"
    return f"Waits to be written since {wording.moment(card.state_since, zone)}"


def _asked_since(card: ProposalCard) -> datetime:
    """When the step that waits became the one that waits."""
    signed = [s.decided_at for step in card.steps[: card.step] for s in step.signatures]
    return max([card.state_since, card.versions[-1].created_at, *signed])


def _signers(step: StepView, reader_id: str) -> str:
    """Who may still sign a step, e.g. '2 of you, Ben or Cem'."""
    done = {p.person_id for s in step.signatures for p in (s.person, s.stands_in_for) if p}
    left = [a.person for a in step.approvers if a.person.person_id not in done]
    left.sort(key=lambda person: person.person_id != reader_id)
    names = ["you" if id == reader_id else name for id, name in {p.person_id: _name(p) for p in left}.items()]
    missing = step.signatures_needed - len(step.signatures)
    if step.all_of:
        return _listed(names, "and")
    return f"{missing} of {_listed(names, 'or')}" if missing > 1 else _listed(names, "or")


def _ahead(step: StepView, reader_id: str) -> str:
    return f"After that {line(step.name)}: {_signers(step, reader_id)}"


def _listed(names: Sequence[str], joint: str) -> str:
    """Names in a sentence; beyond MOST_NAMED only how many."""
    if len(names) > MOST_NAMED:
        names = [*names[:MOST_NAMED], f"{len(names) - MOST_NAMED} more"]
    if len(names) < 2:
        return names[0] if names else "nobody who is here"
    return f"{', '.join(names[:-1])} {joint} {names[-1]}"


def _question(card: ProposalCard, q: QuestionView) -> QuestionFacts:
    return QuestionFacts(
        question_id=q.question_id,
        asker=_name(q.asker),
        question=visible(q.question),
        about="" if q.version == card.version else f"about version {q.version}",
        answered_by=_name(q.answered_by) if q.answered_by else "",
        answer=visible(q.answer or ""),
        mine=q.question_id in card.mine_to_answer,
    )
