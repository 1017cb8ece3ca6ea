"""What people overrode, as candidates for cases: without personal data, with what should have come of it
where the override says so. See docs/evals.md, "Growing the suites"."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict
from rapidfuzz import fuzz

from evals.growing.shifting import shift_of
from models.overrides import Category, category
from models.pseudonyms import Known, Pseudonyms, left_over
from store.db import Tx, dumps
from tools.catalogue import TOOLS

Event = Literal["reject", "edit", "accept_part", "rephrased"]
State = Literal["waiting", "accepted", "rejected"]
REPHRASED = 50  # likeness (0 to 100) of the words from which a message says the one before it again


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Correction(_Strict):
    """A field that somebody changed: what was proposed, and what should have been."""

    field: str  # its path, e.g. items[0].hours
    before: Any
    after: Any


class LeftWords(_Strict):
    """Words that may still be somebody: a question to whoever reviews."""

    where: str
    words: str
    why: str


class Act(_Strict):
    """What somebody did with a candidate."""

    act: Literal["collected", "edited", "cleared", "accepted", "rejected"]
    at: AwareDatetime
    by: str
    why: str = ""


class Candidate(_Strict):
    """One override. `drafts` holds cases that are made of it already, by suite, in that suite's form."""

    format: Literal["chargehand-candidate/1"] = "chargehand-candidate/1"
    id: str  # a pseudonym of the override, the same under one salt
    event: Event
    kind: str  # of action; for what was rephrased, the tool that the words should have led to
    rule: str = ""
    step: str = ""
    policy: str = ""  # its sha256
    week: str  # ISO week in which it happened
    on: date  # the day it happened, moved as all of the case's dates are
    category: Category = "other"
    reason: str = ""
    said: str = ""  # in chat, before
    before: Any = None  # the action as it was proposed
    after: Any = None  # and as people made it; None where it was rejected
    facts: Any = None  # what the policy looked at
    corrections: tuple[Correction, ...] = ()
    expected: str  # what should have come of it, in words
    drafts: Mapping[str, Mapping[str, Any]] = {}
    left: tuple[LeftWords, ...] = ()  # to be cleared or edited before it can be accepted
    state: State = "waiting"
    history: tuple[Act, ...] = ()

    @property
    def flagged(self) -> bool:
        """Whether a person has yet to say that what looks personal is not."""
        return bool(self.left)


TEXTS = ("reason", "said", "before", "after", "facts", "corrections", "expected", "drafts")


def checked(candidate: Candidate) -> Candidate:
    """The candidate with what may still be personal in it."""
    content = candidate.model_dump(mode="json", include=set(TEXTS))
    found = {(o.words, o.why): o for o in left_over(content)}  # the same words once
    left = tuple(LeftWords(where=o.where, words=o.words, why=o.why) for o in found.values())
    return candidate.model_copy(update={"left": left})


def candidates(
    tx: Tx, salt: bytes, since: datetime | None = None, *, chat: bool = False
) -> Iterator[Candidate]:
    """What was overridden since then, oldest first. `chat`: also what people said in conversations, which are
    their own. Role: worker."""
    pseudonyms = Pseudonyms(tx.rows("overrides.known", Known), salt)
    overrides = tx.records("overrides.all", since=since)
    said: dict[Any, Mapping[str, Any]] = {}
    if chat:
        proposals = [row["proposal_id"] for row in overrides]
        said = {row["proposal_id"]: row for row in tx.records("candidates.said", proposals=proposals)}
    for row in overrides:
        yield _of_override(row, said.get(row["proposal_id"], {}), pseudonyms)
    for row in tx.records("candidates.rephrased", since=since) if chat else ():
        if fuzz.token_set_ratio(row["said"].casefold(), row["then_said"].casefold()) >= REPHRASED:
            yield _of_chat(row, pseudonyms)


