"""The pages on a small firm, in a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from api.database import Place
from api.wiring import Application
from tests.api.small_firm import OPERATOR, place, serving
from tests.workflow import firm
from workflow.cards import ProposalCard

__all__ = ["place"]

DESKTOP: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
AXE = Path(__file__).parent / "assets" / "axe.min.js"

Served = tuple[Application, str]
Open = Callable[..., Page]


@pytest.fixture
def served(place: Place) -> Iterator[Served]:
    with serving(place) as running:
        yield running


@pytest.fixture
def faults() -> list[str]:
    """Words of errors on the console that a test brings about."""
    return ["status of 4", "net::ERR_FAILED"]  # a refusal, and what a test cuts off itself


@pytest.fixture
def visit(served: Served, chromium: Browser, faults: list[str]) -> Iterator[Open]:
    """`visit(person, path)`: the page, in a browser of the person's own that signed in by a link. Whatever
    the page writes to the console as an error fails the test, but for the `faults`."""
    application, url = served
    contexts, complaints = [], []

    def open_as(
        person_id: str, path: str = "/inbox", viewport: ViewportSize = DESKTOP, **options: str
    ) -> Page:
        context = chromium.new_context(base_url=url, viewport=viewport, **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        token = application.sessions.make_link(OPERATOR, person_id).token  # two pages fewer than by the form
        context.request.post("/sign-in", form={"token": token}, headers={"Origin": url}, max_redirects=0)
        page.goto(path)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert [c for c in complaints if not any(words in c for words in faults)] == []


def told(page: Page, words: str) -> None:
    """The card says so, where people see it."""
    expect(page.locator("#card .notice", has_text=words)).to_be_visible()


def park(served: Served, card: ProposalCard) -> None:
    """Sign it, and let its write stop where a person must look."""
    served[0].workflow.decide(
        firm.principal("rolf"), card.proposal_id, content_hash=card.content_hash, verdict="approve"
    )
    with psycopg.connect(served[0].place.admin) as connection:
        connection.execute("update workflow.effect set state = 'parked', last_error = 'It was refused.'")
        connection.execute("update workflow.proposal set state = 'parked' where state = 'approved'")
