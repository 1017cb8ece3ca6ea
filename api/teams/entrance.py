"""Where Teams comes in: one route, behind two checks of the same token.

Ours comes first, in a thread: an unknown key id makes the SDK's validator fetch the key set, blocking,
and whoever sends tokens at random must not hold the event loop. It is the narrower one too: it takes
tokens of the Bot Framework service only, which name the service URL in a signed claim, and not those of
agent identities, for which the SDK skips that check. The SDK's own comes second, before anything is read
from the activity."""

import asyncio
from collections.abc import Awaitable, Callable
from json import JSONDecodeError
from typing import Any

import jwt
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from microsoft_teams.apps.auth import TokenValidator
from microsoft_teams.apps.http import FastAPIAdapter
from microsoft_teams.apps.http.adapter import HttpMethod, HttpRequest, HttpRouteHandler
from starlette import status

from api.teams.registration import Registration, is_loopback
from models.errors import ChargehandError

log = structlog.get_logger(__name__)

# What we answer. For others, such as sign-ins by a connection of the Bot Framework, the SDK has answers of
# its own, which call services that this installation has no business with.
TYPES = frozenset({"message", "invoke", "conversationUpdate", "installationUpdate"})
INVOKES = frozenset(
    {
        "adaptiveCard/action",
        "composeExtension/query",
        "composeExtension/fetchTask",
        "composeExtension/submitAction",
    }
)


class NotFromTeams(ChargehandError):
    """This is for Microsoft Teams, and the request does not prove that it comes from there."""

    status = 401
    retry = "with a fix"


class NotAnActivity(ChargehandError):
    """This is no activity of Microsoft Teams."""

    status = 400
    retry = "with a fix"


class NotOurTenant(ChargehandError):
    """This installation serves another organization."""

    status = 403
    retry = "never"


class Entrance(FastAPIAdapter):
    """The SDK's adapter on our application, with the narrower check in front."""

    def __init__(self, app: FastAPI, registration: Registration) -> None:
        super().__init__(app=app)
        self._registration = registration
        self._validator = TokenValidator.for_service(registration.client_id, cloud=registration.cloud)

    def register_route(self, method: HttpMethod, path: str, handler: HttpRouteHandler) -> None:
        self.app.add_api_route(path, self._receiver(handler), methods=[method], include_in_schema=False)

    def _receiver(self, handler: HttpRouteHandler) -> Callable[[Request], Awaitable[Response]]:
        async def receive(request: Request) -> Response:
            activity = await _activity(request)
            await self._check(request, activity)
            if activity.get("type") not in TYPES:
                return Response()  # reactions and the like: heard, and nothing follows
            if activity["type"] == "invoke" and activity.get("name") not in INVOKES:
                return Response(status_code=status.HTTP_501_NOT_IMPLEMENTED)
            reply = await handler(HttpRequest(body=activity, headers=dict(request.headers)))
            body = reply.get("body")
            return (
                Response(status_code=reply["status"])
                if body is None
                else JSONResponse(body, status_code=reply["status"])
            )

        return receive

    async def _check(self, request: Request, activity: dict[str, Any]) -> None:
        """Raises NotFromTeams, NotOurTenant."""
        service_url = activity.get("serviceUrl")
        if not isinstance(service_url, str) or not self._registration.trusts(service_url):
            raise NotFromTeams
        if self._registration.skip_token_check:
            _check_local(request)
        else:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme != "Bearer":
                raise NotFromTeams
            await run_in_threadpool(self._check_token, token, service_url)
        if tenant_of(activity) != self._registration.tenant_id:
            raise NotOurTenant

    def _check_token(self, token: str, service_url: str) -> None:
        try:
            asyncio.run(self._validator.validate_token(token, service_url))
        except jwt.PyJWTError as e:
            log.warning("teams.refused", reason=type(e).__name__)
            raise NotFromTeams from e


def tenant_of(activity: dict[str, Any]) -> str | None:
    """The organization that an activity comes from."""
    conversation, channel = activity.get("conversation") or {}, activity.get("channelData") or {}
    found = conversation.get("tenantId") or (channel.get("tenant") or {}).get("id")
    return found if isinstance(found, str) else None


async def _activity(request: Request) -> dict[str, Any]:
    try:
        activity = await request.json()
    except (JSONDecodeError, UnicodeDecodeError) as e:
        raise NotAnActivity from e
    if not isinstance(activity, dict) or not all(
        isinstance(activity.get(part) or {}, dict) for part in ("conversation", "channelData", "from")
    ):
        raise NotAnActivity
    return activity


def _check_local(request: Request) -> None:
    """Where tokens are skipped: this machine only, and not by way of a proxy."""
    here = request.client is not None and is_loopback(request.client.host)
    if not here or {"forwarded", "x-forwarded-for"} & set(request.headers):
        raise NotFromTeams
