"""A candidate becomes a case: in the form of the suite it goes to, about that suite's made-up firm, and only
where no case and nothing that is learnt from says the same."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ValidationError

from evals.cases import GroupName
from evals.growing.candidates import Candidate
from evals.growing.cases import Grown, Grows, Provenance, file_of, grown
from evals.growing.leakage import twins_of
from evals.growing.likeness import Said, in_words
from evals.growing.queue import Queue, replace
from evals.growing.shifting import Shift
from evals.suite import Setting, Suite, suite, suite_names
from models.errors import ChargehandError, Retry
from models.pseudonyms import DIGITS

_PSEUDONYM = re.compile(rf"\b([a-z]+):[0-9a-f]{{{DIGITS}}}\b")


class DoesNotGrow(ChargehandError):
    """The suite {suite} takes no cases of production; these do: {known}."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class CaseWrong(ChargehandError):
    """This is no case of the suite {suite} yet: {reason}"""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class HasTwin(ChargehandError):
    """The case says what is there already, so it would measure nothing new: {twin}"""

    status = 409


def accept(
    queue: Queue,
    id_: str,
    to: str,
    within: Setting,
    by: str,
    *,
    fields: Mapping[str, Any],
    groups: Mapping[GroupName, str],
    why: str = "",
) -> Grown[Any]:
    """Make a case of a candidate and keep it in the setting's folder. `fields`: of the case, where they are
    missing in the candidate's draft or to be others. Raises UnknownSuite, DoesNotGrow, CaseWrong, HasTwin,
    and what the queue raises."""
    of = suite(to)
    if of.grows is None or within.grown is None:
        raise DoesNotGrow(suite=to, known=", ".join(n for n in suite_names() if suite(n).grows))
    with queue.turn():
        candidate = queue.acceptable(id_)
        content = {**candidate.drafts.get(to, {}), **fields}
        content = stood_in(content, to, of.grows.names(within))
        case = _case(of, of.grows, candidate, content, groups, by)
        there = grown(to, within.grown, of.grows.form)
        if case.id not in {g.id for g in there}:  # it is there where an acceptance was cut off
            _apart(of, of.grows, case, within)
            _keep(file_of(to, within.grown), [*there, case])
        queue.accept(candidate, by, why or f"case {case.id} of {to}")
    return case


def stood_in(value: Any, suite_name: str, names: Mapping[str, Sequence[str]]) -> Any:
    """A JSON with names of the suite's firm, by kind, in place of pseudonyms: the same name for the same one.
    Raises CaseWrong where it has too few."""
    taken: dict[str, str] = {}

    def name_of(found: re.Match[str]) -> str:
        of_kind = names.get(found[1], ())
        if of_kind and found[0] not in taken:
            used = sum(key.startswith(f"{found[1]}:") for key in taken)
            if used == len(of_kind):
                raise CaseWrong(suite=suite_name, reason=f"it names more than {used} of the kind {found[1]}.")
            taken[found[0]] = of_kind[used]
        return taken.get(found[0], found[0])

    def replaced(inner: Any) -> Any:
        if isinstance(inner, Mapping):
            return {key: replaced(item) for key, item in inner.items()}
        if isinstance(inner, list | tuple):
            return [replaced(item) for item in inner]
        return _PSEUDONYM.sub(name_of, inner) if isinstance(inner, str) else inner

    return replaced(value)


def _case(
    of: "Suite[Any, Any]",
    grows: "Grows[Any, Any]",
    candidate: Candidate,
    content: Any,
    groups: Mapping[GroupName, str],
    by: str,
) -> Grown[Any]:
    if grows.today:
        content = _moved(content, candidate.on, grows.today())
    try:
        return Grown[grows.form].model_validate(  # type: ignore[name-defined]
            {
                "id": f"grown-{candidate.id}",
                "case": content,
                "groups": groups,
                "provenance": Provenance(
                    candidate=candidate.id,
                    override=f"{candidate.event.replace('_', ' ')} of {candidate.kind}",
                    week=candidate.week,
                    reviewer=by,
                ),
            }
        )
    except ValidationError as e:
        first = e.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "case")
        raise CaseWrong(suite=of.name, reason=f"{where or 'it'}: {first['msg']}.") from e


def _moved(content: Any, on: date, today: date) -> Any:
    """The case's dates as they lie from the suite's day, by whole weeks: weekdays stay."""
    return Shift(Decimal(1), round((today - on).days / 7)).json(content, on)


def _apart(of: "Suite[Any, Any]", grows: "Grows[Any, Any]", case: Grown[Any], within: Setting) -> None:
    """Raises HasTwin."""
    if of.words is None:
        return
    texts = [Said(f"candidate {c.id}", of.words(c)) for c in grows.cases(case)]
    found = twins_of(texts, within)
    if found:
        raise HasTwin(twin="\n".join(in_words(found[0])))


def _keep(file: Path, cases: list[Grown[Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace(
        file, "".join(case.model_dump_json(by_alias=True, exclude_defaults=True) + "\n" for case in cases)
    )
