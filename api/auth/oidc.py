"""The firm's identity provider, by OpenID Connect: what is asked of it, and what of its answers is believed.

Authorization code with PKCE (RFC 7636, S256), state and nonce. Authlib speaks the protocol and checks what an
identity token says about itself (OpenID Connect Core 3.1.3.7); PyJWT checks signatures, issuer, audience and
time. Only algorithms with a public key are accepted, whatever a token or the provider's metadata say: with a
shared secret, whoever knows it could sign (RFC 8725, 3.1)."""

import base64
import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode

import httpx2
import jwt
import structlog
from authlib.integrations.httpx_client import OAuth2Client, OAuthError
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError

from api.auth.secrets import new_secret
from api.settings import Settings
from models.errors import ChargehandError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY_S = 60  # between our clock and the provider's
TIMEOUT_S = 5.0
METADATA_S = 3_600  # how long the provider's description of itself is good
RETRY_S = 2.0  # after it did not answer: nobody else waits for that meanwhile
CALLBACK = "/sign-in/callback"

log = structlog.get_logger(__name__)


class ProviderDown(ChargehandError):
    """{provider} does not answer. Try again in a minute, or ask {contact} for a sign-in link."""

    status = 503
    retry = "later"


class NotVouched(ChargehandError):
    """{provider} did not vouch for you: {reason}. Start again; if it stays so, ask {contact}."""

    status = 403
    retry = "with a fix"


