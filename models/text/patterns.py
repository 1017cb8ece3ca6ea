"""Regular expressions out of lists of words."""

import re


def pattern(text: str) -> re.Pattern[str]:
    """Whatever the case."""
    return re.compile(text, re.IGNORECASE)


def any_of(*words: str) -> re.Pattern[str]:
    """Any of these, each a pattern of whole words, whatever the case."""
    return pattern(whole(*words))


def whole(*words: str) -> str:
    """The text of a pattern for any of these as whole words."""
    return rf"(?<!\w)(?:{'|'.join(words)})(?!\w)"
