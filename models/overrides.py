"""Why people say no, sorted by their words. Pure.

A category is for counting, never for judging a decision: the lists of words are short, and most of what they
miss lands in 'other', which is shown like the rest."""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

Category = Literal[
    "amount",  # money, rate or hours are wrong
    "timing",  # too early, too late, other dates
    "person",  # somebody else, or needed elsewhere
    "client",  # to be agreed with the client first, or bad for the relation
    "evidence",  # not shown, unclear, to be explained
    "duplicate",  # done or asked for already
    "policy",  # against a rule or a contract
    "wording",  # the same in other words
    "other",
]
CATEGORIES: tuple[Category, ...] = get_args(Category)

# In the order in which they are tried: the more particular first.
_WORDS: Mapping[Category, str] = {
    "duplicate": r"duplicat\w*|already|twice|doppelt|bereits|schon",
    "policy": r"polic\w+|contract\w*|clause\w*|compliance|not allowed|forbidden|vertrag\w*|richtlinie\w*",
    "evidence": r"evidence|proof|unclear|explain\w*|source\w*|basis|missing|incomplete|beleg\w*|unklar",
    "client": r"client\w*|customer\w*|account|relationship|kund\w+",
    "amount": r"amount\w*|rates?|pric\w+|budget\w*|hours?|margin\w*|expensive|cheap|cost\w*|betrag|stunden",
    "timing": r"dates?|early|late\w*|weeks?|months?|phase|deadline\w*|postpone\w*|start\w*|termin\w*|später",
    "person": r"skill\w*|senior\w*|junior\w*|needed (?:on|elsewhere)|some(?:body|one) else|person|busy",
    "wording": r"word\w*|tone|friendl\w+|polite\w*|typo\w*|spelling|phras\w+|formulier\w*",
}
_PATTERNS = {category: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for category, words in _WORDS.items()}


def category(reason: str) -> Category:
    """What kind of objection the words are."""
    return next((name for name, pattern in _PATTERNS.items() if pattern.search(reason)), "other")


def counted(reasons: Iterable[str]) -> Mapping[Category, int]:
    """How many of each, in the order of CATEGORIES; only those that occur."""
    found = [category(reason) for reason in reasons]
    return {name: n for name in CATEGORIES if (n := found.count(name))}
