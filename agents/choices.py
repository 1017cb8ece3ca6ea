"""Answers to questions with options: 'the second', '2', 'yes', 'Ana from Lisbon'."""

import re
from collections.abc import Sequence

from rapidfuzz import fuzz, process, utils

from agents.memory import positions

NEAR = 80  # least likeness (0 to 100) of an answer to the option it means
LEAD = 8  # by which it must be nearer to that option than to the next

_YES = re.compile(
    r"^\W*(?:yes|yep|yeah|sure|ok(?:ay)?|please do|do it|do that|go ahead|go on|correct|right|exactly|"
    r"please)\b",
    re.I,
)
_WHICH = re.compile(
    r"^\W*(?:i mean )?the (?:one|person) (?:who(?:'s| is)|from|in|at|with) (?:the |an? )?", re.I
)
_NO = re.compile(r"^\W*(?:no|nope|not|don'?t|do not|never|stop|cancel|rather not|leave it)\b", re.I)


def says_yes(text: str) -> bool:
    return bool(_YES.match(text))


def says_no(text: str) -> bool:
    return bool(_NO.match(text))


def choose(text: str, options: Sequence[str]) -> str | None:
    """The option that the text means, or None when it means none of them or could mean two."""
    if not options:
        return None
    if [n for n in positions(text, len(options)) if n <= len(options)] and len(text.split()) <= 6:
        return options[positions(text, len(options))[0] - 1]
    said = utils.default_process(_WHICH.sub("", text))
    inside = [o for o in options if said and said in utils.default_process(o)]
    if len(inside) == 1:
        return inside[0]
    if len(text.split()) > 12:
        return None
    ranked = process.extract(
        text, options, scorer=fuzz.token_set_ratio, processor=utils.default_process, limit=2
    )
    best, *others = ranked
    clear = not others or best[1] - others[0][1] >= LEAD
    return best[0] if best[1] >= NEAR and clear else None