def corrections(before: Any, after: Any, path: str = "") -> Iterator[Correction]:
    """The fields in which two JSONs differ; lists of other lengths differ as a whole."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted({*before, *after}):
            yield from corrections(before.get(name), after.get(name), f"{path}.{name}".lstrip("."))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from corrections(*pair, f"{path}[{number}]")
    elif before != after:
        yield Correction(field=path, before=before, after=after)


class _Hidden:
    """The content of one case, moved and without personal data."""

    def __init__(self, case: str, at: datetime, pseudonyms: Pseudonyms, *content: Any) -> None:
        self._known = pseudonyms.knowing(*content)
        self._on = at.astimezone(UTC).date()
        self._shift = shift_of(case, self._on, pseudonyms, *content)

    @property
    def on(self) -> date:
        return self._shift.day(self._on)

    def __call__(self, value: Any) -> Any:
        return self._known.json(self._shift.json(json.loads(dumps(value)), self._on))


def _of_override(row: Mapping[str, Any], said: Mapping[str, Any], pseudonyms: Pseudonyms) -> Candidate:
    id_ = pseudonyms.of(f"{row['proposal_id']}:{row['version']}:{row['event']}")
    hidden = _Hidden(id_, row["at"], pseudonyms, row["before"], row["after"], row["facts"])
    before, after = hidden(row["before"]), hidden(row["after"])
    changed = tuple(corrections(before, after)) if after else ()
    words = hidden(said.get("said", ""))
    drafts = _drafts(words, said.get("tool", ""), {c.field: c.after for c in changed}, proposes=row["kind"])
    return checked(
        Candidate(
            id=id_,
            event=row["event"],
            kind=row["kind"],
            rule=row["rule"],
            step=row["step"] or "",
            policy=row["policy"],
            week=_week(row["at"]),
            on=hidden.on,
            category=category(row["reason"]),
            reason=hidden(row["reason"]),
            said=words,
            before=before,
            after=after,
            facts=hidden(row["facts"]),
            corrections=changed,
            expected=_expected(row, changed),
            drafts=drafts,
        )
    )


def _of_chat(row: Mapping[str, Any], pseudonyms: Pseudonyms) -> Candidate:
    id_ = pseudonyms.of(f"message:{row['message_id']}")
    hidden = _Hidden(id_, row["at"], pseudonyms, row["arguments"])
    words, arguments = hidden(row["said"]), hidden(row["arguments"])
    return checked(
        Candidate(
            id=id_,
            event="rephrased",
            kind=row["tool"],
            week=_week(row["at"]),
            on=hidden.on,
            reason=hidden(f"Said again as: {row['then_said']}"),
            said=words,
            after=arguments,
            expected=f"a call of {row['tool']} with what the second message led to",
            drafts=_drafts(words, row["tool"], arguments),
        )
    )


def _drafts(said: str, tool: str, values: Mapping[str, Any], proposes: str = "") -> dict[str, dict[str, Any]]:
    """Cases of suites: the words should have led to the tool with these values, as far as they are arguments
    of it; in a conversation with a project manager, to the tool's findings, or to a proposal."""
    arguments = next((t.arguments.model_fields for t in TOOLS if t.name == tool), {})
    given = {name: value for name, value in values.items() if name in arguments and value is not None}
    if not said or not given:
        return {}
    drafts: dict[str, dict[str, Any]] = {"routing": {"say": said, "call": tool, "with": given}}
    if proposes or not tool.startswith("propose_"):  # what else it would propose, the words do not say
        expect: dict[str, Any] = {"called": [{"tool": tool, "with": given}]}
        if proposes:
            expect = {"proposals": [{"kind": proposes, "fields": given}]}
        speaker = "project_manager"
        drafts["conversations"] = {
            "id": "grown",
            "kind": "production",
            "speaker": speaker,
            "says": said,
            "expect": expect,
        }
    return drafts


def _expected(row: Mapping[str, Any], changed: Sequence[Correction]) -> str:
    if row["event"] == "reject":
        return f"not this, for a reason of {category(row['reason'])}"
    if row["event"] == "accept_part":
        kept, of = len(row["after"]["items"]), len(row["before"]["items"])
        return f"{kept} of the {of} items"
    return "; ".join(f"{c.field} {_said(c.after)} instead of {_said(c.before)}" for c in changed)


def _said(value: Any) -> str:
    if isinstance(value, Mapping) and set(value) == {"amount", "currency"}:
        return f"{value['amount']} {value['currency']}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _week(at: datetime) -> str:
    """No moment: it would lead back to the log."""
    year, week, _ = at.isocalendar()
    return f"{year}-W{week:02d}"
