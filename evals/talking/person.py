"""The people of a scenario. They see what people see: the words of a question and its options. By themselves
they answer from what they know, word for word; a language model may speak for them, and then words it."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from langchain_core.messages import HumanMessage, SystemMessage

from agents.endpoint import Endpoint, ModelSettings
from evals.talking.script import Fact, Script

SECONDS = 60.0  # for a language model to word one message
PATIENCE = 2  # how often in a row somebody says that they do not know, before they talk of something else

_PART = """You play a person of a professional-services firm who writes to the firm's assistant. You are not \
the assistant. Write the person's next message and nothing else: short, as people write at work. Never add \
names, dates, numbers or wishes of your own, and never leave any out."""


class Person(Protocol):
    def says(self, line: str, heard: str) -> str:
        """What they write when this is what they want to say, after what they heard last."""

    def answers(self, question: str, options: Sequence[str]) -> str | None:
        """What they write when asked; None when they give up."""

    def knows(self, question: str) -> bool:
        """Whether words that nobody marked as a question ask for something they know and have not said."""


@dataclass
class Scripted:
    """Says what the scenario says, word for word."""

    script: Script
    _told: set[int] = field(default_factory=set)
    _at_a_loss: int = 0

    def says(self, line: str, heard: str) -> str:
        self._at_a_loss = 0
        return line

    def answers(self, question: str, options: Sequence[str]) -> str | None:
        fact = self._fact(" ".join((question, *options)))
        if fact is None:
            self._at_a_loss += 1
            return None if self._at_a_loss > PATIENCE else self.script.otherwise
        self._at_a_loss = 0
        self._told.add(id(fact))
        return fact.answer

    def knows(self, question: str) -> bool:
        fact = self._fact(question)
        return fact is not None and id(fact) not in self._told

    def _fact(self, text: str) -> Fact | None:
        said = text.casefold()
        return next((f for f in self.script.knows if any(w.casefold() in said for w in f.asked)), None)


class Spoken(Scripted):
    """The same person in a language model's words: what they want to say is the scenario's, how is not.

    Raises EndpointFailed, which is no fault of the copilot's."""

    def __init__(self, script: Script, settings: ModelSettings) -> None:
        super().__init__(script)
        self._endpoint = Endpoint(settings)

    def says(self, line: str, heard: str) -> str:
        said = super().says(line, heard)
        return self._worded(f"The assistant has just written:\n{heard or '(nothing yet)'}", said)

    def answers(self, question: str, options: Sequence[str]) -> str | None:
        said = super().answers(question, options)
        asked = f"The assistant asks:\n{question}\nIt offers: {json.dumps(list(options))}"
        return None if said is None else self._worded(asked, said)

    def _worded(self, situation: str, said: str) -> str:
        wants = f"What the person is after: {self.script.wants}\n\n" if self.script.wants else ""
        task = f"{wants}{situation}\n\nThe person now wants to say, in {self.script.language}:\n{said}"
        answer = self._endpoint.ask(
            [SystemMessage(_PART), HumanMessage(task)], [], deadline=time.monotonic() + SECONDS
        )
        return answer.text.strip() or said


def person(script: Script, speaks: ModelSettings | None) -> Person:
    """`speaks`: the language model that words what they say; None: the scenario's own words."""
    return Spoken(script, speaks) if speaks else Scripted(script)
