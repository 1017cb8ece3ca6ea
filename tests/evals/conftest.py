"""What tests of suites share: one sandbox a session, of which every case still has a database of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from psycopg.conninfo import conninfo_to_dict

from evals import suite
from evals.sandbox import Sandbox, fill, registry
from evals.subjects import Subject
from evals.suite import Setting, setting
from models.predict.base import Progress, silent
from store.server import Server

ORIGIN = "template_sandbox"


@pytest.fixture(scope="session", autouse=True)
def _sandbox_of_the_session(
    server: Server, template: Callable[[str, Callable[[str], object]], str]
) -> Iterator[None]:
    folder = server.data.parent / "sandbox"

    @contextmanager
    def shared(progress: Progress = silent) -> Iterator[Sandbox]:
        template(ORIGIN, lambda dsn: fill(server, str(conninfo_to_dict(dsn)["dbname"]), folder))
        yield Sandbox(server, folder, registry(), ORIGIN)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suite, "sandbox", shared)
        yield


@pytest.fixture(scope="session")
def within(_sandbox_of_the_session: None) -> Iterator[Setting]:
    """A small setting."""
    with setting(Subject(), small=True) as made:
        yield made
