"""The talk itself: whose turn it is, what is said next, and when it is over."""

from collections import deque
from dataclasses import dataclass, field
from uuid import UUID

from agents.conversations import Conversations
from agents.events import Answered, Asked, Failed, Remark
from evals.cases import Step
from evals.talking.acts import Acts
from evals.talking.person import Person
from evals.talking.script import Says, Script
from models.errors import ChargehandError


@dataclass
class Talk:
    """One scenario's conversations. A question waits until whoever was asked answers it or says something
    else; everything else happens in the scenario's order."""

    script: Script
    copilot: Conversations
    acts: Acts
    person: Person
    trace: list[Step]
    messages: int = 0
    questions: int = 0
    cut_off: bool = False
    _threads: dict[str, UUID] = field(default_factory=dict)
    _open: dict[str, Asked] = field(default_factory=dict)  # questions, by who was asked
    _heard: dict[str, str] = field(default_factory=dict)  # the last words, by who heard them

    def play(self) -> None:
        """To its end, or until there are no messages left."""
        left = deque(self.script.events())
        self._say(Says(says=self.script.says))
        while left or self._open:
            if self.messages >= self.script.messages:
                self.cut_off = True
                return
            asked = next(iter(self._open), None)
            if left and (asked is None or left[0].at == "question"):
                event = left.popleft()
                if isinstance(event, Says):
                    self._say(event)
                else:
                    self.acts.do(event)
            elif asked is not None:
                self._answer(asked)

    def _answer(self, asked: str) -> None:
        question = self._open.pop(asked)
        words = self.person.answers(question.text, question.options)
        if words is not None:
            self._turn(asked, words)

    def _say(self, line: Says) -> None:
        by = line.by or self.script.speaker
        if line.anew:
            self._threads.pop(by, None)
        self._open.pop(by, None)
        self._turn(by, self.person.says(line.says, self._heard.get(by, "")))

    def _turn(self, by: str, words: str) -> None:
        """One message and what the copilot makes of it."""
        principal = self.acts.principal(by)
        self.messages += 1
        self.trace.append(Step(kind="said", by=principal.person_id, text=words))
        try:
            if by not in self._threads:
                self._threads[by] = self.copilot.open_thread(principal)
            for event in self.copilot.turn(principal, self._threads[by], words):
                self._note(by, event)
        except ChargehandError as e:
            told = {"to": principal.person_id, "error": e.kind}
            self.trace.append(Step(kind="refused", by="chat", text=e.sentence, data=told))

    def _note(self, by: str, event: object) -> None:
        to = {"to": self.acts.principal(by).person_id}
        match event:
            case Asked(text=text, options=options):
                self.trace.append(Step(kind="asked", text=text, data=to | {"options": list(options)}))
                self._heard[by], self._open[by] = text, event
                self.questions += 1
            case Answered(text=text):
                self.trace.append(Step(kind="answered", text=text, data=to))
                self._heard[by] = text
                if _ends_with_a_question(text) and self.person.knows(text):
                    self._open[by] = Asked(message_id=event.message_id, text=text)
                    self.questions += 1
            case Remark(text=text):
                self.trace.append(Step(kind="remarked", text=text, data=to))
            case Failed(problem=problem):
                self.trace.append(
                    Step(kind="failed", text=str(problem.get("detail", "")), data=to | {"problem": problem})
                )


def _ends_with_a_question(text: str) -> bool:
    """Language models ask in plain words."""
    return text.rstrip().rstrip("*_\"')").endswith("?")
