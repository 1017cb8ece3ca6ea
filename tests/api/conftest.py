"""The application on a small firm."""

from tests.api.small_firm import application, browser, client, place, program

__all__ = ["application", "browser", "client", "place", "program"]
