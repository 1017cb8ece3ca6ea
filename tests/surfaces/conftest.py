"""Everything at once: the processes of an installation, and every surface."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.database import Place
from tests.api.small_firm import place
from tests.surfaces.installation import Installation, installed

__all__ = ["place"]


@pytest.fixture
def installation(place: Place, tmp_path: Path) -> Iterator[Installation]:
    with installed(place, tmp_path) as found:
        found.start("serve")
        found.start("worker")
        yield found
