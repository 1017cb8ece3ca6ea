"""The verdict on one thing of a message, and how often findings of each ground were right."""

from collections import Counter
from collections.abc import Sequence

from evals.cases import Verdict, right, wrong
from evals.suites.changes.cases import GATES, ExpectedItem, Judgement, Message, Part, messages
from evals.suites.changes.subject import Found, Item, compared
from models.scope_grounds import Ground

UNTUNED: tuple[Part, ...] = ("held_out", "fresh", "unseen", "blind")


def judge(case: Judgement, found: Found) -> Verdict:
    """Right when what was found is what the contract says."""
    if case.what == "gate":
        return _gate(case, found)
    pairs, left = paired(case.message, found.items)
    if case.item is not None:
        return _of_item(case, pairs[case.item])
    match case.what:
        case "nothing more":
            got = "; ".join(f"{i.kind}: {i.quote}" for i in left) or case.expected
        case "order":
            got = "none" if found.value is None else f"{found.value:.2f}"
        case _:
            got = found.starts_on.isoformat() if found.starts_on else "none"
    return _same(case, got)


def paired(message: Message, found: Sequence[Item]) -> tuple[list[Item | None], list[Item]]:
    """For each expected item the one that was found over its words; and those that none is left for."""
    left, pairs = list(found), []
    for expected in message.items:
        item = _over(message, expected, left)
        if item:
            left.remove(item)
        pairs.append(item)
    return pairs, left


def right_by_ground(parts: Sequence[Part] = UNTUNED) -> dict[Ground, tuple[int, int]]:
    """How many findings of work out of scope were right, of how many, by what they were found on."""
    of, good = Counter[Ground](), Counter[Ground]()
    for message in (message for part in parts for message in messages()[part]):
        pairs, left = paired(message, compared(message).items)
        of.update(item.ground for item in left if item.ground and not message.others)
        for expected, item in zip(message.items, pairs, strict=True):
            if item and item.ground:
                of[item.ground] += 1
                good[item.ground] += item.finding == expected.finding
    return {ground: (good[ground], count) for ground, count in of.items()}


def _over(message: Message, expected: ExpectedItem, found: Sequence[Item]) -> Item | None:
    """The item of that kind that stands over the words."""
    at = message.text.index(expected.says)
    end = at + len(expected.says)
    over = [(min(end, i.end) - max(at, i.start), i) for i in found if i.kind == expected.kind]
    best = max(over, key=lambda pair: pair[0], default=None)
    return best[1] if best and best[0] > 0 else None


def _of_item(case: Judgement, item: Item | None) -> Verdict:
    if item is None:
        if case.what == "finding":
            return wrong(
                "missed", "Nothing was found there.", expected_label=case.expected, got_label="missed"
            )
        return wrong("none", "Nothing was found there.")
    match case.what:
        case "finding":
            return _finding(case, item)
        case "clause":
            return _same(case, case.expected if item.clause in case.wanted.clause else item.clause)
        case "hours":
            return _same(case, f"{item.hours.normalize():f}")
        case _:
            return _same(case, f"{item.price:.2f}")


def _finding(case: Judgement, item: Item) -> Verdict:
    """With `p` and `y` where the finding says how sure it is that the work is out of scope."""
    values = {}
    if item.confidence is not None:
        p, y = float(item.confidence), float(case.expected == "out_of_scope")
        values = {"p": p, "y": y, "squared_error": (p - y) ** 2}
    if item.finding == case.expected:
        return right(item.finding, label=item.finding, **values)
    return wrong(item.finding, item.reason, expected_label=case.expected, got_label=item.finding, **values)


def _gate(case: Judgement, found: Found) -> Verdict:
    order, gate = case.message.order, found.gate
    assert order is not None and order.gate is not None
    if gate is None:
        return wrong("no proposal", found.text, expected_label=order.gate, got_label="no proposal")
    got = f"{gate.rule}: {', '.join(gate.steps)}; {gate.value:.2f}"
    faults = [
        (gate.proposer_signs, "Whoever proposes it may sign it."),
        (gate.rule != order.gate, f"Another rule: {gate.rule}."),
        (gate.steps != GATES[order.gate], "Other steps."),
        (not gate.owner_signs_first, "The account owner is not asked first."),
        (gate.value != order.value, "Another value is proposed."),
    ]
    if fault := " ".join(words for holds, words in faults if holds):
        return wrong(got, fault, expected_label=order.gate, got_label=gate.rule)
    return right(got, label=gate.rule)


def _same(case: Judgement, got: str) -> Verdict:
    if got == case.expected:
        return right(got)
    return wrong(got, f"It should be {case.expected}.")
