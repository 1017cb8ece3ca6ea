"""Settings: everything comes from the environment, secrets too. Nothing is needed for the demo."""

import hashlib
import hmac
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import Field, HttpUrl, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from models.actions import SYSTEMS, System
from models.errors import ChargehandError
from store.db import DB_ROLES, DbRole

Environment = Literal["demo", "development", "production"]


class SettingMissing(ChargehandError):
    """The setting {setting} is needed {why}. Set it in the environment."""

    status = 500
    retry = "with a fix"


class Settings(BaseSettings):
    """One installation. Field names are environment variables with the prefix CHARGEHAND_, except where an
    alias names a variable that other programs share. An empty variable counts as not set: an empty secret
    would be one that everybody knows."""

    model_config = SettingsConfigDict(
        env_prefix="CHARGEHAND_", env_ignore_empty=True, extra="ignore", populate_by_name=True
    )

    environment: Environment = "development"
    home: Path = Path("~/.local/share/chargehand")
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    public_url: HttpUrl | None = None  # how people reach this installation; links in messages start with it

    language: Annotated[str, Field(pattern="^[A-Za-z]{2,3}(_[A-Za-z]+)?$")] = "en"  # of pages

    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    # The passwords of the database's roles: each its own, or derived from the one secret. A process needs
    # only those of the roles that it works with.
    secret: SecretStr | None = None
    agent_password: SecretStr | None = None
    workflow_password: SecretStr | None = None
    worker_password: SecretStr | None = None
    steward_password: SecretStr | None = None
    gate_password: SecretStr | None = None
    copilot_password: SecretStr | None = None
    copilot_url: HttpUrl | None = None  # of a `chargehand copilot`; without it the desk starts one

    # Systems of record: base address and bearer token. A system without an address is not connected.
    crm_url: HttpUrl | None = None
    psa_url: HttpUrl | None = None
    erp_url: HttpUrl | None = None
    hris_url: HttpUrl | None = None
    crm_token: SecretStr = SecretStr("")
    psa_token: SecretStr = SecretStr("")
    erp_token: SecretStr = SecretStr("")
    hris_token: SecretStr = SecretStr("")
    systems_without_keys: Annotated[tuple[System, ...], NoDecode] = ()  # comma-separated: no idempotency keys

    # A language model behind an OpenAI-compatible endpoint; without it the deterministic planner talks.
    model: str | None = None
    openai_base_url: str | None = Field(default=None, validation_alias="OPENAI_BASE_URL")
    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")

    # Mail: smtp://user:password@host:port or smtps://...; without it nobody is sent any.
    smtp_url: SecretStr | None = None
    mail_from: str = "Chargehand <chargehand@localhost>"

    # Webhooks: the key that their secrets are derived from; without it, derived from the one secret.
    webhook_key: SecretStr | None = None

    # Slack: the app's signing secret, one bot token (xoxb-...) for each workspace, comma-separated, and, for
    # Socket Mode instead of requests from outside, an app-level token (xapp-...).
    slack_signing_secret: SecretStr | None = None
    slack_bot_tokens: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    slack_app_token: SecretStr | None = None
    slack_api_url: HttpUrl = HttpUrl("https://slack.com/api/")

    # What was asked where others read is answered in the asker's own chat; open: in the thread that asked.
    answers_in_channels: Literal["private", "open"] = "private"

    # Microsoft Teams: the app registration of the bot, in the one tenant it serves. Without a client id there
    # is no bot. Tokens are skipped only in development and on a loopback address (the Agents Playground).
    teams_client_id: str | None = None
    teams_client_secret: SecretStr | None = None
    teams_tenant_id: str | None = None
    teams_skip_token_check: bool = False

    # Anchors of the audit log: where they are kept (not on the database's machine), how often, the
    # private key in PEM or the file that holds it, and the ids of the keys that count (none: all there are).
    audit_anchors: Path | None = None
    audit_anchor_minutes: Annotated[int, Field(ge=1, le=10_080)] = 60
    audit_key: SecretStr | None = None
    audit_key_file: Path | None = None
    audit_trusted_keys: Annotated[tuple[str, ...], NoDecode] = ()  # comma-separated
    audit_retain_days: Annotated[int | None, Field(ge=30)] = None  # then what people wrote is redacted

    roi_assumptions: Path | None = None  # YAML as models/roi.yaml: the counterfactuals of the firm

    # Signing in through an OpenID Connect provider (docs/sign-in.md); without an issuer people use links.
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None  # none: a public client, which PKCE protects
    oidc_name: str = "your firm's account"  # after 'Sign in with'
    oidc_scopes: str = "openid email profile"
    oidc_groups_claim: str = "groups"
    oidc_groups_file: Path | None = None  # YAML: which groups give which roles
    oidc_audience: str | None = None  # of access tokens that programs may send; none: they may not
    help_contact: str = "your administrator"  # whom somebody asks who cannot sign in
    session_idle_minutes: Annotated[int, Field(ge=5, le=10_080)] = 480
    session_hours: Annotated[int, Field(ge=1, le=720)] = 120
    session_renew_minutes: Annotated[int, Field(ge=1, le=1_440)] = 60  # then its secret changes

    log_format: Literal["json", "console"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    trace_endpoint: HttpUrl | None = Field(default=None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")

    @model_validator(mode="before")
    @classmethod
    def _split(cls, values: dict[str, object]) -> dict[str, object]:
        for name in ("systems_without_keys", "audit_trusted_keys", "slack_bot_tokens"):
            listed = values.get(name)
            if isinstance(listed, str):
                values[name] = tuple(s.strip() for s in listed.split(",") if s.strip())
        return values

    @model_validator(mode="after")
    def _provider(self) -> Self:
        if self.oidc_issuer is None:
            return self
        if self.oidc_client_id is None:
            raise ValueError("CHARGEHAND_OIDC_ISSUER needs CHARGEHAND_OIDC_CLIENT_ID")
        issuer = urlsplit(self.oidc_issuer)
        if issuer.scheme != "https" and issuer.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("CHARGEHAND_OIDC_ISSUER must be an https address")
        if self.oidc_audience == self.oidc_client_id:  # else an identity token would pass for an access token
            raise ValueError("CHARGEHAND_OIDC_AUDIENCE must not be CHARGEHAND_OIDC_CLIENT_ID")
        return self

    @cached_property
    def home_directory(self) -> Path:
        return self.home.expanduser().resolve()

    def dsns(self, database_url: str) -> dict[DbRole, str]:
        """A connection string for each database role whose password is known, derived from the one of the
        installation: the same place, another user. Where no password is given there is one for every role,
        without a password (the embedded server trusts its socket)."""
        place = {
            k: str(v)
            for k, v in conninfo_to_dict(database_url).items()
            if v is not None and k not in ("user", "password")
        }
        passwords = self.role_passwords()
        return {
            role: make_conninfo("", **place, user=f"chargehand_{role}", password=passwords.get(role))
            for role in passwords or DB_ROLES
        }

    def role_passwords(self) -> dict[DbRole, str]:
        """The passwords of the database's roles that are given, and with the one secret of all.

        Raises SettingMissing in production where there is none."""
        found: dict[DbRole, str] = {}
        for role in DB_ROLES:
            given: SecretStr | None = getattr(self, f"{role}_password")
            if given is not None:
                found[role] = given.get_secret_value()
            elif self.secret is not None:
                key = self.secret.get_secret_value().encode()
                found[role] = hmac.new(key, f"db:{role}".encode(), hashlib.sha256).hexdigest()
        if not found and self.environment == "production":
            why = "to derive the database passwords, or a password for each role that this process works with"
            raise SettingMissing(setting="CHARGEHAND_SECRET", why=why)
        return found

    def webhook_signing_key(self) -> bytes:
        """What the secrets of webhooks are derived from. Raises SettingMissing."""
        if self.webhook_key is not None:
            return self.webhook_key.get_secret_value().encode()
        if self.secret is not None:
            return hmac.new(self.secret.get_secret_value().encode(), b"webhooks", hashlib.sha256).digest()
        raise SettingMissing(setting="CHARGEHAND_WEBHOOK_KEY", why="to sign webhooks")

    def systems(self) -> dict[System, tuple[str, SecretStr]]:
        """Base address and token of each connected system of record."""
        found: dict[System, tuple[str, SecretStr]] = {}
        for system in SYSTEMS:
            url: HttpUrl | None = getattr(self, f"{system}_url")
            if url is not None:
                found[system] = (str(url).rstrip("/"), getattr(self, f"{system}_token"))
        return found
