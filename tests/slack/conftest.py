"""The application on a small firm, served behind a real socket, with a Slack to talk to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from api.app import create_app
from api.chat import posts
from api.database import Place
from api.jobs import worker
from api.server import bound
from api.settings import Settings
from api.wiring import Application, opened
from tests.api.small_firm import copilot, place, served
from tests.slack.people import SECRET, Slack, member, peer
from workflow import deliveries

__all__ = ["place"]

PEOPLE = ("paula", "petra", "rita", "rolf", "leo", "dora", "carl")
Serve = Callable[..., Application]


@pytest.fixture
def slack() -> Iterator[Slack]:
    with peer() as found:
        found.seed(users=[member(person) for person in PEOPLE])
        yield found


@contextmanager
def serving(place: Place, slack: Slack, **settings: object) -> Iterator[Application]:
    """A desk with both workspaces' tokens; requests from `slack` reach it."""
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
        copilot(place) as address,
        opened(found, place, address) as application,
        served(create_app(application), listener),
    ):
        slack.ours = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False)
        yield application


@pytest.fixture
def desk(place: Place, slack: Slack) -> Iterator[Application]:
    with serving(place, slack) as application:
        yield application


@pytest.fixture
def post(desk: Application) -> Iterator[Callable[[], None]]:
    """Do what the worker does about messages, until nothing is due."""
    surfaces = worker.surfaces(desk.settings, desk.db)
    posters = worker.posters(desk.settings, desk.db)
    deliveries.enable(desk.db, surfaces)

    def work() -> None:
        while any(deliveries.deliver_once(desk.db, s) for s in surfaces):
            pass
        while any(posts.draw_once(desk.db, p) for p in posters):
            pass

    yield work
