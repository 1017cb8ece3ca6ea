"""Hidden characters spelled out, for every foreign text that an approver reads."""

from models.text.hidden import visible

__all__ = ["visible"]
