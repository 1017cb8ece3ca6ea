"""What is altered in a copy of the firm before a scene, or in it: as an import of records would."""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from evals.demo_firms import SET_UP
from store.db import Database

Planted = Literal[
    "leave",
    "departure",
    "person_name",
    "second_account",
    "role",
    "account_owner",
    "manager",
    "line_manager",
    "contract_value",
    "project_name",
    "client_name",
    "report",
    "note",
    "clause",
]


class Plant(BaseModel):
    """One alteration; the other fields are the parameters of `sandbox.plant_<plant>`."""

    model_config = ConfigDict(frozen=True, extra="allow")

    plant: Planted

    @property
    def parameters(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


def plant(db: Database, plants: Iterable[Plant]) -> None:
    """Alter the records."""
    with db.tx(SET_UP, "steward") as tx:
        for planted in plants:
            if not tx.execute(f"sandbox.plant_{planted.plant}", **planted.parameters):
                raise LookupError(f"there is nothing to plant {planted.parameters} in")


def nobody_away(db: Database) -> None:
    """Gates do not hang on who is on leave today."""
    with db.tx(SET_UP, "steward") as tx:
        tx.execute("sandbox.nobody_away")
