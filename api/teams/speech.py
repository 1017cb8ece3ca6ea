"""The copilot's words as Teams shows them: plain text. Nothing in it is read as markup, so that no text that
it quotes can hold a link that leads elsewhere than it says."""

from collections.abc import Sequence
from typing import Protocol

from microsoft_teams.api.activities.message.message import MessageActivityInput
from microsoft_teams.api.models.card.card_action import CardAction
from microsoft_teams.api.models.card.card_action_type import CardActionType
from microsoft_teams.api.models.suggested_actions import SuggestedActions
from microsoft_teams.cards.core import AdaptiveCard

from agents.events import Answered, Asked, Event, Failed, Remark, TextDelta, ToolFinished, ToolStarted
from api.hidden import visible
from api.wording import field as label_of

LONGEST = 24_000  # characters that a message may have


class Plain:
    """Takes the marks of strong words out of a text that comes in pieces."""

    def __init__(self) -> None:
        self._held = ""  # half a mark, perhaps

    def fed(self, piece: str) -> str:
        said = self._held + piece
        self._held = "*" if said.endswith("*") and not said.endswith("**") else ""
        return visible(said.removesuffix(self._held) if self._held else said).replace("**", "")

    def rest(self) -> str:
        return self._held


def plain(text: str) -> str:
    """A whole text."""
    return visible(text).replace("**", "")[:LONGEST]


def message(text: str) -> MessageActivityInput:
    return MessageActivityInput(text=plain(text), text_format="plain")


def with_card(card: AdaptiveCard, summary: str) -> MessageActivityInput:
    """A message that is a card; the summary is for notifications."""
    sent = MessageActivityInput(summary=visible(summary)[:200])
    return sent.add_card(card)


class Writing(Protocol):
    """Where an answer is written: piece by piece, or whole."""

    text: str

    def status(self, text: str) -> None: ...
    def write(self, text: str, options: Sequence[CardAction] = ()) -> None: ...


class Whole:
    """An answer that is sent when it is complete."""

    def __init__(self) -> None:
        self.text = ""
        self._options: Sequence[CardAction] = ()

    def status(self, text: str) -> None:
        """Nobody waits for it here."""

    def write(self, text: str, options: Sequence[CardAction] = ()) -> None:
        self.text += text
        self._options = options or self._options

    def message(self) -> MessageActivityInput:
        sent = message(self.text)
        if self._options:
            sent = sent.with_suggested_actions(SuggestedActions(to=[], actions=list(self._options)))
        return sent


class Voice:
    """Says what happens in a turn."""

    def __init__(self, writing: Writing) -> None:
        self._writing, self._pieces = writing, Plain()
        self.ended: Answered | Asked | Failed | None = None

    def hear(self, event: Event) -> None:
        match event:
            case ToolStarted():
                self._writing.status(f"{label_of(event.tool)} …")
            case Remark():
                self.say(f"({event.text})\n\n")
            case TextDelta():
                self.say(self._pieces.fed(event.text))
            case Answered() | Asked() | Failed():
                self.ended = event
            case ToolFinished():
                pass

    def say(self, text: str) -> None:
        if text:
            self._writing.write(text)

    def finish(self) -> None:
        """Say what is still to be said."""
        self.say(self._pieces.rest())
        match self.ended:
            case Failed():
                self.say(str(self.ended.problem.get("detail", "")))
            case Answered() | Asked() if not self._writing.text:  # kept by an earlier attempt
                self.say(plain(self.ended.text))
        if isinstance(self.ended, Asked) and self.ended.options:
            self._writing.write("", options(self.ended.options))


def options(said: Sequence[str]) -> list[CardAction]:
    """Answers that are given by a press."""
    return [CardAction(type=CardActionType.IM_BACK, title=visible(one)[:60], value=one) for one in said[:6]]
