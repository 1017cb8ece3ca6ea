"""The application on a small firm, served behind a real socket, with a Slack to talk to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import httpx
import psycopg
import pytest

from api.app import create_app
from api.chat import posts
from api.copilot.client import Address
from api.database import Place
from api.jobs import worker
from api.server import bound
from api.settings import Settings
from api.wiring import Application, opened
from tests.api.small_firm import copilot, place, served
from tests.slack.people import SECRET, Slack, peer
from workflow import deliveries

__all__ = ["place"]

NOBODY = Address(url="http://127.0.0.1:9")


@pytest.fixture(scope="session")
def slack_process() -> Iterator[Slack]:
    with peer() as found:
        yield found


@pytest.fixture
def slack(slack_process: Slack) -> Slack:
    slack_process.begin()
    return slack_process


@contextmanager
def serving(place: Place, slack: Slack, *, talks: bool = False, **settings: object) -> Iterator[Application]:
    """A desk with both workspaces' tokens; requests from `slack` reach it. `talks`: with a copilot."""
    listener = bound("127.0.0.1", 0)
    port = listener.getsockname()[1]
    given = {
        "port": port,
        "slack_signing_secret": SECRET,
        "slack_bot_tokens": "xoxb-1,xoxb-2",
        "slack_api_url": slack.api_url,
    }
    found = Settings.model_validate(given | settings)
    with (
        copilot(place) if talks else nullcontext(NOBODY) as address,
        opened(found, place, address) as application,
        served(create_app(application), listener),
    ):
        slack.ours = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False)
        yield application
        slack.ours.close()


@pytest.fixture
def desk(place: Place, slack: Slack) -> Iterator[Application]:
    """Nobody answers there, but everything is decided."""
    with serving(place, slack) as application:
        yield application


@pytest.fixture
def talking_desk(place: Place, slack: Slack) -> Iterator[Application]:
    with serving(place, slack, talks=True) as application:
        yield application


@pytest.fixture
def owner(place: Place) -> Iterator[psycopg.Connection]:
    """The database's owner, whom no grant and no row-level policy holds back."""
    with psycopg.connect(place.admin, autocommit=True) as connection:
        yield connection


@pytest.fixture
def work(place: Place, slack: Slack) -> Iterator[Callable[[], None]]:
    """Do what the worker does about messages, until nothing is due."""
    settings = Settings.model_validate({"slack_bot_tokens": "xoxb-1,xoxb-2", "slack_api_url": slack.api_url})
    database = place.database()
    surfaces, posters = worker.surfaces(settings, database), worker.posters(settings, database)
    deliveries.enable(database, surfaces)

    def until_nothing_is_due() -> None:
        while any(deliveries.deliver_once(database, s) for s in surfaces):
            pass
        while any(posts.draw_once(database, p) for p in posters):
            pass

    yield until_nothing_is_due
    database.close()
