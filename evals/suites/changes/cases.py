"""The cases: messages, contracts, and what ought to be found. A message gives a case for each thing that is
judged of it."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from evals.cases import Case
from models.scope import Agreement, Finding
from models.text.clauses import split_clauses
from models.text.contract_terms import contract_terms
from models.text.documents import plain_text
from models.text.requests import RequestKind

HERE = Path(__file__).parent

Part = Literal["tuned", "held_out", "fresh", "unseen", "blind", "german", "later"]
What = Literal["finding", "clause", "hours", "price", "nothing more", "order", "start", "gate"]

SMALL = ("harbour-rate", "cascade-free", "h-harbour-tiny", "u-bright-localities", "b-nordlicht-upload")
"""The messages of the small part: every finding, kind of request and gate is among them."""

GATES: Mapping[str, tuple[str, ...]] = {
    "small-change-order": ("Account",),
    "change-order": ("Account", "Delivery or finance"),
    "large-contract-change-order": ("Account", "Delivery or finance", "Signatory"),
}
"""The steps of the shipped policy's rules."""


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
    gate: str | None = None  # the rule of the shipped policy that it meets


class Message(_Strict):
    """A client's message and what the contract says to it."""

    id: str
    contract: str
    language: Literal["en", "de"] = "en"
    contract_value: Decimal | None = None  # where it is not the cap on fees
    today: date
    text: str
    items: tuple[ExpectedItem, ...]
    order: ExpectedOrder | None  # None: there must be nothing to price
    others: bool = False  # further items may be found


class Judgement(Case):
    """One thing that is judged of a message."""

    message: Message
    what: What
    item: int | None = None  # which of the message's items

    @property
    def wanted(self) -> ExpectedItem:
        """Raises ValueError where it is about no item."""
        if self.item is None:
            raise ValueError(f"{self.id} is about no item")
        return self.message.items[self.item]


@cache
def messages() -> Mapping[Part, tuple[Message, ...]]:
    """By part: those that were used for tuning, and those that were not, in the order they were written."""
    read = yaml.safe_load((HERE / "cases.yaml").read_text(encoding="utf-8"))
    return {part: tuple(map(Message.model_validate, rows)) for part, rows in read.items()}


def judgements(*, small: bool = False) -> tuple[Judgement, ...]:
    """All cases, by message."""
    return tuple(
        case
        for part, of_part in messages().items()
        for message in of_part
        if not small or message.id in SMALL
        for case in _of(message, part)
    )


def _of(message: Message, part: Part) -> Iterator[Judgement]:
    def case(what: What, expected: str, item: int | None = None) -> Judgement:
        number = f"/{item + 1}" if item is not None else ""
        return Judgement(
            id=f"{message.id}{number}/{what.replace(' ', '-')}",
            text=message.text if item is None else message.items[item].says,
            expected=expected,
            groups={
                "kind": what,
                "difficulty": part,
                "language": message.language,
                "organisation": message.contract,
                "source": "written",
            },
            cluster=message.id,
            message=message,
            what=what,
            item=item,
        )

    for n, item in enumerate(message.items):
        yield case("finding", item.finding, n)
        if item.clause:
            yield case("clause", " or ".join(item.clause), n)
        if item.hours is not None:
            yield case("hours", f"{item.hours.normalize():f}", n)
        if item.price is not None:
            yield case("price", f"{item.price:.2f}", n)
    if not message.others:
        yield case("nothing more", "nothing else")
    order = message.order
    if order is None:
        yield case("order", "none")
        return
    if order.value is not None:
        yield case("order", f"{order.value:.2f}")
    if order.starts_on is not None:
        yield case("start", order.starts_on.isoformat())
    if order.gate is not None:
        yield case("gate", f"{order.gate}: {', '.join(GATES[order.gate])}; {order.value:.2f}")


def contract_file(contract: str) -> Path:
    return HERE / "contracts" / f"{contract}.txt"


@cache
def agreement(contract: str) -> Agreement:
    """The agreement that contracts/<contract>.txt makes."""
    path = contract_file(contract)
    text = plain_text(path.name, path.read_bytes())
    return Agreement.of(contract_terms(text, split_clauses(text)), project_id="")
