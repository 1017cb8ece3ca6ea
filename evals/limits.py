"""How far a suite may fall before a release is stopped: `evals/gates.yaml`."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from evals.cases import GroupName, Row
from models.errors import ChargehandError, Retry
from models.yaml_text import parse_yaml

GATES = Path(str(files("evals").joinpath("gates.yaml")))


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limit(_Strict):
    """Of one metric. What is measured against the baseline holds for the cases that both have."""

    may_worsen: float | None = Field(default=None, ge=0)  # in the metric's unit; a share of .02 is two points
    only_if_significant: bool = False  # then what chance does as well may pass
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.may_worsen is None and self.at_least is None and self.at_most is None:
            raise ValueError("a limit says may_worsen, at_least or at_most")
        if self.only_if_significant and self.may_worsen is None:
            raise ValueError("only_if_significant belongs to may_worsen")
        return self


class SliceLimit(_Strict):
    """Of the deciding metric on each value of these groups, against the baseline. With only_if_significant,
    after a correction for the number of slices."""

    groups: tuple[GroupName, ...] = Field(min_length=1)
    may_worsen: float = Field(ge=0)
    only_if_significant: bool = False
    cases: int = Field(default=5, ge=1)  # slices of fewer are left alone


class Must(_Strict):
    """Rows that may never fail, whatever the baseline did: by their groups (all of them) or their ids."""

    because: str
    groups: Mapping[GroupName, str] = {}
    ids: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.groups) == bool(self.ids):
            raise ValueError("name groups or ids")
        return self

    def holds_for(self, row: Row) -> bool:
        if self.ids:
            return row.id in self.ids
        return all(row.groups.get(name) == value for name, value in self.groups.items())


class SuiteLimits(_Strict):
    metrics: Mapping[str, Limit] = {}
    slices: SliceLimit | None = None
    must: tuple[Must, ...] = ()


class NoLimits(ChargehandError):
    """{suite} has no limits in gates.yaml: say how far it may fall."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class Limits(_Strict):
    suites: Mapping[str, SuiteLimits]

    def of(self, suite: str) -> SuiteLimits:
        """Raises NoLimits: a suite that nobody set limits for would guard nothing."""
        if suite not in self.suites:
            raise NoLimits(suite=suite)
        return self.suites[suite]


def limits(*paths: Path) -> Limits:
    """Of all the files; what a later one says of a suite takes the place of what an earlier one says. Raises
    BadInput naming line, field and reason of each fault."""
    read = [parse_yaml(path.read_text(encoding="utf-8"), str(path), Limits) for path in paths]
    return Limits(suites={name: of for one in read for name, of in one.suites.items()})
