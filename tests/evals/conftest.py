"""What tests of suites share."""

from collections.abc import Iterator

import pytest

from evals.subjects import Subject
from evals.suite import Setting, setting


@pytest.fixture(scope="session")
def within() -> Iterator[Setting]:
    """A small setting; its sandbox is opened once a session, when first asked for."""
    with setting(Subject(), small=True) as made:
        yield made
