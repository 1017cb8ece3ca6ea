"""A proposal as a message: what will be written, why, for whom it waits, and the reader's buttons."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement

from api import wording
from api.chat.facts import CardFacts, EvidenceFacts, QuestionFacts, WriteFacts, facts, line
from api.slack import modals
from api.slack.blocks import Row, Span, as_json, aside, button, cut, escaped, heading, kept, rich, size
from api.slack.shown import PREFIX, Press, Shown
from models.actions import ReturnTimeEntries
from workflow.cards import ProposalCard

# Slack refuses a message whose blocks are longer than some 13,200 characters of JSON together
# (msg_blocks_too_long). The limit is not documented: this one is below what was refused.
MOST_MESSAGE = 12_000
MOST_WRITES = 6_500  # of it
MOST_OTHER = 1_500  # of it, for each other part
MORE = 350  # of it, kept for each part's title and the line that says that there is more
MOST_LINE = 500  # characters of the title
MOST_ASKED = 200  # characters of the title in a dialog
MOST_ANSWERS = 3  # questions that the card has a button for
BEFORE = ("Planted", "Why it went back", "Why you")  # the parts above what will be written
AFTER = (
    "What became of it",
    "Left out",
    "Evidence",
    "Why this gate",
    "Questions",
    "Signatures",
)
EXACTLY = "Exactly what this card shows is written, once everybody has signed."
UNANSWERED = Row([Span("Not answered yet.")])


@dataclass(frozen=True)
class _Part:
    """A part of the card under its title. What does not fit is left out by chunks, from the last on."""

    title: str
    chunks: Sequence[Sequence[Row]]

    def drawn(self, room: int, page: str) -> Block:
        """As much as `room` characters of JSON hold, and how many chunks more there are."""
        fitting = kept(self.chunks, room)
        rows = [Row([Span(self.title, bold=True)]), *(row for chunk in fitting for row in chunk)]
        if left := len(self.chunks) - len(fitting):
            rows.append(Row([Span(f"and {left:,} more: "), Span("open the page", url=page)]))
        return rich(rows)


def card_blocks(card: ProposalCard, reader_id: str, zone: str, public_url: str) -> list[dict[str, Any]]:
    """The card as `reader_id` sees it, for whom it was read: moments in `zone` (IANA name), links to
    `public_url`, at most 50 blocks and MOST_MESSAGE characters. What does not fit is on the page, and the
    card says so; where that is a part of what will be written, it cannot be approved here."""
    told, site = facts(card, zone, reader_id), public_url.rstrip("/")
    page = site + told.path
    above = _above(told)
    writes = _writes(told)
    others = _parts(told, site)
    room = MOST_MESSAGE - size([*above, *_below(card, told, page, whole=True)])
    room_for_writes = min(MOST_WRITES, room - MORE * (len(others) + 1))
    whole = len(kept(writes.chunks, room_for_writes)) == len(writes.chunks)
    drawn = {writes.title: writes.drawn(room_for_writes, page)}
    room -= size(drawn.values())
    for number, part in enumerate(others):
        drawn[part.title] = part.drawn(min(MOST_OTHER, room - MORE * (len(others) - number)), page)
        room -= size([drawn[part.title]])
    ordered = [drawn[title] for title in (*BEFORE, writes.title, *AFTER) if title in drawn]
    return as_json([*above, *ordered, *_below(card, told, page, whole=whole)])


def summary(card: ProposalCard) -> str:
    """The card in a line, for notifications and for who cannot see blocks."""
    return escaped(cut(f"{wording.STATES[card.state]}: {line(card.title)}", MOST_LINE))


def _above(told: CardFacts) -> list[Block]:
    return [
        heading(cut(told.title, MOST_LINE)),
        aside(told.kind, told.amount, told.state, told.deadline),
        aside(told.proposer, told.version),
    ]


def _below(card: ProposalCard, told: CardFacts, page: str, *, whole: bool) -> list[Block]:
    buttons = [*_answers(card, told), *_actions(card, told, page, whole=whole)]
    return [aside(told.found), *buttons, _links(card, page)]


def _writes(told: CardFacts) -> _Part:
    """What will be written. A batch is left out by its items, one write by its fields."""
    if len(told.writes) > 1:
        return _Part(told.writes_title, [[_item(w, first=w is told.writes[0])] for w in told.writes])
    return _Part(told.writes_title, [[row] for write in told.writes for row in _fields(write)])


def _parts(told: CardFacts, site: str) -> list[_Part]:
    """What else there is to say."""
    found = (
        _Part("Planted", _lines([told.planted])),
        _Part("Why it went back", _lines(told.differences)),
        _Part("Why you", _lines([told.why_you])),
        _Part("What became of it", _lines(told.outcome)),
        _Part("Left out", _lines(told.left_out)),
        _Part("Evidence", [[_evidence(e, site + e.path)] for e in told.evidence]),
        _Part("Why this gate", _lines(told.why_gate)),
        _Part("Questions", [_question(q) for q in told.questions]),
        _Part("Signatures", _lines((*told.signatures, told.waiting, *told.ahead))),
    )
    return [part for part in found if part.chunks]


def _lines(texts: Sequence[str]) -> list[list[Row]]:
    return [[Row([Span(text)])] for text in texts if text]


def _fields(write: WriteFacts) -> Iterator[Row]:
    """One write, a line each field."""
    yield Row([Span(f"{write.system}, {write.operation}")])
    for label, value in write.fields:
        if "\n" in value:
            yield Row([Span(label, bold=True)], value)
        else:
            yield Row([Span(label, bold=True), Span(f" {value}")])


def _item(write: WriteFacts, *, first: bool) -> Row:
    """One write of a batch, which takes less of the message's room. The first says what all of them are."""
    what = [Span(f"{write.system}, {write.operation}\n")] if first else []
    fields = [f"{label}: {line(value)}" for label, value in write.fields]
    named = [f for f, (_, value) in zip(fields, write.fields, strict=True) if value == write.item]
    others = "".join(f"\n{f}" for f in fields if f not in named)
    return Row([*what, Span(", ".join(named) or write.item, bold=True), Span(others)])


