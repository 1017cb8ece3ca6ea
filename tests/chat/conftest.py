"""Chat surfaces over the small firm."""

from tests.workflow.conftest import db, owner, workflow

__all__ = ["db", "owner", "workflow"]
