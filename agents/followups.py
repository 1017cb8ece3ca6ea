"""Messages that only mean something after the last findings: 'take the second', 'propose it', 'and cheaper?',
'same for Lighthouse'."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from agents.decision import AskPerson, Call, Calls, Decision, Say
from agents.intents import NO_TOOL, Reading
from agents.memory import ITEM_KEYS, PROPOSAL_AFTER, Memory, items, positions
from agents.request import complete
from agents.said import Said
from agents.slots import fill
from agents.transcript import Pending, Step

SHORT = 12  # words; longer messages speak for themselves
BETTER_WORDS = 6  # at most, after 'no, I meant'; longer ones speak for themselves
MORE = 5  # people, at 'show me more'

_GO = re.compile(
    r"^\W*(?:(?:yes|ok(?:ay)?|please|pls|then|so|and|great|good|fine|right|sure|now|perfect)\W+)*(?:(?:can|"
    r"could|would) you |let'?s |"
    r"i(?:'ll| will|'d like to|'d| would)? )?(?:please |also )?(?:go with|go ahead|propose|book|take|pick|"
    r"choose|have|do (?:it|that|this|so)|"
    r"put|register|log|add|send|return|remind|chase|nudge|draft|write|raise|hold|pencil|reserve|assign|"
    r"staff|nominate|submit|file|"
    r"make it|we take|i take|redeploy|move|reallocate)\b",
    re.I,
)
_POINTS = re.compile(
    r"\b(?:it|them|those|these|that|this|him|her|one|ones|first|second|third|fourth|fifth|last|oldest|"
    r"newest|largest|biggest|"
    r"cheapest|best|top|both|all|everything|number|#\d|\d)\b",
    re.I,
)
_MORE_LIKE = re.compile(
    r"^\W*(?:(?:and|ok|so|but|hm+)\W+)?(?:what about|how about|and|only|just|but|instead|rather|same|also|"
    r"or|from|until|in|with|without|at|"
    r"now|make (?:it|that)|what if|try|any(?:one|body)?(?: else)?|more|show (?:me )?more|others?|cheaper|"
    r"someone)\b",
    re.I,
)
_CHEAPER = re.compile(r"\b(?:cheaper|less expensive|lower (?:rate|cost)|too expensive|costs? less)\b", re.I)
_MORE = re.compile(
    r"\b(?:show (?:me )?more|more (?:people|names|options|candidates)|any(?:one|body) else|others?|more)\b",
    re.I,
)
_SAME = re.compile(r"\bsame\b|\b(?:what|how) about\b|\binstead\b", re.I)
_STARTS_OVER = re.compile(r"\b(?:find|need|looking for|search|who (?:could|can|has|knows))\b", re.I)


_CORRECTS = re.compile(
    r"^\W*(?:(?:no|nope|wait|sorry|oops|oh|hm+|actually|hang on|hold on)\b\W+)+(?:not [^,.;!?]+[,.;!?]\s*)?"
    r"(?:i meant? |make (?:it|that) |rather )?|^\W*i meant? ",
    re.I,
)  # what stands before the better word: 'no, not Atlas, I meant'


def follow_up(
    said: Said, memory: Memory, schemas: Mapping[str, Mapping[str, Any]], reading: Reading
) -> Decision | None:
    """What to do with a message that leans on what was found before; None when it stands by itself."""
    if said.words > SHORT or said.quote or not memory.steps:
        return None
    corrects = _CORRECTS.match(said.text)
    if corrects:
        said = Said(said.text[corrects.end() :], said.today, said.linker)
    if decision := _proposes(said, memory, schemas, reading):
        return decision
    return _refines(said, memory, schemas, reading, corrects=bool(corrects) and said.words <= BETTER_WORDS)


def _proposes(
    said: Said, memory: Memory, schemas: Mapping[str, Mapping[str, Any]], reading: Reading
) -> Decision | None:
    source = memory.findings
    if source is None:
        return None
    able = [t for t in PROPOSAL_AFTER.get(source.tool, ()) if t in schemas]
    if not able:
        return None
    if reading.intent == "propose_assignment" and "propose_reallocation" in able:  # from the bench it is that
        reading = Reading((("propose_reallocation", reading.confidence), *reading.ranked))
    named = reading.intent in able and reading.confidence >= 0.35
    elsewhere = (
        reading.intent not in (*able, *NO_TOOL)
        and reading.standing == "sure"
        and not _POINTS.search(said.own)
    )
    if elsewhere:
        return None
    tool = reading.intent if named else next((i for i, _ in reading.ranked if i in able), able[0])
    chosen = said.of("person") or positions(said.own)
    if _GO.match(said.own) and (_POINTS.search(said.own) or chosen or named):
        return complete(tool, fill(said, tool, schemas[tool].get("properties", {})), said, memory, schemas)
    if positions(said.own) and said.words <= 4:  # just 'the second one': is that a wish or a look?
        return _confirm(tool, source, said, memory, schemas)
    return None


def _confirm(
    tool: str, source: Step, said: Said, memory: Memory, schemas: Mapping[str, Mapping[str, Any]]
) -> Decision:
    decision = complete(tool, {}, said, memory, schemas)
    if not isinstance(decision, Calls):
        return decision
    arguments = decision.calls[0].arguments
    subject = next((str(arguments[a]) for a in ITEM_KEYS if isinstance(arguments.get(a), str)), "it")
    key = next((k for a, k in ITEM_KEYS.items() if a in arguments), "")
    shown = next((i.get("name") for i in items(source, key) if str(i.get(key)) == subject), None)
    return AskPerson(
        Pending(
            tool=tool,
            arguments=arguments,
            argument="confirm",
            text=f"Shall I propose {shown or subject}?",
            options=("Yes, propose it", "No"),
        )
    )


def _refines(
    said: Said, memory: Memory, schemas: Mapping[str, Mapping[str, Any]], reading: Reading, *, corrects: bool
) -> Decision | None:
    """The last lookup again with something changed: 'and cheaper?', 'only in Berlin', 'same for
    Lighthouse'. `corrects`: it puts something right, whatever else it could mean."""
    last = memory.last if memory.last and _SAME.search(said.own) else memory.findings
    if last is None or last.tool not in schemas or _STARTS_OVER.search(said.own):
        return None
    new = reading.intent not in (last.tool, *NO_TOOL) and reading.standing == "sure"
    leans = corrects or _MORE_LIKE.match(said.own)
    if not leans or (new and not corrects and not _SAME.search(said.own) and not _CHEAPER.search(said.own)):
        return None
    properties = schemas[last.tool].get("properties", {})
    changed = fill(said, last.tool, properties)
    if "max_cost_rate" in properties and _CHEAPER.search(said.own) and "max_cost_rate" not in changed:
        ceiling = _below_the_cheapest_listed(last)
        if ceiling is None:
            return Say("I cannot say who is cheaper: what people cost is not shown to you.")
        changed["max_cost_rate"] = ceiling
    if "limit" in properties and _MORE.search(said.own) and "limit" not in changed:
        changed["limit"] = int(last.arguments.get("limit", MORE)) + MORE
    if not changed:
        return None
    kept = dict(last.arguments)
    if {"percent", "hours_per_week"} & changed.keys():
        kept = {k: v for k, v in kept.items() if k not in ("percent", "hours_per_week")}
    if "skills" in changed and re.search(r"\b(?:also|with|and)\b", said.own, re.I):
        changed["skills"] = list(dict.fromkeys([*kept.get("skills", []), *changed["skills"]]))
    if "project" in changed and "client" not in changed:
        kept.pop("client", None)
    if "client" in changed and "project" not in changed:
        kept.pop("project", None)
    return Calls((Call(last.tool, kept | changed),))


def _below_the_cheapest_listed(last: Step) -> str | None:
    """A ceiling under what the first of the list costs, so that whoever comes now is cheaper."""
    rates = [r for i in items(last, "person_id")[:1] if (r := _rate(i.get("cost_rate"))) is not None]
    return str(rates[0] - Decimal("0.01")) if rates else None


def _rate(value: Any) -> Decimal | None:
    amount = value.get("amount") if isinstance(value, dict) else value
    match = re.search(r"\d+(?:\.\d+)?", str(amount)) if amount is not None else None
    return Decimal(match[0]) if match else None
