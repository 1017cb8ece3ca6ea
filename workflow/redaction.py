"""Forgetting what people wrote, without breaking the chain: the chain holds salted hashes, value and salt lie
beside it and are emptied. Every redaction is an entry of the log itself; no entry is ever altered."""

from models.access import require
from models.errors import ChargehandError
from store.db import Tx
from workflow.errors import ReasonNeeded


class NothingNamed(ChargehandError):
    """Say what to redact: what the entries are about, e.g. person:ID, or the number of one entry."""

    status = 422
    retry = "with a fix"


def redact(tx: Tx, *, about: str | None, entry: int | None, reason: str) -> int:
    """Forget the personal fields of all entries about one thing ('kind:id'; of a person also of what they did
    themselves), of one entry, or of one entry if it is about that thing; how many fields there were. Role:
    steward; permission: audit.redact. Raises NotAllowed, NothingNamed, ReasonNeeded."""
    require(tx.principal, "audit.redact")
    if about is None and entry is None:
        raise NothingNamed
    if not reason.strip():
        raise ReasonNeeded(what="what is redacted")
    return int(tx.value("audit.redact", about=about, entry=entry, reason=reason.strip()))


def retain(tx: Tx, days: int) -> int:
    """Forget the personal fields of entries older than so many days; how many there were. Fewer than 30 the
    database refuses: nobody wipes what just happened. Role: worker."""
    return int(tx.value("audit.retain", days=days))
