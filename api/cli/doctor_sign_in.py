"""Whether people can sign in: the provider answers, its groups give roles, somebody is administrator."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.cli.doctor_checks import Installation, Level


def sign_in(of: "Installation") -> "Iterator[tuple[Level, str, str]]":
    """People sign in through a provider that answers, or by link; and there is an administrator."""
    from api.auth.groups import BadGroupsFile, GroupRoles
    from api.auth.oidc import CALLBACK, Attempt, Provider, ProviderDown
    from api.database import SET_UP
    from api.wiring import public_url

    settings, here = of.settings, public_url(of.settings)
    if settings.oidc_issuer is None:
        yield "ok", "people sign in by link", ""
    else:
        try:
            Provider(settings, here).authorization_url(Attempt.new())
            yield (
                "ok",
                f"people sign in through {settings.oidc_issuer}; it sends them to {here}{CALLBACK}",
                "",
            )
        except ProviderDown:
            mend = (
                "CHARGEHAND_OIDC_ISSUER is the address before /.well-known/openid-configuration, as it calls"
            )
            yield "fail", f"{settings.oidc_issuer} does not answer as itself", f"{mend} itself there."
        if settings.environment == "production" and not here.startswith("https:"):
            mend = "Set CHARGEHAND_PUBLIC_URL to the https address that people use."
            yield "fail", f"the provider would send people to {here}, which is not encrypted", mend
    try:
        GroupRoles.load(settings.oidc_groups_file)
    except BadGroupsFile as error:
        yield "fail", error.sentence, "docs/sign-in.md shows one."
    if of.database is not None:
        with of.database.tx(SET_UP, "steward") as tx:
            if not tx.value("people.administrators"):
                mend = "Run `chargehand admin create`, or import roles."
                yield "warn", "nobody is administrator", mend
