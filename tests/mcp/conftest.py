"""A desk and a copilot behind real sockets, and agents that talk with them through the SDK's own client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from api.database import Place
from api.wiring import Application
from models.access import PERMISSIONS, Permission
from tests.api.small_firm import place, serving
from tests.workflow import firm

__all__ = ["place"]

Connect = Callable[..., AbstractAsyncContextManager[Client]]


@dataclass(frozen=True)
class Served:
    """The desk at its address."""

    application: Application
    url: str

    def token(self, person_id: str, *scopes: Permission) -> str:
        """A token of the person; with every scope when none is named."""
        made = self.application.tokens.create(
            firm.principal("ada"), name="agent", scopes=scopes or PERMISSIONS, days=1, person_id=person_id
        )
        return made.token

    @asynccontextmanager
    async def client(self, token: str, *, mode: str = "auto", **options: Any) -> AsyncIterator[Client]:
        """An MCP client with the token. `mode`: "legacy" for the revision that has sessions."""
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
            transport = streamable_http_client(f"{self.url}/mcp", http_client=http)
            async with Client(transport, mode=mode, cache=None, **options) as client:
                yield client


@pytest.fixture
def served(place: Place) -> Iterator[Served]:
    with serving(place) as (application, url):
        yield Served(application, url)


def running(work: Awaitable[None]) -> None:
    """Run a test's coroutine to its end."""

    async def whole() -> None:
        await asyncio.wait_for(work, 90)

    asyncio.run(whole())
