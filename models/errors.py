"""What can go wrong, one class a thing. Every error holds the ids it is about, a sentence a user can act
on, an HTTP status, and whether trying again can help. `api` turns them into RFC 9457 problem details."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

TYPE_URI = "https://chargehand.dev/problems/"

Retry = Literal["never", "later", "with a fix"]


class ChargehandError(Exception):
    """Something went wrong in Chargehand.

    A subclass names one thing that can go wrong. Its docstring's first line is the default sentence; keyword
    arguments are the ids and facts it is about, kept in `facts` and filled into the sentence where it has
    `{placeholders}`."""

    status: ClassVar[int] = 500
    retry: ClassVar[Retry] = "never"

    def __init__(self, sentence: str | None = None, **facts: Any) -> None:
        template = sentence or (type(self).__doc__ or "").split("\n\n")[0].replace("\n", " ")
        self.facts = facts
        self.sentence = " ".join(template.format(**facts).split()) if facts else " ".join(template.split())
        super().__init__(self.sentence)

    @property
    def kind(self) -> str:
        """The stable machine name of the error: its class name in kebab case."""
        name = type(self).__name__
        return "".join("-" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))

    def problem(self) -> dict[str, Any]:
        """The error as RFC 9457 problem details."""
        return {
            **self.facts,
            "type": TYPE_URI + self.kind,
            "title": self.kind.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": self.sentence,
            "retry": self.retry,
        }


@dataclass(frozen=True)
class Problem:
    """One place in an input that could not be taken."""

    file: str
    line: int  # 1 is the header of a CSV, or the first line of a JSONL file
    column: str  # column or field name; empty where the whole line is wrong
    reason: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" + (f", column {self.column}" if self.column else "")
        return f"{where}: {self.reason}"


class BadInput(ChargehandError):
    """The input has {count} problem(s); the first: {first}"""

    status = 422
    retry: ClassVar[Retry] = "with a fix"

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(
            count=len(problems), first=str(problems[0]), problems=[asdict(p) for p in problems[:1000]]
        )
