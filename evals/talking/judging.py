"""The verdict on a conversation: the world as it was left, held against what was expected of it."""

import json
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from evals.cases import Step, Verdict, right, wrong
from evals.talking.expectations import Expected, Range, WantedCall, WantedProposal
from evals.talking.playing import Played
from evals.talking.script import Changes, Script, Works
from evals.talking.values import fault
from evals.talking.world import Call, Proposal

_MIRRORS = frozenset({"assignment", "system_record", "time_entry"})  # of what systems of record confirmed


def judge(script: Script, played: Played) -> Verdict:
    """Passed when every expectation is met; the fault names each that is not."""
    faults = tuple(_faults(script, played))
    got = describe(played)
    values = {
        "turns": float(played.messages),
        "tool_calls": float(len(played.world.calls)),
        "questions": float(played.questions),
        "proposals": float(len(played.world.proposals)),
    }
    label = "+".join(sorted(p.kind for p in script.expect.proposals)) or "no proposal"
    if not faults:
        return right(got, label=label, **values)
    found = "+".join(sorted(p.kind for p in played.world.proposals)) or "no proposal"
    return wrong(got, "\n".join(faults), expected_label=label, got_label=found, **values)


def describe(played: Played) -> str:
    """What is there now, in words."""
    world = played.world
    lines = [
        f"{p.kind} by {p.proposer_id} ({p.state}): "
        + ", ".join(f"{k} {v}" for k, v in p.action.items() if k != "kind" and isinstance(v, str | int))[:300]
        for p in world.proposals
    ]
    lines += [f"{d.approver_id}: {d.verdict}" for d in world.decisions]
    lines += [f"{e.operation} {e.state}" for e in world.effects]
    calls = ", ".join(f"{c.tool}{'' if c.outcome == 'ok' else f' ({c.outcome})'}" for c in world.calls)
    return "\n".join([*(lines or ["no proposal"]), f"called: {calls or 'nothing'}"])


def _faults(script: Script, played: Played) -> Iterator[str]:
    expect, world = script.expect, played.world
    yield from played.mishaps
    if played.cut_off:
        yield f"It had not come to an end after {played.messages} messages."
    yield from _proposals(script, played)
    decided = sorted((d.approver_id, d.verdict) for d in world.decisions)
    if decided != (wanted := sorted((played.person(d.by), d.verdict) for d in expect.decisions)):
        yield f"Decisions: {_pairs(decided)}; expected: {_pairs(wanted)}."
    yield from _effects(expect, played)
    yield from _records(script, played)
    yield from _calls(expect, played)
    yield from _told(expect, played)
    yield from (
        f"The audit log has no {a}." for a in expect.audited if a not in {e.action for e in world.audit}
    )


def _proposals(script: Script, played: Played) -> Iterator[str]:
    """Each expected one is held against the one that it resembles most."""
    wanted, got = script.expect.proposals, played.world.proposals
    faults = [[_proposal_faults(script, played, w, g) for g in got] for w in wanted]
    costs = np.array([[len(f) for f in row] for row in faults]).reshape(len(wanted), len(got))
    pairs = dict(zip(*(side.tolist() for side in linear_sum_assignment(costs)), strict=True))
    for n, one in enumerate(wanted):
        if n not in pairs:
            yield f"There is no {one.kind} proposal {_fields(one)}.".replace(" .", ".")
        else:
            yield from (f"The {one.kind} proposal: {why}." for why in faults[n][pairs[n]])
    for m, other in enumerate(got):
        if m not in pairs.values():
            yield f"There is a {other.kind} proposal too many: {other.title}."


