"""The words of pages in the reader's language. Templates and the pages' Python write English; what they mark
is collected in locale/chargehand.pot (`make strings`), and locale/LANGUAGE/LC_MESSAGES/chargehand.mo, made of
its translation by GNU gettext's msgfmt, replaces it."""

import gettext
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

LOCALE = Path(__file__).parent / "locale"
DOMAIN = "chargehand"

Words = Callable[..., Markup]


def N_(message: str) -> str:
    """Marks words that stand in Python and are translated where a page shows them, by `| translate`."""
    return message


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Those of a language; English where there are none."""
    return gettext.translation(DOMAIN, LOCALE, [language], fallback=True)


def callables(
    language: str, shown: Callable[[object], object]
) -> tuple[Words, Words, Callable[[str | None], str]]:
    """What templates call: gettext, ngettext, and the filter `translate`. The first two say words of
    ours, which may hold markup; what is filled in passes `shown` and is escaped, as in `{{ ... }}`. The other
    is a filter for words that come from Python: they hold no markup."""

    def filled(words: str, values: dict[str, Any]) -> Markup:
        return Markup(words) % {name: escape(shown(value)) for name, value in values.items()}

    def one(message: str, /, **values: Any) -> Markup:
        return filled(translations(language).gettext(message), values)

    def counted(message: str, plural: str, n: int, /, **values: Any) -> Markup:
        return filled(translations(language).ngettext(message, plural, n), {"num": n, **values})

    def translate(words: str | None) -> str:
        return translations(language).gettext(words) if words else ""

    return one, counted, translate
