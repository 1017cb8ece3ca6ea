"""What is promoted, and what speaks for it: a version of a prompt, or a run as a suite's baseline."""

from typing import Annotated, Literal, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Promotable = Literal["prompt", "baseline"]
PROMOTABLE: tuple[Promotable, ...] = get_args(Promotable)

Verdict = Literal["better", "worse", "not told apart"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
MOST_LOST = 10  # rows that a card names


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Model):
    """A figure with its 95% interval over clusters; None where too little was judged to say."""

    value: float
    low: float | None = None
    high: float | None = None


class Measured(_Model):
    """The run that speaks for what is promoted: its deciding figure."""

    run_id: str
    sha256: Sha256
    suite: str
    subject: str  # its label
    small: bool
    cases: int
    metric: str
    better: Literal["high", "low"]
    figure: Figure
    started_at: AwareDatetime
    code: str  # Chargehand's version that ran it


class LostRow(_Model):
    """A case that passes with what is in force and not with what is promoted."""

    case: str
    text: str
    fault: str


class Slice(_Model):
    """A part of the cases that got worse."""

    group: str
    value: str
    difference: Figure
    verdict: Verdict  # corrected for the number of parts


class Compared(_Model):
    """The run against that of what is in force, on the cases that both have."""

    run_id: str  # of what is in force
    sha256: Sha256
    difference: Figure
    verdict: Verdict
    cases: int
    gained: int
    lost: int
    lost_rows: Annotated[tuple[LostRow, ...], Field(max_length=MOST_LOST)] = ()
    worse_slices: tuple[Slice, ...] = ()


class Standing(_Model):
    """What is in force, as the proposal found it."""

    version: str
    sha256: Sha256
    text: str = ""  # a prompt's whole file
    promotion: int | None = None  # the promotion that put it in force; None: it ships
