"""Two kinds of cases: scenes that are played in a copy of the demo firm, and scenarios of facts as firms
write them for `chargehand policy test`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from evals.cases import Case
from evals.scenes.acts import Act, Opening
from evals.suite import Setting
from models.policy_scenarios import Scenario, parse_scenarios

OWN_RECORDS = "policies/*.scenarios.yaml"


class ExpectedStep(BaseModel):
    """A step of a gate: exactly these people in their own seats, and exactly these stand-ins."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    asks: frozenset[str]
    stand_ins: frozenset[str] = frozenset()  # "P-1 for P-2"
    says_why: bool = False  # a comment is required
    shows: bool = False  # evidence is required


class ExpectedGate(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    steps: tuple[ExpectedStep, ...]

    @property
    def words(self) -> str:
        return f"{self.rule}: " + " > ".join(
            " | ".join(sorted(s.asks | s.stand_ins)) or "nobody" for s in self.steps
        )


class ExpectedAct(Act):
    """An act, and what becomes of it."""

    comes: str  # the proposal's state after it, or the kind of error that refuses it
    gate: ExpectedGate | None = None  # as it stands after it; not judged, if not given

    @property
    def act(self) -> Act:
        return Act.model_validate(self.model_dump(exclude={"comes", "gate"}))


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    because: str = ""
    small: bool = False
    opening: Opening
    refused: str = ""  # the kind of error: nothing is proposed
    gate: ExpectedGate | None = None
    then: tuple[ExpectedAct, ...] = ()


class Scene(Case):
    """A case that is played."""

    row: _Row


class Told(Case):
    """A case of given facts, held against the policy and the demo firm's people whom it names."""

    file: str
    scenario: Scenario


PolicyCase = Scene | Told


def cases(within: Setting) -> Sequence[PolicyCase]:
    """The scenes, then the scenarios: those that ship, those beside the subject's policy, the firm's own."""
    played = [scene for scene in scenes() if scene.row.small or not within.small]
    told = [*_told(_shipped(), "written")]
    if within.small:
        told = told[::5]
    beside = _beside(within.subject.policy)
    if beside:
        told += _told([beside], "beside the policy")
    if within.data:
        told += _told(sorted(within.data.glob(OWN_RECORDS)), "own records")
    return [*played, *told]


@cache
def scenes() -> tuple[Scene, ...]:
    read = yaml.safe_load(files("evals.suites.policies").joinpath("scenes.yaml").read_text(encoding="utf-8"))
    cast: Mapping[str, str] = read.pop("cast")
    return tuple(
        _scene(family, _Row.model_validate(_named(row, cast)))
        for family, rows in read["families"].items()
        for row in rows
    )


def _scene(family: str, row: _Row) -> Scene:
    opening = row.opening
    lines = [f"{opening.proposes} proposes {opening.action.model_dump(mode='json', exclude_defaults=True)}"]
    lines += [f"before: {p.plant} {p.parameters}" for p in opening.plant]
    lines += [f"before: {who} lets {d.to} sign" for who, d in opening.delegations.items()]
    lines += [f"then: {act.act.words}" for act in row.then]
    expected = [f"refused: {row.refused}" if row.refused else row.gate.words if row.gate else "any gate"]
    expected += [
        f"{act.act.words}: {act.comes}" + (f"; {act.gate.words}" if act.gate else "") for act in row.then
    ]
    project = getattr(opening.action, "project", None)
    return Scene(
        id=row.id,
        text="\n".join([row.because, *lines]).strip(),
        expected="\n".join(expected),
        groups={
            "kind": family,
            "source": "written",
            **({"project": project} if project else {}),
            "person": opening.proposes,
        },
        cluster=family,
        row=row,
    )


def _told(found: Sequence[Path], source: str) -> list[Told]:
    return [
        Told(
            id=f"{path.name.removesuffix('.scenarios.yaml')}-{_slug(scenario.name)}",
            text=f"{scenario.name}: {scenario.facts.model_dump(mode='json', exclude_defaults=True)}",
            expected=f"{scenario.rule}"
            + (f", {scenario.signatures} signatures" if scenario.signatures else ""),
            groups={"kind": "facts", "source": source},
            cluster=f"facts of {scenario.facts.action}",
            file=path.name,
            scenario=scenario,
        )
        for path in found
        for scenario in parse_scenarios(path.read_text(encoding="utf-8"), str(path))
    ]


def _shipped() -> list[Path]:
    return [Path(str(files("workflow").joinpath("default_policy.scenarios.yaml")))]


def _beside(policy: Path | None) -> Path | None:
    """`mine.scenarios.yaml` of `mine.yaml`."""
    path = policy.with_suffix(".scenarios.yaml") if policy else None
    return path if path and path.exists() else None


def _slug(name: str) -> str:
    return "-".join(re.findall(r"[a-z0-9.]+", name.lower()))


def _named(value: Any, cast: Mapping[str, str]) -> Any:
    """The row with people's ids in place of what the file calls them."""
    if isinstance(value, dict):
        return {cast.get(k, k): _named(v, cast) for k, v in value.items()}
    if isinstance(value, list):
        return [_named(v, cast) for v in value]
    if isinstance(value, str):
        return " for ".join(cast.get(part, part) for part in value.split(" for "))
    return value


def people(scene: Scene) -> Iterator[str]:
    """Everybody whom it names."""
    yield from re.findall(r"P-\d{3}", scene.row.model_dump_json())
