"""Cases that production gave, as they are kept beside the installation: `<folder>/<suite>/grown.jsonl`, one a
line, in the form that the suite reads its own cases in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from evals.cases import Case, GroupName
from models.errors import ChargehandError, Retry

if TYPE_CHECKING:
    from evals.suite import Setting

F = TypeVar("F", bound=BaseModel)
C = TypeVar("C", bound=Case)
FILE = "grown.jsonl"
SOURCE = "production"  # as the group says it


class GrownWrong(ChargehandError):
    """The case on line {line} of {file} is wrong: {reason}. Correct it, or take the line out."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class Provenance(BaseModel):
    """Where a case comes from, naming nobody but its reviewer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    candidate: str
    override: str  # e.g. 'edit of create_assignment'
    week: str
    reviewer: str


class Grown(BaseModel, Generic[F]):
    """A case of production."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    case: F
    groups: Mapping[GroupName, str] = {}
    provenance: Provenance

    @property
    def all_groups(self) -> dict[GroupName, str]:
        """With where it comes from, by which a run's rows can be told apart."""
        return {"kind": SOURCE, **self.groups, "source": SOURCE}


@dataclass(frozen=True)
class Grows(Generic[F, C]):
    """How a suite takes cases of production."""

    form: type[F]  # of what stands in the file
    cases: Callable[[Grown[F]], Sequence[C]]  # what it makes of one
    names: Callable[["Setting"], Mapping[str, Sequence[str]]]  # of its made-up firm, by kind: for pseudonyms
    today: Callable[[], date] | None = None  # in that firm: a case's dates are moved there


def grown(suite: str, folder: Path | None, form: type[F]) -> tuple[Grown[F], ...]:
    """The cases that production gave to a suite; none where there is no folder. Raises GrownWrong."""
    file = file_of(suite, folder) if folder else None
    if file is None or not file.exists():
        return ()
    read = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        try:
            read.append(Grown[form].model_validate_json(line))  # type: ignore[valid-type]
        except ValidationError as e:
            reason = str(e.errors()[0]["msg"])
            raise GrownWrong(file=str(file), line=number, reason=reason) from e
    return tuple(read)


def file_of(suite: str, folder: Path) -> Path:
    return folder / suite / FILE
