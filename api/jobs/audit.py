"""What the clock does for the audit log: signed anchors, and forgetting what people wrote long ago."""

from datetime import datetime, timedelta
from pathlib import Path

from api.settings import SettingMissing, Settings
from models.access import service
from store.db import Database
from workflow.anchors import write, write_if_due
from workflow.redaction import retain
from workflow.signing import KeyUnusable, SigningKey

KEEPER = service("audit-keeper")


def signing_key(settings: Settings) -> SigningKey:
    """The private key of the settings: itself, or the file that holds it. Raises SettingMissing,
    KeyUnusable."""
    if settings.audit_key is not None:
        return SigningKey.from_pem(settings.audit_key.get_secret_value())
    if settings.audit_key_file is None:
        raise SettingMissing(setting="CHARGEHAND_AUDIT_KEY_FILE", why="to sign the audit log's anchors")
    path = settings.audit_key_file.expanduser()
    try:
        return SigningKey.from_pem(path.read_text("ascii"))
    except (OSError, UnicodeDecodeError) as error:
        raise KeyUnusable(why=f"{path} cannot be read") from error


def anchors_folder(settings: Settings) -> Path:
    """Where the anchors are kept. Raises SettingMissing."""
    if settings.audit_anchors is None:
        raise SettingMissing(setting="CHARGEHAND_AUDIT_ANCHORS", why="to know where anchors are kept")
    return settings.audit_anchors.expanduser()


def anchor_every(settings: Settings) -> timedelta:
    return timedelta(minutes=settings.audit_anchor_minutes)


def anchor_now(db: Database, settings: Settings, now: datetime) -> str:
    """Write an anchor; its name."""
    folder, key = anchors_folder(settings), signing_key(settings)
    with db.tx(KEEPER, "worker") as tx:
        return write(tx, folder, key, now)


def anchor_if_due(db: Database, settings: Settings, now: datetime) -> str | None:
    """Write an anchor where they are asked for and the last one is old enough; its name."""
    if settings.audit_anchors is None:
        return None
    folder = anchors_folder(settings)
    with db.tx(KEEPER, "worker") as tx:
        return write_if_due(tx, folder, lambda: signing_key(settings), now, anchor_every(settings))


def forget_old(db: Database, settings: Settings) -> int:
    """Redact what is older than the settings say, if they do; how many fields."""
    if settings.audit_retain_days is None:
        return 0
    with db.tx(KEEPER, "worker") as tx:
        return retain(tx, settings.audit_retain_days)
