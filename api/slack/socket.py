"""Socket Mode: Slack reaches us through a socket that we opened, where nothing outside may call in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from api.settings import Settings


@asynccontextmanager
async def connected(bolt: AsyncApp, settings: Settings) -> AsyncIterator[None]:
    """A socket for as long as the block lasts, opened anew whenever it breaks; none without an app-level
    token."""
    if settings.slack_app_token is None:
        yield
        return
    handler = AsyncSocketModeHandler(
        bolt,
        settings.slack_app_token.get_secret_value(),
        web_client=AsyncWebClient(base_url=str(settings.slack_api_url)),
    )
    connecting = asyncio.create_task(handler.connect_async())  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        connecting.cancel()
        await handler.close_async()  # type: ignore[no-untyped-call]
