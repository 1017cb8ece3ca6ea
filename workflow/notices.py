"""What people hear, each event once: written in the transaction that makes it true."""

from collections.abc import Collection
from typing import Literal
from uuid import UUID

from store.db import Tx

NoticeKind = Literal["card", "outcome", "reminder", "escalation", "question", "answer"]


def tell(
    tx: Tx, proposal_id: UUID, people: Collection[str], *, kind: NoticeKind, event: str, text: str
) -> None:
    """Tell these people. `event` names what happened, e.g. 'outcome:rejected': who heard it is not told
    again."""
    if people:
        tx.execute(
            "notices.tell", proposal_id=proposal_id, people=list(people), kind=kind, event=event, text=text
        )


def listed(names: Collection[str]) -> str:
    """'Ada', 'Ada and Ben', 'Ada, Ben and Cy'."""
    *most, last = sorted(names)
    return f"{', '.join(most)} and {last}" if most else last
