"""Slack's requests, by HTTP or Socket Mode: Bolt checks the signature and its time, and hands each to the
desk. What the desk does before Bolt answers is done when Slack hears 200; what fails is not acknowledged,
and Slack hands it in again."""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from fastapi.concurrency import run_in_threadpool
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_bolt.authorization import AuthorizeResult

from api.slack.clients import UnknownWorkspace, Workspace, Workspaces
from workflow.deliveries import SurfaceDown

ANYTHING = re.compile(".*", re.DOTALL)
Body = dict[str, Any]

# Bolt's own log quotes what people wrote; ours says what happened.
_QUIET = logging.getLogger("chargehand.slack.bolt")
_QUIET.setLevel(logging.CRITICAL)


class Desk(Protocol):
    """Who works what Slack sends. Blocking; each is called in a thread."""

    def event(self, workspace: Workspace, body: Body) -> None:
        """Keep an event, to be worked after it is acknowledged."""

    def command(self, workspace: Workspace, body: Body) -> Body | str:
        """The answer to a slash command, for its writer alone."""

    def shortcut(self, workspace: Workspace, body: Body) -> None:
        """A message was handed to us."""

    def click(self, workspace: Workspace, body: Body) -> None:
        """A button was pressed, or something was chosen."""

    def submission(self, workspace: Workspace, body: Body) -> Body | None:
        """A modal was submitted: what it shows next, or None to close it."""


def listening(desk: Desk, workspaces: Workspaces, signing_secret: str) -> AsyncApp:
    """The Bolt application in front of a desk."""

    async def authorize(team_id: str | None) -> AuthorizeResult:
        found = await run_in_threadpool(workspaces.find, team_id)
        return AuthorizeResult(
            enterprise_id=None,
            team_id=found.team_id,
            bot_user_id=found.bot_user,
            bot_id=found.bot_id,
            bot_token=found.token,
        )

    bolt = AsyncApp(
        logger=_QUIET,
        name="chargehand",
        signing_secret=signing_secret,
        authorize=authorize,
        user_facing_authorize_error_message=str(UnknownWorkspace()),
        process_before_response=True,
    )

    def answered(
        work: Callable[[Workspace, Body], Any], answer: Callable[[AsyncAck, Any], Awaitable[Any]]
    ) -> Callable[..., Awaitable[None]]:
        async def listener(ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
            workspace = workspaces.find(context.team_id)  # known, or `authorize` had refused it
            await answer(ack, await run_in_threadpool(work, workspace, body))

        return listener

    async def plainly(ack: AsyncAck, _: Any) -> None:
        await ack()

    async def with_text(ack: AsyncAck, said: Body | str) -> None:
        await ack(said)

    async def with_view(ack: AsyncAck, shown: Body | None) -> None:
        await ack(shown) if shown else await ack()

    bolt.event(ANYTHING)(answered(desk.event, plainly))
    bolt.command(ANYTHING)(answered(desk.command, with_text))
    bolt.shortcut(ANYTHING)(answered(desk.shortcut, plainly))
    bolt.action(ANYTHING)(answered(desk.click, plainly))
    bolt.view(ANYTHING)(answered(desk.submission, with_view))

    @bolt.error
    async def failed(error: Exception) -> BoltResponse:
        """Not acknowledged. Slack hands an event in again, and tells a person that it did not work."""
        logging.getLogger(__name__).error("slack.request_failed", exc_info=error)
        return BoltResponse(status=503 if isinstance(error, SurfaceDown) else 500, body="")

    return bolt
