"""Watching proposals: a client that listens hears which of the resources it named changed, as the caller may
see them. Each stream ends after some minutes, as those of pages do, and the client listens anew with a token
that is good then."""

from contextlib import aclosing
from typing import Any

import anyio
from mcp.server.context import ServerRequestContext
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    ResourcesListChanged,
    ResourceUpdated,
)
from mcp_types import SubscriptionsListenRequestParams, SubscriptionsListenResult

from api.live import Live, ProposalChanged
from api.mcp.access import caller
from api.mcp.resources import INBOX, PROPOSAL
from models.access import Principal, require


class Watching:
    """Serves `subscriptions/listen`. Each stream has a bus of its own, fed with what its caller may see."""

    def __init__(self, live: Live) -> None:
        self._live = live

    async def listen(
        self, ctx: ServerRequestContext[Any, Any], params: SubscriptionsListenRequestParams
    ) -> SubscriptionsListenResult:
        principal = caller(ctx)
        require(principal, "proposals.read")
        bus = InMemorySubscriptionBus()
        handler = ListenHandler(bus)
        wanted = params.notifications.resource_subscriptions or []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._feed, principal, bus, handler, wanted)
            result = await handler(ctx, params)
            tasks.cancel_scope.cancel()
        return result

    async def _feed(
        self, principal: Principal, bus: InMemorySubscriptionBus, handler: ListenHandler, wanted: list[str]
    ) -> None:
        async with aclosing(self._live.watch(principal)) as events:
            async for event in events:
                if isinstance(event.data, ProposalChanged):
                    await bus.publish(
                        ResourceUpdated(PROPOSAL.expand({"proposal_id": str(event.data.proposal_id)}))
                    )
                    await bus.publish(ResourceUpdated(INBOX.expand({})))
                    await bus.publish(ResourcesListChanged())
                elif event.event == "missed":
                    for uri in wanted:
                        await bus.publish(ResourceUpdated(uri))
                    await bus.publish(ResourcesListChanged())
        handler.close()
