"""Every string of the pages can be translated, and all of them are in one place."""

import gettext
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import httpx
import pytest

from api.cli.strings import catalogue
from api.web import i18n
from api.web.i18n import DOMAIN, LOCALE
from api.web.render import environment
from tests.api.small_firm import OPERATOR
from tests.web.conftest import Served
from tests.web.literals import literals
from tests.web.test_everybody import everything
from tests.workflow import firm
from workflow import policies

STEPS = {step.name for rule in policies.default().rules for step in rule.gate.steps}  # the firm's own words
TEMPLATES = LOCALE.parent / "templates"


def test_the_catalogue_holds_every_string() -> None:
    kept = (LOCALE / f"{DOMAIN}.pot").read_text(encoding="utf-8")
    assert kept == catalogue(), "run `make strings`"


@pytest.mark.parametrize("template", sorted(p.name for p in TEMPLATES.glob("*.html")))
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


class Pseudo(gettext.NullTranslations):
    """A language that tells what was translated."""

    def gettext(self, message: str) -> str:
        return f"⟪{message}⟫"

    def ngettext(self, one: str, many: str, n: int) -> str:
        return f"⟪{one if n == 1 else many}⟫"


class Texts(HTMLParser):
    """The texts of a page that people see, but for what the machine says."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._quiet = False
        self._inside = 0  # of something translated

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._quiet = tag in ("code", "script", "style", "title", "option")

    def handle_endtag(self, tag: str) -> None:
        self._quiet = False

    def handle_data(self, data: str) -> None:
        inside = self._inside
        self._inside += data.count("⟪") - data.count("⟫")
        if not self._quiet and not inside:
            self.found.append(" ".join(data.split()))


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(i18n, "translations", lambda language: Pseudo())
    environment.cache_clear()
    yield
    environment.cache_clear()


@pytest.mark.usefixtures("elsewhere")
def test_no_page_says_in_english_what_is_translated(served: Served) -> None:
    """Words that come to a page from Python are translated on it too."""
    app, url = served
    known = set(re.findall(r'^msgid "([A-Z][a-z][^"]*)"$', catalogue(), re.MULTILINE))
    assert len(known) > 200
    assignment = app.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))
    wrong = {}
    for name, who, path in everything(served, assignment):
        with httpx.Client(base_url=url, headers={"Origin": url, "Accept": "text/html"}) as client:
            client.post("/sign-in", data={"token": app.sessions.make_link(OPERATOR, who).token})
            page = Texts()
            page.feed(client.get(path).text)
        assert any("⟪" in text for text in page.found), name
        if said := sorted(known.intersection(page.found) - STEPS):
            wrong[name] = said
    assert wrong == {}
