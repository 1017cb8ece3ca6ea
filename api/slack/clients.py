"""The workspaces that the app is installed in, and how each is called. A token tells its workspace by itself
(`auth.test`), so that nobody has to keep the two together by hand."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from socket import gaierror
from typing import Any
from urllib.error import URLError

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import (
    ConnectionErrorRetryHandler,
    HttpRequest,
    HttpResponse,
    RateLimitErrorRetryHandler,
    RetryState,
)

from api.settings import Settings
from models.errors import ChargehandError
from workflow.deliveries import SurfaceDown

SECONDS = 20  # for what is done after an acknowledgement
SECONDS_BEFORE = 2  # for what is done before one: Slack waits three
LONGEST_PAUSE_S = 10  # that Slack may ask for while a thread waits; what asks for more is put off
TRY_AGAIN_S = 30.0  # to learn the workspace of a token that was not answered

# Slack says so before it does anything, of all workspaces at once.
_FOR_NOW = frozenset({"ratelimited", "rate_limited", "service_unavailable"})

log = structlog.get_logger(__name__)


class UnknownWorkspace(ChargehandError):
    """This Slack workspace is none of those that Chargehand was set up for."""

    status = 403


@dataclass(frozen=True)
class Workspace:
    """One workspace, and the bot's own ids in it. `client` waits where Slack asks for it; what it posts is
    never sent again blindly, for a connection that broke may have brought it there. `quick` is for what
    must be over before an acknowledgement, and does only what may be repeated."""

    team_id: str
    url: str  # https://name.slack.com/
    bot_user: str
    bot_id: str
    token: str = field(repr=False)
    client: WebClient = field(repr=False)
    quick: WebClient = field(repr=False)


class Workspaces:
    """The workspaces of the installation's bot tokens. Use it from any thread."""

    def __init__(self, tokens: Sequence[str], api_url: str) -> None:
        self.api_url = api_url if api_url.endswith("/") else f"{api_url}/"
        self._unknown = list(tokens)
        self._known: dict[str, Workspace] = {}
        self._lock = threading.Lock()
        self._tried = -TRY_AGAIN_S

    @classmethod
    def of(cls, settings: Settings) -> "Workspaces":
        return cls([t.get_secret_value() for t in settings.slack_bot_tokens], str(settings.slack_api_url))

    def find(self, team_id: str | None) -> Workspace:
        """Raises UnknownWorkspace; SurfaceDown where Slack has not told yet whose tokens they are."""
        if (found := self._known.get(team_id or "")) is not None:
            return found
        self.learn()
        if (found := self._known.get(team_id or "")) is not None:
            return found
        if self._unknown:
            raise SurfaceDown(surface="Slack", reason="it has not said which workspace a token belongs to")
        raise UnknownWorkspace

    def all(self) -> list[Workspace]:
        """Those that are known by now."""
        return list(self._known.values())

    def learn(self) -> None:
        """Ask for the workspaces of the tokens that are not known yet. Never raises: a Slack that is down
        stops nobody else from working."""
        with self._lock:
            if not self._unknown or time.monotonic() - self._tried < TRY_AGAIN_S:
                return
            unanswered = []
            for token in self._unknown:
                try:
                    found = self._opened(token)
                except (SlackApiError, OSError) as e:
                    log.warning("slack.token_unanswered", reason=reason(e))
                    unanswered.append(token)
                else:
                    self._known[found.team_id] = found
            self._unknown, self._tried = unanswered, time.monotonic()

    def _opened(self, token: str) -> Workspace:
        quick = WebClient(
            token,
            self.api_url,
            SECONDS_BEFORE,
            retry_handlers=[ConnectionErrorRetryHandler(max_retry_count=1)],
        )
        said: dict[str, Any] = dict(quick.auth_test().data)  # type: ignore[arg-type]
        return Workspace(
            team_id=said["team_id"],
            url=said["url"],
            bot_user=said["user_id"],
            bot_id=said.get("bot_id", ""),
            token=token,
            client=WebClient(token, self.api_url, SECONDS, retry_handlers=[ShortPauses(max_retry_count=2)]),
            quick=quick,
        )


class ShortPauses(RateLimitErrorRetryHandler):
    """Waits as long as Slack asks for, where that is short."""

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is None or response.status_code != 429:
            return False
        asked = {name.lower(): values for name, values in response.headers.items()}.get("retry-after", ["1"])
        return int(asked[0]) <= LONGEST_PAUSE_S


def reason(error: Exception) -> str:
    """What went wrong, in Slack's word for it."""
    if isinstance(error, SlackApiError):
        return str(error.response.get("error"))
    return type(error.reason if isinstance(error, URLError) else error).__name__


def outage(error: Exception) -> SurfaceDown | None:
    """The outage that an error shows, where what was asked for was certainly not done; else None."""
    if isinstance(error, SlackApiError):
        for_now = error.response.status_code == 429 or reason(error) in _FOR_NOW
    else:
        for_now = isinstance(error, URLError) and isinstance(error.reason, ConnectionRefusedError | gaierror)
    return SurfaceDown(surface="Slack", reason=reason(error)) if for_now else None
