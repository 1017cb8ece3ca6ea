"""A log to attack, and the attack that no chain shows."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from models.access import Grant, Principal, service
from store.admin import audit_unguarded
from store.db import Database
from workflow.anchors import write
from workflow.signing import SigningKey
from workflow.verify import ChainVerdict, verify_with_anchors

KEY = SigningKey(bytes(32))
NOON = datetime(2026, 3, 18, 12, tzinfo=UTC)
ADMIN = Principal("ada", "Ada", (Grant("admin", "firm"),), "cli")
KEEPER = service("audit-keeper")

REWRITE = """
do $$
declare e audit.event; before bytea := '\\x00'; digest bytea;
begin
  for e in select * from audit.event order by seq loop
    digest := audit.digest(before, e.seq, e.at, e.actor, e.surface, e.action, e.subject, e.body);
    update audit.event set prev = before, hash = digest where seq = e.seq;
    before := digest;
  end loop;
  update audit.head set seq = coalesce((select max(seq) from audit.event), 0), hash = before;
end $$"""


def say(db: Database, count: int, *, personal: str | None = None) -> None:
    """So many entries of their own transactions."""
    for n in range(count):
        with db.tx(KEEPER, "worker") as tx:
            tx.audit("thing.done", f"thing:{n}", n=n, personal={"reason": personal} if personal else None)


def anchor(db: Database, folder: Path, hour: int = 0, key: SigningKey = KEY) -> str:
    with db.tx(KEEPER, "worker") as tx:
        return write(tx, folder, key, NOON + timedelta(hours=hour))


def checked(db: Database, folder: Path, trust: tuple[str, ...] = (), **options: Any) -> ChainVerdict:
    with db.tx(KEEPER, "worker") as tx:
        return verify_with_anchors(tx, folder, trust, **options)


def written_anew(owner: psycopg.Connection[Any], change: str) -> None:
    """What the owner of the database can do: change an entry, and every hash after it."""
    with audit_unguarded(owner):
        owner.execute(change.encode())
        owner.execute(REWRITE.encode())