def _proposal_faults(script: Script, played: Played, wanted: WantedProposal, got: Proposal) -> list[str]:
    by = played.person(wanted.by or script.speaker)
    seats = {s.person_id for s in got.seats}
    checks = (
        (wanted.kind == got.kind, f"it is a {got.kind}"),
        (by == got.proposer_id, f"it is by {got.proposer_id}, not {by}"),
        (wanted.state == got.state, f"it is {got.state}, not {wanted.state}"),
        (wanted.rule in (None, got.rule), f"the rule that holds is {got.rule}, not {wanted.rule}"),
        (wanted.steps in (None, got.steps), f"its gate's steps are {', '.join(got.steps)}"),
        (wanted.version in (None, got.version), f"it is version {got.version}"),
        *((played.person(p) in seats, f"{p} is not asked to sign") for p in wanted.asks),
        *((played.person(p) not in seats, f"{p} is asked to sign") for p in wanted.never_asks),
    )
    found = [why for holds, why in checks if not holds]
    return found + [why for path, value in wanted.fields.items() if (why := fault(got.action, path, value))]


def _fields(wanted: WantedProposal) -> str:
    return ", ".join(f"{k} {v}" for k, v in wanted.fields.items())


def _effects(expect: Expected, played: Played) -> Iterator[str]:
    left = list(played.world.effects)
    for wanted in expect.effects:
        for _ in range(wanted.count):
            hit = next(
                (e for e in left if e.operation == wanted.operation and wanted.state in (None, e.state)),
                None,
            )
            if hit is None:
                yield f"There is no effect {wanted.operation}{f' ({wanted.state})' if wanted.state else ''}."
            else:
                left.remove(hit)
    yield from (f"There is an effect too many: {e.operation} ({e.state})." for e in left)


def _records(script: Script, played: Played) -> Iterator[str]:
    """Only what the scenario itself changed, and what a worker wrote back, may have changed."""
    events = script.events()
    own = {e.kind for e in events if isinstance(e, Changes)}
    if any(isinstance(e, Works) for e in events):
        own |= _MIRRORS
    if more := sorted(set(played.world.altered) - own):
        yield f"The firm's records changed: {', '.join(more)}."


def _calls(expect: Expected, played: Played) -> Iterator[str]:
    calls = played.world.calls
    answered = [c for c in calls if c.outcome == "ok"]
    yield from _within(len(calls), expect.calls, "calls of tools")
    yield from _within(played.questions, expect.questions, "questions")
    if expect.refused:
        yield from _within(sum(c.outcome == "refused" for c in calls), expect.refused, "refused calls")
    for tool in expect.never_called:
        if any(c.tool == tool for c in answered):
            yield f"{tool} was called."
    for wanted in expect.called:
        near = [_call_faults(wanted, c, played) for c in answered if c.tool == wanted.tool]
        if not near:
            yield f"{wanted.tool} was not called."
        elif all(near):
            yield f"{wanted.tool}: {min(near, key=len)[0]}."


def _call_faults(wanted: WantedCall, call: Call, played: Played) -> list[str]:
    found = [why for name, value in wanted.arguments.items() if (why := fault(call.arguments, name, value))]
    if wanted.by and played.person(wanted.by) != call.person_id:
        found.append(f"it was {call.person_id}'s, not {wanted.by}'s")
    return found


def _told(expect: Expected, played: Played) -> Iterator[str]:
    """What the speaker was told by the copilot, and what was found for them."""
    heard = played.heard()
    text = "\n".join(_said(step) for step in heard)
    found = "\n".join(_said(step) for step in heard if step.kind == "found")
    yield from (f"Nothing that was found speaks of {id}." for id in expect.found if id not in found)
    if shown := sorted(played.marks):
        yield f"Something was told of what may not be seen: {', '.join(shown[:5])}."
    said = text.casefold()
    yield from (f"'{words}' was told." for words in expect.untold if words.casefold() in said)


def _said(step: Step) -> str:
    return f"{step.text}\n{json.dumps(dict(step.data), ensure_ascii=False)}"


def _within(count: int, wanted: Range, what: str) -> Iterator[str]:
    if wanted.at_least is not None and count < wanted.at_least:
        yield f"There were {count} {what}, fewer than {wanted.at_least}."
    if wanted.at_most is not None and count > wanted.at_most:
        yield f"There were {count} {what}, more than {wanted.at_most}."


def _pairs(of: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{who} {what}" for who, what in of) or "none"
