"""The bot's registration with Microsoft, read from the settings and refused where it is not safe."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from microsoft_teams.api.auth.cloud_environment import PUBLIC, CloudEnvironment
from microsoft_teams.api.auth.credentials import BasicTokenProvider

from api.settings import SettingMissing, Settings
from models.errors import ChargehandError


class TokenCheckRequired(ChargehandError):
    """CHARGEHAND_TEAMS_SKIP_TOKEN_CHECK lets anybody who reaches this process act as anybody. It is taken
    only with CHARGEHAND_ENVIRONMENT=development on a loopback address; this is {environment} on {host}."""

    status = 500
    retry = "with a fix"


@dataclass(frozen=True)
class Registration:
    """One bot in one tenant."""

    client_id: str
    secret: str | None = field(repr=False)
    tenant_id: str
    skip_token_check: bool = False
    cloud: CloudEnvironment = PUBLIC
    token: BasicTokenProvider | None = field(default=None, repr=False)  # in place of the secret
    plain_services: frozenset[str] = frozenset()  # that are trusted without encryption: peers in tests

    def trusts(self, service_url: str) -> bool:
        """Whether our token may be sent there, as far as the address tells: encrypted, or, where tokens are
        skipped and none is sent, on this machine. Which address it is, a signed token says."""
        place = urlsplit(service_url)
        if self.skip_token_check:
            return place.scheme in ("http", "https") and is_loopback(place.hostname or "")
        return place.scheme == "https" or service_url.rstrip("/") in self.plain_services

    def source(self) -> BasicTokenProvider | None:
        """Where tokens for what we send come from; None: from Microsoft, for the secret."""
        return (lambda scope, tenant: None) if self.skip_token_check else self.token

    def resource_at(self, host: str) -> str:
        """The application id URI: what single sign-on asks a token for."""
        return f"api://{host}/botid-{self.client_id}"


def registration(settings: Settings) -> Registration | None:
    """The bot of the settings; None where there is none. Raises SettingMissing, TokenCheckRequired."""
    if settings.teams_client_id is None:
        return None
    if settings.teams_tenant_id is None:
        raise SettingMissing(setting="CHARGEHAND_TEAMS_TENANT_ID", why="to know whom Teams may speak for")
    if settings.teams_skip_token_check:
        if settings.environment != "development" or not is_loopback(settings.host):
            raise TokenCheckRequired(environment=settings.environment, host=settings.host)
    elif settings.teams_client_secret is None:
        raise SettingMissing(setting="CHARGEHAND_TEAMS_CLIENT_SECRET", why="to answer in Teams")
    secret = settings.teams_client_secret
    return Registration(
        client_id=settings.teams_client_id,
        secret=secret.get_secret_value() if secret else None,
        tenant_id=settings.teams_tenant_id,
        skip_token_check=settings.teams_skip_token_check,
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
