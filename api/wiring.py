"""The parts of one installation, put together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from api.auth.groups import GroupRoles
from api.auth.oidc import Provider
from api.auth.sessions import Limits, Sessions
from api.auth.sso import SingleSignOn
from api.auth.tokens import Tokens
from api.chat.accounts import Accounts
from api.copilot.client import Address, RemoteCopilot
from api.database import Place
from api.settings import Settings
from api.webhooks.endpoints import Webhooks
from store.db import Database
from workflow.service import Workflow


@dataclass(frozen=True)
class Application:
    """The desk: everything that serves people, but for the copilot, which is a process of its own."""

    settings: Settings
    place: Place
    db: Database
    workflow: Workflow
    copilot: RemoteCopilot
    sessions: Sessions
    tokens: Tokens
    sso: SingleSignOn | None  # None: people sign in by link
    accounts: Accounts
    webhooks: Webhooks

    @property
    def provider(self) -> Provider | None:
        """Of identities."""
        return self.sso.provider if self.sso else None

    @property
    def public_url(self) -> str:
        return public_url(self.settings)

    @property
    def public_host(self) -> str:
        return urlsplit(self.public_url).netloc

    def sign_in_url(self, token: str) -> str:
        """Where a sign-in link leads."""
        return f"{self.public_url}/sign-in/{token}"

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https:")


def public_url(settings: Settings) -> str:
    """How people reach this installation, without a slash at the end."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return str(settings.public_url or f"http://{host}:{settings.port}").rstrip("/")


@contextmanager
def opened(settings: Settings, place: Place, copilot_at: Address) -> Iterator[Application]:
    """The application on a database that is up to date; closed with the block. `copilot_at`: who answers."""
    groups = GroupRoles.load(settings.oidc_groups_file)
    db = place.database()
    copilot = RemoteCopilot(db, copilot_at)
    sessions = Sessions(db, Limits.of(settings))
    provider = Provider(settings, public_url(settings)) if settings.oidc_issuer else None
    try:
        yield Application(
            settings=settings,
            place=place,
            db=db,
            workflow=Workflow(db),
            copilot=copilot,
            sessions=sessions,
            tokens=Tokens(db),
            sso=SingleSignOn(db, provider, sessions, groups, settings.help_contact) if provider else None,
            accounts=Accounts(db),
            webhooks=Webhooks(db, settings),
        )
    finally:
        copilot.close()
        db.close()
