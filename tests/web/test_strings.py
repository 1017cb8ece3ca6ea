"""Every string of the pages can be translated, and all of them are in one place."""

import pytest

from api.cli.strings import catalogue
from api.web.i18n import DOMAIN, LOCALE
from api.web.render import environment
from tests.web.literals import literals

TEMPLATES = LOCALE.parent / "templates"
NOT_YET = {  # whose words are not marked yet
    "_found.html",
    "_macros.html",
    "_operations.html",
    "_policy_change.html",
    "alike.html",
    "delegations.html",
    "edit.html",
    "hand_over.html",
    "operations.html",
    "operations_approvers.html",
    "operations_delivery.html",
    "operations_flow.html",
    "operations_return.html",
    "outcomes.html",
    "reports.html",
}


def test_the_catalogue_holds_every_string() -> None:
    kept = (LOCALE / f"{DOMAIN}.pot").read_text(encoding="utf-8")
    assert kept == catalogue(), "run `make strings`"


@pytest.mark.parametrize("template", sorted({p.name for p in TEMPLATES.glob("*.html")} - NOT_YET))
def test_a_page_says_nothing_that_is_not_translated(template: str) -> None:
    assert literals(environment(), (TEMPLATES / template).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found", "why"),
    [
        ("<p>Hello there</p>", ["Hello there"], "text"),
        ("<p title='Hello there'>1</p>", ["Hello there"], "a text that shows on hover"),
        ("<p class='hello there'>{{ x }}</p>", [], "no text"),
        ("{{ 'Hello' if x else y }}", ["Hello"], "one of two texts"),
        ("<p class='{{ 'good' if x else 'bad' }}'>1</p>", [], "no text either"),
        ("{% set D = {'a': 'Hello there'} %}", ["Hello there"], "kept words"),
        ("{{ tab('/x', 'Inbox') }}", ["Inbox"], "handed on"),
        ("{% trans %}Hello{% endtrans %} {{ _('there') }}", [], "asked for"),
        ("<code>chargehand audit</code>", [], "what is typed"),
    ],
)
def test_what_counts_as_a_string(source: str, found: list[str], why: str) -> None:
    assert literals(environment(), source) == found, why
