"""Chat surfaces over the small firm."""

from tests.api.small_firm import application, browser, client, place
from tests.workflow.conftest import db, owner, workflow

__all__ = ["application", "browser", "client", "db", "owner", "place", "workflow"]
