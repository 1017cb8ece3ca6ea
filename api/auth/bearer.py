"""Bearer tokens, wherever they come from: those that are made here, and access tokens of the firm's identity
provider, which OAuth clients bring (RFC 6750, RFC 9068)."""

from collections.abc import Mapping
from typing import Any

import jwt
import structlog

from api.auth.people import GATE, PersonRow
from api.auth.tokens import PREFIX
from api.wiring import Application
from models.access import PERMISSIONS, Permission, Principal

log = structlog.get_logger(__name__)


def principal_of_token(app: Application, token: str) -> Principal | None:
    """Whom a bearer token acts for, narrowed to its scopes, or None where it is not or no longer good.

    An access token of the provider counts where CHARGEHAND_OIDC_AUDIENCE names an audience, and acts for the
    person who signed in with that account before: it links nobody by itself. Blocking.

    Raises:
        ProviderDown: the provider's keys are needed and cannot be had.
    """
    if token.startswith(PREFIX):
        return app.tokens.of(token)
    audience = app.settings.oidc_audience
    if app.provider is None or audience is None:
        return None
    try:
        claims = app.provider.verified(token, audience)
    except jwt.PyJWTError as error:
        log.info("bearer.refused", why=type(error).__name__)
        return None
    with app.db.tx(GATE, "gate") as tx:
        person = tx.row("identities.person", PersonRow, issuer=claims["iss"], subject=claims["sub"])
    return person.principal("api", scopes(claims)) if person else None


def scopes(claims: Mapping[str, Any]) -> frozenset[Permission]:
    """The permissions that a token's scopes name: ours, alone or behind a prefix that ends in '/' or ':'
    ('api://chargehand/proposals.read'). Other scopes, such as 'openid', allow nothing."""
    said = claims.get("scope", claims.get("scp", ""))
    listed = said.split() if isinstance(said, str) else [str(s) for s in said or ()]
    bare = {scope.replace(":", "/").rsplit("/", 1)[-1] for scope in listed}
    return frozenset(p for p in PERMISSIONS if p in bare)
