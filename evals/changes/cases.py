"""The cases: messages, contracts, and what ought to be found."""

from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from models.scope import Agreement, Finding
from models.text.clauses import split_clauses
from models.text.contract_terms import contract_terms
from models.text.documents import plain_text
from models.text.requests import RequestKind

HERE = Path(__file__).parent


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ExpectedItem(_Strict):
    """One thing the message asks for."""

    says: str  # stands in the message, within the item
    finding: Finding
    clause: tuple[str, ...] = ()  # numbers, any of which decides; empty: not judged
    kind: RequestKind = "work"
    hours: Decimal | None = None
    price: Decimal | None = None


class ExpectedOrder(_Strict):
    """Of the change order, what is judged."""

    value: Decimal | None = None
    starts_on: date | None = None


class Case(_Strict):
    """A message and what the contract says to it."""

    id: str
    contract: str
    today: date
    message: str
    items: tuple[ExpectedItem, ...]
    order: ExpectedOrder | None  # None: there must be nothing to price
    others: bool = False  # further items may be found


class _File(_Strict):
    cases: tuple[Case, ...]
    held_out: tuple[Case, ...]
    fresh: tuple[Case, ...]
    unseen: tuple[Case, ...]
    blind: tuple[Case, ...]


Part = Literal["all", "tuned", "held_out", "fresh", "unseen", "blind"]


@cache
def _file() -> _File:
    return _File.model_validate(yaml.safe_load((HERE / "cases.yaml").read_text(encoding="utf-8")))


def cases(part: Part = "all") -> tuple[Case, ...]:
    """Those that were used for tuning, those that were not, or both."""
    file = _file()
    parts: dict[Part, tuple[Case, ...]] = {
        "all": file.cases + file.held_out + file.fresh + file.unseen + file.blind,
        "tuned": file.cases,
        "held_out": file.held_out,
        "fresh": file.fresh,
        "unseen": file.unseen,
        "blind": file.blind,
    }
    return parts[part]


@cache
def agreement(contract: str) -> Agreement:
    """The agreement that contracts/<contract>.txt makes."""
    path = HERE / "contracts" / f"{contract}.txt"
    text = plain_text(path.name, path.read_bytes())
    return Agreement.of(contract_terms(text, split_clauses(text)), project_id="")
