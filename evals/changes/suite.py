"""The suite: every item of every message is a row for its finding, its clause, and its price."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from evals.changes.cases import Case, ExpectedItem, Part, agreement, cases
from evals.report import Report, Row, new_report
from models.money import total
from models.scope import Compared, compare, start_of_work
from models.scope_grounds import Ground
from models.text.embed import default_embedder
from models.text.requests import read_requests

UNTUNED: tuple[Part, ...] = ("held_out", "fresh", "unseen", "blind")


def report(part: Part = "all") -> Report:
    """Compare every message and judge what comes of it."""
    started = datetime.now(UTC)
    rows = [row for case in cases(part) for row in judge(case)]
    return new_report("changes", f"rules and embeddings ({part})", started, rows)


def judge(case: Case) -> Iterator[Row]:
    """The rows of one message."""
    found = _found(case)
    pairs, left = _paired(case, found)
    for number, (expected, item) in enumerate(pairs, 1):
        yield from _item_rows(f"{case.id}/{number}", expected, item)
    if not case.others:
        said = "; ".join(f"{c.request.kind}: {c.request.quote}" for c in left)
        yield _row(f"{case.id}/no more", "nothing more", case.message, "nothing else", said or "nothing else")
    yield from _order_rows(case, found)


def right_by_ground(parts: Sequence[Part] = UNTUNED) -> dict[Ground, tuple[int, int]]:
    """How many findings of work out of scope were right, of how many, by what they were found on."""
    of, right = Counter[Ground](), Counter[Ground]()
    for case in (case for part in parts for case in cases(part)):
        pairs, left = _paired(case, _found(case))
        of.update(item.ground for item in left if item.ground and not case.others)
        for expected, item in pairs:
            if item and item.ground:
                of[item.ground] += 1
                right[item.ground] += item.finding == expected.finding
    return {ground: (right[ground], count) for ground, count in of.items()}


def _found(case: Case) -> list[Compared]:
    agreed = agreement(case.contract)
    requests = read_requests(case.message, case.today, agreed.card.roles)
    return compare(requests, agreed, default_embedder(), today=case.today)


def _paired(
    case: Case, found: Sequence[Compared]
) -> tuple[list[tuple[ExpectedItem, Compared | None]], list[Compared]]:
    """Each expected item with the one that was found over its words; and those that none is left for."""
    left, pairs = list(found), []
    for expected in case.items:
        item = _item(case, expected, left)
        if item:
            left.remove(item)
        pairs.append((expected, item))
    return pairs, left


def _item(case: Case, expected: ExpectedItem, found: list[Compared]) -> Compared | None:
    """The item of that kind that stands over the words."""
    at = case.message.index(expected.says)
    end = at + len(expected.says)
    over = [
        (min(end, c.request.end) - max(at, c.request.start), c)
        for c in found
        if c.request.kind == expected.kind
    ]
    best = max(over, key=lambda pair: pair[0], default=None)
    return best[1] if best and best[0] > 0 else None


def _item_rows(name: str, expected: ExpectedItem, item: Compared | None) -> Iterator[Row]:
    got = item.finding if item else "missed"
    yield _row(name, "finding", expected.says, expected.finding, got, item.reason if item else "")
    if expected.clause:
        wanted = " or ".join(expected.clause)
        number = item.clause.number if item and item.clause else "none"
        yield _row(name, "clause", expected.says, wanted, wanted if number in expected.clause else number)
    if expected.hours is not None:
        hours = item.hours if item else Decimal(0)
        yield _row(name, "hours", expected.says, str(expected.hours.normalize()), str(hours.normalize()))
    if expected.price is not None:
        lines = item.lines if item else ()
        price = sum((line.amount.amount for line in lines), Decimal(0))
        yield _row(name, "price", expected.says, f"{expected.price:.2f}", f"{price:.2f}")


def _order_rows(case: Case, found: list[Compared]) -> Iterator[Row]:
    lines = [line for item in found for line in item.lines]
    value = total((line.amount for line in lines), lines[0].amount.currency).amount if lines else None
    if case.order is None:
        yield _row(
            f"{case.id}/order", "order", case.message, "none", "none" if value is None else f"{value:.2f}"
        )
        return
    if case.order.value is not None:
        got = f"{value:.2f}" if value is not None else "none"
        yield _row(f"{case.id}/order", "order", case.message, f"{case.order.value:.2f}", got)
    if case.order.starts_on is not None:
        starts_on = start_of_work(found, agreement(case.contract), case.today)
        expected = case.order.starts_on.isoformat()
        yield _row(f"{case.id}/start", "start", case.message, expected, starts_on.isoformat())


def _row(name: str, group: str, text: str, expected: str, got: str, fault: str = "") -> Row:
    return Row(
        id=f"{name}: {group}" if group not in name else name,
        group=group,
        hard=False,
        text=text,
        expected=expected,
        got=got,
        expected_label=expected if group == "finding" else group,
        got_label=got if group == "finding" else group,
        passed=expected == got,
        fault=fault if expected != got else "",
    )