def _evidence(cited: EvidenceFacts, url: str) -> Row:
    where = Span(cited.where, url=url)
    if cited.verbatim or "\n" in cited.quote:
        return Row([where], cited.quote)
    return Row([where, Span(f": {cited.quote}")])


def _question(q: QuestionFacts) -> list[Row]:
    asked = Row([Span(f"{q.asker} asked {q.about}".rstrip())], q.question)
    return [asked, Row([Span(f"{q.answered_by} answered")], q.answer) if q.answered_by else UNANSWERED]


def _answers(card: ProposalCard, told: CardFacts) -> list[Block]:
    """A button for each question that waits for the reader. The page has a field for all of them."""
    mine = [q for q in told.questions if q.mine][:MOST_ANSWERS]
    return [_row(_pressed(card, "answer", f"Answer {q.asker}", question_id=q.question_id)) for q in mine]


def _actions(card: ProposalCard, told: CardFacts, page: str, *, whole: bool) -> list[Block]:
    """The reader's other buttons. `whole`: the card shows all that will be written."""
    buttons = list(_buttons(card, told, page, whole=whole))
    return [_row(*buttons)] if buttons else []


def _buttons(card: ProposalCard, told: CardFacts, page: str, *, whole: bool) -> Iterator[ButtonElement]:
    may, about = card.may, cut(told.title, MOST_ASKED) + (f", {told.amount}" if told.amount else "")
    if "approve" in may and not whole:
        yield button("Read all of it to approve", f"{PREFIX}open", url=page, style="primary")
    elif "approve" in may:
        many = f" all {len(told.writes)}" if isinstance(card.action, ReturnTimeEntries) else ""
        if modals.asks_more(card):
            yield _pressed(card, "sign", f"Approve{many}", style="primary")
        else:
            yield _pressed(card, "approve", f"Approve{many}", style="primary", ask=f"{about}. {EXACTLY}")
    if "accept_part" in may and whole and modals.holds_items(card):
        yield _pressed(card, "accept_part", "Approve a part")
    if "reject" in may:
        yield _pressed(card, "reject", "Reject", style="danger")
    if "edit" in may and modals.holds_form(card):
        yield _pressed(card, "edit", "Edit")
    if "ask" in may:
        yield _pressed(card, "ask", "Ask back")
    if "withdraw" in may:
        yield _pressed(card, "withdraw", "Withdraw", style="danger", ask=f"{about}. Nobody can sign it then.")


def _pressed(
    card: ProposalCard,
    press: Press,
    text: str,
    *,
    style: str = "",
    ask: str = "",
    question_id: UUID | None = None,
) -> ButtonElement:
    return button(text, PREFIX + press, Shown.of(card, question_id).text(), style=style, ask=ask)


def _row(*buttons: ButtonElement) -> Block:
    return ActionsBlock(elements=buttons)


def _links(card: ProposalCard, page: str) -> Block:
    """To the page, and to what only the page can do."""
    found = [Span("Open the page", url=page)]
    if "edit" in card.may and not modals.holds_form(card):
        found += [Span("  ·  "), Span("Edit", url=f"{page}/edit")]
    if "reassign" in card.may:
        found += [Span("  ·  "), Span("Let somebody else sign", url=f"{page}/hand-over")]
    if "undo" in card.may:
        found += [Span("  ·  "), Span("Undo", url=f"{page}#effects-title")]
    return rich([Row(found)])
