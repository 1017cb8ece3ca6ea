"""From what was said to what to do next: one sentence, one memory, the tools at hand.

The order matters. What a person may not do in chat comes first, then what they tell us not to do, then what
only makes sense after the last findings ('the second one', 'and cheaper?'), then new requests."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agents import replies
from agents.choices import choose, says_no, says_yes
from agents.decision import AskPerson, Call, Calls, Decision, Say
from agents.followups import follow_up
from agents.intents import DECIDE, HELP, Reading, read
from agents.memory import PROPOSAL_AFTER, Memory
from agents.request import complete, points_back
from agents.said import Said
from agents.slots import fill
from agents.transcript import Pending

INTENT = "intent"  # the argument of the question 'what do you mean?'
CONFIRM = "confirm"  # the argument of the question 'shall I?'
NEW_REQUEST_WORDS = 4  # shorter messages are taken as answers
CLAUSES = 3  # how many things one message may ask for

_DROP = re.compile(
    r"^\W*(?:never ?mind|forget (?:it|that)|cancel|drop (?:it|that)|leave it|stop|no,? thanks?)\b[\w "
    r"]{0,15}\W*$",
    re.I,
)
_PICKS = re.compile(r"\b(?:the )?(?:worst|best|biggest|largest|oldest|cheapest|top|second|third)\b", re.I)
_AT_A_LOSS = re.compile(
    r"^\W*(?:sorry,? )?(?:i (?:do not|don'?t) know|(?:i have )?no (?:idea|clue)|(?:i'?m )?not sure)\W*$", re.I
)
_GREETING = re.compile(r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening|day))\b", re.I)
_THANKS = re.compile(
    r"^\W*(?:thanks?|thank you|cheers|great|perfect|ok(?:ay)?|bye)\b(?:\W+\w+){0,4}\W*$", re.I
)
_CLAUSE = re.compile(
    r"(?<=[.?!;])\s+|,? (?:and (?:also|then)|also|then|and|plus|as well as),? (?=\w+ )", re.I
)


@dataclass(frozen=True)
class Dialogue:
    said: Said
    memory: Memory
    schemas: Mapping[str, Mapping[str, Any]]  # the tools that may be called

    def reply(self) -> Decision:
        """To a new message."""
        if words := self._only_words():
            return Say(words)
        if self.said.quote and not self.said.own:
            return self._request("compare_change")
        leaning = follow_up(self.said, self.memory, self.schemas, self.reading)
        return leaning or self._several() or self._one(self.reading)

    def _only_words(self) -> str:
        """The answer to what needs no tool: thanks, second thoughts, attempts to decide here."""
        said = self.said
        if _DROP.match(said.text):
            return replies.DROPPED
        if not said.own:
            return replies.NOTHING_PROPOSED if said.forbids else ""
        if _THANKS.match(said.own):
            return "You are welcome." if re.match(r"\W*(?:thank|cheers)", said.own, re.I) else "All right."
        decides = self.reading.intent == DECIDE and self.reading.standing == "sure"
        return replies.DECISIONS if decides else ""

    def go_on(self, question: Pending) -> Decision:
        """With the request that a question had stopped."""
        said = self.said
        if _AT_A_LOSS.match(said.text):
            return Say(replies.LEFT)
        if question.argument == CONFIRM:
            if says_no(said.text):
                return Say(replies.NOTHING_PROPOSED)
            return Calls((Call(question.tool, question.arguments),))
        if question.argument == INTENT:
            chosen = choose(said.text, question.options)
            if chosen is None and says_yes(said.text) and len(question.options) == 1:
                chosen = question.options[0]
            if chosen is None:
                return Say(replies.out_of_scope(self.schemas))
            tool = next(t for t, about in replies.ABOUT.items() if about.capitalize() == chosen)
            again = Said(str(question.arguments["said"]), said.today, said.linker)
            return Dialogue(again, self.memory, self.schemas)._request(tool)
        return complete(
            question.tool, question.arguments | self._value(question), said, self.memory, self.schemas
        )

    def answers(self, question: Pending) -> bool:
        """Whether the message can be the answer to a question."""
        said = self.said
        one_option = question.argument == CONFIRM or len(question.options) == 1
        if one_option and said.words == 1 and says_yes(said.text):
            return True
        if _DROP.match(said.text) or (
            self.reading.intent in (HELP, DECIDE) and self.reading.standing == "sure"
        ):
            return question.argument == CONFIRM and says_no(said.text)
        if (
            _AT_A_LOSS.match(said.text)
            or choose(said.text, question.options)
            or (one_option and says_yes(said.text))
        ):
            return True
        if question.argument in (CONFIRM, INTENT):
            return False
        effort = question.argument == "effort" and re.search(r"\d", said.text)  # reads as a wish for people
        elsewhere = not effort and self.reading.intent not in (question.tool, "out_of_scope")
        if elsewhere and self.reading.standing == "sure" and said.words >= NEW_REQUEST_WORDS:
            return question.argument == "message" and bool(said.quote or said.words > 40)
        return True

    @cached_property
    def reading(self) -> Reading:
        return read(self.said.masked or self.said.text)

    def _one(self, reading: Reading) -> Decision:
        said = self.said
        if said.quote and reading.intent not in ("propose_change_order", "compare_change"):
            # A pasted message is what the talk is about, whatever words stand around it.
            return self._request("compare_change")
        if reading.intent == HELP and reading.standing == "sure":
            return Say(replies.help_text(self.schemas, greeting=bool(_GREETING.match(said.own))))
        if reading.standing == "none":
            return Say(replies.out_of_scope(self.schemas))
        if reading.standing == "sure":
            return self._request(reading.intent)
        candidates = [c for c in reading.candidates() if c in self.schemas]
        if not candidates:
            return Say(replies.out_of_scope(self.schemas))
        text, options = replies.which_intent(candidates)
        return AskPerson(
            Pending(
                tool="",
                arguments={"said": said.text},
                argument=INTENT,
                text=f"{text} {' or '.join(o[0].lower() + o[1:] for o in options)}?",
                options=options,
            )
        )

    def _request(self, tool: str, before: Sequence[Call] = ()) -> Decision:
        """A new call of the tool, if the speaker may use it; what picks from findings that are not there
        yet finds them first. `before`: what the same message asked for first."""
        if _PICKS.search(self.said.without_names) and not self.memory.source(tool):
            tool = next((read for read, after in PROPOSAL_AFTER.items() if tool in after), tool)
        if tool not in self.schemas:
            return Say(replies.not_permitted(tool))
        properties = self.schemas[tool].get("properties", {})
        found = fill(self.said, tool, properties)
        if before and points_back(self.said.own) and not {"project", "client"} & found.keys():
            shared = {k: v for c in before for k, v in c.arguments.items() if k in ("project", "client")}
            found |= {k: v for k, v in shared.items() if k in properties}
        return complete(tool, found, self.said, self.memory, self.schemas)

    def _several(self) -> Decision | None:
        """Different things asked for in one message. Only lookups are run together: what is proposed from
        findings waits until the person has seen them, and says which."""
        clauses = [c for c in _CLAUSE.split(self.said.own) if len(c.split()) > 2][:CLAUSES]
        if len(clauses) < 2 or self.said.quote:
            return None
        calls: list[Call] = []
        left = 0
        for clause in clauses:
            said = Said(clause, self.said.today, self.said.linker)
            reading = read(said.masked)
            if (
                reading.standing != "sure"
                or reading.intent in (HELP, DECIDE)
                or reading.intent not in self.schemas
            ):
                continue
            if reading.intent.startswith("propose_"):
                left += any(reading.intent in PROPOSAL_AFTER.get(c.tool, ()) for c in calls)
                continue
            step = Dialogue(said, self.memory, self.schemas)._request(reading.intent, calls[-1:])
            if isinstance(step, Calls) and all(c.tool != step.calls[0].tool for c in calls):
                calls += step.calls
        alone = len(calls) == 1 and (left or self.reading.standing != "sure")
        return Calls(tuple(calls)) if len(calls) > 1 or alone else None

    def _value(self, question: Pending) -> dict[str, Any]:
        """The answer as the value of the argument that was asked for."""
        said = self.said
        if chosen := choose(said.text, question.options):
            return {question.argument: chosen}
        properties = self.schemas.get(question.tool, {}).get("properties", {})
        found = fill(said, question.tool, properties)
        if question.argument in found:
            return found
        if question.argument == "message":
            return {"message": said.quote or said.text.strip()}
        extra = {k: v for k, v in found.items() if k not in question.arguments}
        text = said.text.strip()
        if properties.get(question.argument, {}).get("type") == "array":
            return extra | {
                question.argument: [part.strip() for part in re.split(r",| and ", text) if part.strip()]
            }
        return extra | {question.argument: text}
