"""Characters that do not show, or that turn text around, made visible: what an approver reads must be what is
there. Text from contracts, e-mails and chat may hold them on purpose."""

import unicodedata

_SPACES = frozenset("\n\t ")  # white space that pages lay out as everybody expects
_CATEGORIES = frozenset(
    {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
)  # control, format, surrogate, private, separators
_INVISIBLE = frozenset(
    "\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5"
)  # letters that are drawn as nothing
_JOINERS = frozenset("\u200c\u200d")  # needed by some scripts and by emoji


def visible(text: str) -> str:
    """The text with each hidden character spelled out, e.g. ⟦U+202E⟧. Line ends become plain ones."""
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"⟦U+{ord(c):04X}⟧" if _is_hidden(c, i, text) else c for i, c in enumerate(text))


def _is_hidden(character: str, at: int, text: str) -> bool:
    if character in _SPACES:
        return False
    if character in _JOINERS:
        return not _joins(at, text)
    if character in _INVISIBLE or _is_variation_selector(character):
        return not (
            _is_variation_selector(character) and at > 0 and unicodedata.category(text[at - 1]) == "So"
        )
    return unicodedata.category(character) in _CATEGORIES or 0xE0000 <= ord(character) <= 0xE0FFF


def _joins(at: int, text: str) -> bool:
    """Whether a joiner stands between two characters that it can join: not Latin letters."""
    around = text[at - 1 : at] + text[at + 1 : at + 2] if at else ""
    return len(around) == 2 and all(not c.isascii() and unicodedata.category(c)[0] in "LMS" for c in around)


def _is_variation_selector(character: str) -> bool:
    return 0xFE00 <= ord(character) <= 0xFE0F