@dataclass(frozen=True)
class Attempt:
    """A sign-in that was begun in one browser, which keeps the secret; all else follows from it. So what
    comes back is good in that browser only, and nothing that is stored could be used by who reads it."""

    secret: str = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        return cls(new_secret())

    @property
    def state(self) -> str:
        return self._derived("state")

    @property
    def nonce(self) -> str:
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """Of PKCE: 43 characters, the least that it may have."""
        return self._derived("verifier")

    def _derived(self, what: str) -> str:
        digest = hmac.digest(self.secret.encode(), what.encode(), "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True)
class Vouched:
    """Whom the provider vouches for."""

    issuer: str
    subject: str
    email: str  # "" where it does not say, or did not verify it
    groups: frozenset[str]


class Provider:
    """One provider, found by discovery. Blocking; any number of threads."""

    def __init__(self, settings: Settings, public_url: str) -> None:
        """`settings` must name an issuer and a client."""
        assert settings.oidc_issuer and settings.oidc_client_id
        self.issuer = settings.oidc_issuer
        self.name = settings.oidc_name
        self._client_id = settings.oidc_client_id
        secret = settings.oidc_client_secret
        self._secret = secret.get_secret_value() if secret else None
        self._scopes = settings.oidc_scopes
        self._groups_claim = settings.oidc_groups_claim
        self._wanted = {"email", "email_verified"} | (
            {self._groups_claim} if settings.oidc_groups_file else set()
        )
        self._contact = settings.help_contact
        self._public_url = public_url
        self._metadata: dict[str, Any] = {}
        self._fresh_until = 0.0
        self._down_until = 0.0
        self._keys: jwt.PyJWKClient | None = None

    def authorization_url(self, attempt: Attempt, *, again: bool = False) -> str:
        """Where the browser goes to sign in; `again`: even where it is signed in there. Raises
        ProviderDown."""
        with self._client() as client:
            url, _ = client.create_authorization_url(
                self._endpoint("authorization_endpoint"),
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
                **({"prompt": "login"} if again else {}),
            )
        return str(url)

    def vouched(self, attempt: Attempt, answer: Mapping[str, str]) -> Vouched:
        """Whom the provider vouches for by the answer that the browser brought, whose state is the attempt's.

        Raises ProviderDown, NotVouched."""
        self._check_answer(answer)
        token = self._exchanged(attempt, answer["code"])
        claims = self._identity(attempt, token)
        if not self._wanted <= claims.keys():
            claims = self._userinfo(token, claims["sub"]) | claims
        verified = claims.get("email_verified") is True
        return Vouched(
            issuer=self.issuer,
            subject=claims["sub"],
            email=str(claims.get("email") or "") if verified else "",
            groups=_names(claims.get(self._groups_claim)),
        )

    def verified(self, token: str, audience: str) -> dict[str, Any]:
        """The claims of a token that the provider signed for the audience and that is not over.

        Raises jwt.InvalidTokenError, jwt.PyJWKClientError, ProviderDown."""
        try:
            return jwt.decode(
                token,
                self._key(token),
                algorithms=ALGORITHMS,
                audience=audience,
                issuer=self.issuer,
                leeway=LEEWAY_S,
                options={"require": ["iss", "aud", "sub", "exp", "iat"]},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise self._down(error) from error

    def end_session_url(self) -> str | None:
        """Where a browser signs out of the provider too (RP-Initiated Logout), or None where that is not
        offered. Without a hint of who it is: that would be an identity token, and none is kept."""
        try:
            endpoint = self._described().get("end_session_endpoint")
        except ProviderDown:
            return None
        query = {"client_id": self._client_id, "post_logout_redirect_uri": f"{self._public_url}/sign-in"}
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}" if endpoint else None

    # --- the parts of an answer
    def _check_answer(self, answer: Mapping[str, str]) -> None:
        """RFC 9207: an answer that names its issuer must name ours, and one that promised to must."""
        promised = self._described().get("authorization_response_iss_parameter_supported") is True
        if answer.get("iss", None if promised else self.issuer) != self.issuer:
            raise self._refused("the answer came from another provider", "iss")
        if error := answer.get("error"):
            if error in ("temporarily_unavailable", "server_error"):
                raise self._down(error)
            reasons = {"access_denied": "it was cancelled, or you may not use this application"}
            raise self._refused(reasons.get(error, "it refused the request"), error)
        if not answer.get("code"):
            raise self._refused("its answer is not complete", "no code")

    def _exchanged(self, attempt: Attempt, code: str) -> dict[str, Any]:
        self._check_up()
        try:
            with self._client() as client:
                return dict(
                    client.fetch_token(
                        self._endpoint("token_endpoint"),
                        grant_type="authorization_code",
                        code=code,
                        code_verifier=attempt.verifier,
                    )
                )
        except OAuthError as error:
            used = error.error == "invalid_grant"
            reason = "the code was used already or is not good" if used else "it does not know us"
            raise self._refused(reason, str(error.error)) from error
        except httpx2.TransportError as error:
            raise self._down(error) from error
        except (httpx2.HTTPError, ValueError) as error:
            raise self._down(repr(error)) from error

    def _identity(self, attempt: Attempt, token: Mapping[str, Any]) -> dict[str, Any]:
        try:
            claims = self.verified(token["id_token"], self._client_id)
            header = jwt.get_unverified_header(token["id_token"])
            expected = {
                "nonce": attempt.nonce,
                "client_id": self._client_id,
                "access_token": token.get("access_token"),
            }
            CodeIDToken(claims, header, params=expected).validate(leeway=LEEWAY_S)
        except (KeyError, jwt.PyJWTError, JoseError) as error:
            raise self._refused("what it says about you cannot be verified", repr(error)) from error
        return claims

    def _userinfo(self, token: Mapping[str, Any], subject: str) -> dict[str, Any]:
        """What the identity token left out. It must be about the same person (Core 5.3.2)."""
        endpoint = self._described().get("userinfo_endpoint")
        if endpoint is None:
            return {}
        headers = {"Authorization": f"Bearer {token.get('access_token', '')}"}
        claims = self._fetched(endpoint, headers)
        if claims.get("sub") != subject:
            raise self._refused("what it says about you does not fit together", "userinfo sub")
        return claims

    # --- the provider itself
    def _client(self) -> OAuth2Client:
        methods = self._described().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        return OAuth2Client(
            client_id=self._client_id,
            client_secret=self._secret,
            token_endpoint_auth_method=method if self._secret else "none",
            scope=self._scopes,
            redirect_uri=self._public_url + CALLBACK,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
        )

    def _endpoint(self, name: str) -> str:
        try:
            return str(self._described()[name])
        except KeyError as error:
            raise self._down(f"its metadata names no {name}") from error

    def _described(self) -> Mapping[str, Any]:
        """The provider's metadata (OpenID Connect Discovery 4); while it is down, what it said last."""
        if time.monotonic() > self._fresh_until:
            try:
                found = self._fetched(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
                if found.get("issuer") != self.issuer:  # Discovery 4.3
                    raise self._down(f"it calls itself {found.get('issuer')}")
            except ProviderDown:
                if not self._metadata:
                    raise
                found = self._metadata
            if self._keys is None or found.get("jwks_uri") != self._metadata.get("jwks_uri"):
                try:
                    self._keys = jwt.PyJWKClient(str(found.get("jwks_uri")), timeout=TIMEOUT_S)
                except jwt.PyJWKClientError as error:
                    raise self._down(error) from error
            self._metadata, self._fresh_until = found, time.monotonic() + METADATA_S
        return self._metadata

    def _fetched(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        self._check_up()
        try:
            reply = httpx2.get(url, headers=dict(headers or {}), timeout=TIMEOUT_S)
            found = reply.raise_for_status().json()
        except (httpx2.HTTPError, ValueError) as error:
            raise self._down(error) from error
        if not isinstance(found, dict):
            raise self._down(f"{url} answers no JSON object")
        return found

    def _key(self, token: str) -> Any:
        """The public key that the token says it is signed with; the only one where it names none."""
        self._described()
        self._check_up()
        assert self._keys is not None
        if jwt.get_unverified_header(token).get("kid") is not None:
            return self._keys.get_signing_key_from_jwt(token).key
        only = self._keys.get_jwk_set().keys
        if len(only) != 1:
            raise jwt.PyJWKClientError("the token does not say which key it is signed with")
        return only[0].key

    def _check_up(self) -> None:
        if time.monotonic() < self._down_until:
            raise ProviderDown(provider=self.name, contact=self._contact)

    def _down(self, why: object) -> ProviderDown:
        """Only what did not answer at all is left alone for a while: what else goes wrong may be the doing of
        whoever brought an answer, and must not lock others out."""
        log.warning("oidc.down", issuer=self.issuer, why=str(why))
        if isinstance(why, httpx2.TransportError | httpx2.HTTPStatusError | jwt.PyJWKClientConnectionError):
            self._down_until = time.monotonic() + RETRY_S
        return ProviderDown(provider=self.name, contact=self._contact)

    def _refused(self, reason: str, why: str) -> NotVouched:
        log.warning("oidc.refused", issuer=self.issuer, why=why)
        return NotVouched(provider=self.name, reason=reason, contact=self._contact)


def _names(claim: object) -> frozenset[str]:
    """The names in a claim that is a list, or one name."""
    listed = claim if isinstance(claim, Sequence) and not isinstance(claim, str) else [claim]
    return frozenset(name for name in listed if isinstance(name, str))
