"""Which database this installation uses, and that it is there and up to date."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from api.settings import SettingMissing, Settings
from models.access import Principal, service
from models.errors import ChargehandError, Retry
from store.admin import ensure_database
from store.cluster import SUPERUSER
from store.db import DB_ROLES, Database, DbRole
from store.migrate import migrate, pending
from store.server import start, stop
from workflow.errors import NoPolicy
from workflow.policies import active, default, load

NAME = "chargehand"  # of the database on the embedded server
SET_UP: Principal = service("set-up")


class NotMigrated(ChargehandError):
    """The database {database} does not answer or is not up to date. Run `chargehand migrate` with its owner's
    DATABASE_URL; `chargehand doctor` says more."""

    status = 503
    retry: ClassVar[Retry] = "with a fix"


@dataclass(frozen=True)
class Place:
    """Where the database is: the connection string of the settings, and one for each role. The first is the
    owner's where migrating is meant to work; what serves people needs only the roles."""

    admin: str
    roles: Mapping[DbRole, str]
    embedded: bool

    def database(self) -> Database:
        """Pools on it, opened when used."""
        return Database(self.roles)

    def ready(self) -> bool:
        """Whether it answers and no migration is pending."""
        try:
            return not pending(self.roles["agent"])
        except psycopg.Error:  # unreachable, or so far from ready that the role or the table is not there
            return False


def server_root(settings: Settings) -> Path:
    return settings.home_directory / "postgres"


def place(settings: Settings, name: str = NAME) -> Place:
    """The database of the settings: `DATABASE_URL`, or the embedded server's, which is started if it is not
    running and whose database is created if it is not there."""
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        return Place(url, settings.dsns(url), embedded=False)
    server = start(server_root(settings))
    ensure_database(server.dsn(SUPERUSER, SUPERUSER), name)
    dsn = server.dsn(name, SUPERUSER)
    return Place(dsn, settings.dsns(dsn), embedded=True)


def copilot_dsn(settings: Settings) -> str:
    """The connection string of a copilot: `DATABASE_URL` where it names a user, else as the copilot's role.

    Raises SettingMissing."""
    if settings.database_url is None:
        raise SettingMissing(setting="DATABASE_URL", why="to sign in as chargehand_copilot")
    url = settings.database_url.get_secret_value()
    if "user" in conninfo_to_dict(url):
        return url
    if dsn := settings.dsns(url).get("copilot"):
        return dsn
    raise SettingMissing(setting="CHARGEHAND_COPILOT_PASSWORD", why="to sign in as chargehand_copilot")


def set_up(settings: Settings, where: Place) -> list[str]:
    """Migrate, and load the default policy if none is in force; the names of the migrations applied."""
    passwords = settings.role_passwords()
    if passwords and (missing := [role for role in DB_ROLES if role not in passwords]):
        raise SettingMissing(setting=f"CHARGEHAND_{missing[0].upper()}_PASSWORD", why="to set it")
    applied = migrate(where.admin, passwords=passwords)
    database = where.database()
    try:
        with database.tx(SET_UP, "steward") as tx:
            try:
                active(tx)
            except NoPolicy:
                load(tx, default())
    finally:
        database.close()
    return applied


def require_ready(settings: Settings, where: Place) -> None:
    """Bring an embedded database up to date, which is ours alone; another one is migrated when its owner says
    so, and until then this raises NotMigrated."""
    if where.embedded:
        set_up(settings, where)
    elif not where.ready():
        raise NotMigrated(database=shown(where.admin))


def stop_embedded(settings: Settings) -> None:
    """Stop the embedded server of this installation, if it runs."""
    if settings.database_url is None:
        stop(server_root(settings))


def shown(dsn: str) -> str:
    """A connection string without its password, for messages."""
    parts = conninfo_to_dict(dsn)
    return f"{parts.get('dbname')} on {parts.get('host')}"
