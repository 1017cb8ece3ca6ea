"""Showing in the firm's tables what a system of record holds now, until the next import brings it."""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from models.actions import ActionKind, CreateAssignment, System
from store.db import Tx


class Written(Protocol):
    """An effect that is in its system of record."""

    @property
    def effect_id(self) -> int: ...
    @property
    def proposal_id(self) -> UUID: ...
    @property
    def system(self) -> System: ...
    @property
    def operation(self) -> ActionKind: ...
    @property
    def item(self) -> str: ...
    @property
    def body(self) -> Mapping[str, Any]: ...


def mirror(tx: Tx, effect: Written, record_id: str, record: Mapping[str, Any]) -> None:
    """Mirror the record that an effect made, or what it took back, in the transaction that settles it."""
    match effect.operation:
        case "create_assignment":
            booked = CreateAssignment.model_validate(effect.body)
            tx.execute(
                "effects.mirror_assignment",
                record_id=record_id,
                person_id=booked.person_id,
                project_id=booked.project_id,
                role=booked.role,
                starts_on=booked.starts_on,
                ends_on=booked.ends_on,
                hours_per_week=booked.hours_per_week,
                state=booked.state,
            )
        case "undo_write":
            tx.value("effects.unmirror", effect_id=effect.effect_id)
        case "return_time_entries":
            tx.execute("effects.mirror_returned_entry", entry_id=effect.item)
        case _:
            tx.execute(
                "effects.mirror_record",
                system=effect.system,
                record_id=record_id,
                kind=effect.operation,
                project_id=effect.body.get("project_id"),
                body=dict(record),
                proposal_id=effect.proposal_id,
            )
