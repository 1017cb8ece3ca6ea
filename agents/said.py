"""What a person said, taken apart once: their own words, a message they pasted, and the names mentioned.

What stands in a pasted message is material. It is handed to the tool that compares it and is never read for
an intent, a name or a date."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from agents.linking import Linker, Mention, spelt
from agents.toolbox import NameKind

_FENCED = re.compile(r'(?:"""|```|<<<|«)\s*(?P<quote>.+?)\s*(?:"""|```|>>>|»)', re.DOTALL)
_WROTE = re.compile(
    r"(?P<frame>^.{0,200}?\b(?:wrote|writes|says|said|asks|asked|sent(?: (?:us|me|this))?|states|message|"
    r"e-?mail|mail|request|"
    r"text|reads|below|following|this|their words)\b[^:\n\"“„]{0,80}?)(?::|\n)\s*(?P<quote>.{12,})$",
    re.IGNORECASE | re.DOTALL,
)
_HEADERS = re.compile(r"(?P<quote>^(?:From|Subject|Von|Betreff|De|Objet): .+)", re.MULTILINE | re.DOTALL)
_QUOTED = re.compile(r"[\"“„](?P<quote>[^\"“”„]{25,})[\"”“]", re.DOTALL)
_ARROWS = re.compile(r"(?P<quote>(?:^>.*(?:\n|$))+)", re.MULTILINE)

_STAND_INS = {"person": "Alex", "project": "the project", "client": "the client", "invoice": "INV-100"}

_PROPOSING = (
    r"(?:propose|book|assign|put|send|return|register|log|remind|chase|nudge|draft|raise|create|submit|move|"
    r"reallocate|"
    r"take|pick|choose|nominate|staff|do (?:it|that|anything)|go ahead|dun|write)"
)
_NONE_OF = (
    r"(?:^|(?<=[,;.!?]) ?|\b(?:and|but) )(?:please )?"
    r"no (?:reminders?|bookings?|proposals?|change orders?|returns?)\b[^,;.!?]*"
)
_NEGATED = re.compile(
    rf"{_NONE_OF}|"
    rf"(?:^|(?<=[,;.!?:]) ?|\b(?:but|and|please|no) )[^,;.!?]*?\b(?:do not|don'?t|dont|never|"
    rf"not (?:to )?(?:yet )?|no need to|without|"
    rf"rather not|stop|instead of|won'?t)\s+(?:\w+ ){{0,2}}?{_PROPOSING}(?:ing)?\b[^,;.!?]*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Said:
    text: str
    today: date
    linker: Linker = field(repr=False)

    @cached_property
    def _parts(self) -> tuple[str, str]:
        text = self.text.strip()
        for pattern in (_FENCED, _HEADERS, _ARROWS, _WROTE, _QUOTED):
            if match := pattern.search(text):
                frame = (text[: match.start("quote")] + " " + text[match.end("quote") :]).strip(
                    " \n:\"'`“”„«»<>"
                )
                frame = re.sub(r"[\"“”„]\s*[\"“”„]", " ", frame)
                quote = re.sub(r"(?m)^> ?", "", match["quote"]).strip(' \n"“”„')
                return frame, quote
        return text, ""

    @property
    def quote(self) -> str:
        """A pasted message, or ''."""
        return self._parts[1]

    @cached_property
    def own(self) -> str:
        """The person's own words, without the parts in which they say what not to do."""
        kept = _NEGATED.sub(" ", self._parts[0])
        return " ".join(kept.split()).strip(" ,;")

    @cached_property
    def forbids(self) -> bool:
        """They said not to do something."""
        return _NEGATED.search(self._parts[0]) is not None

    @cached_property
    def mentions(self) -> list[Mention]:
        return self.linker.mentions(self.own)

    def of(self, kind: NameKind) -> list[Mention]:
        return [m for m in self.mentions if m.kind == kind]

    @cached_property
    def without_names(self) -> str:
        """Own words with the names of people, projects, clients and invoices left out: for dates, so that
        'May Chen' is no month."""
        return self._replaced({"person": " ", "project": " ", "client": " ", "invoice": " "})

    @cached_property
    def masked(self) -> str:
        """Own words with names replaced by what they are names of, and spelling put right: for the router."""
        text = self._replaced(_STAND_INS)
        text = re.sub(r"\b[Pp]roject [A-Z][\w-]+", "the project", text)  # also one that is not known
        text = re.sub(r"\b(?:(?:the|project) )*the project\b(?: project)?", "the project", text)
        return spelt(" ".join(text.split()))

    def _replaced(self, by_kind: Mapping[str, str]) -> str:
        text = self.own
        end = len(text) + 1
        for mention in sorted(self.mentions, key=lambda m: (m.start, m.kind != "project"), reverse=True):
            if mention.kind in by_kind and mention.end <= end:
                text = text[: mention.start] + by_kind[mention.kind] + text[mention.end :]
                end = mention.start
        return text

    @property
    def words(self) -> int:
        return len(self.own.split())
