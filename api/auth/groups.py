"""Which groups at the identity provider give which roles: a YAML file of the firm's.

groups:
  chargehand-admins: [admin@firm]
  data-leads: [practice_lead@practice:Data, consultant]
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from models.access import Grant
from models.errors import ChargehandError
from store.db import Tx


class BadGroupsFile(ChargehandError):
    """{file} does not say which groups give which roles: {reason}."""

    status = 422
    retry = "with a fix"


def _a_grant(said: str) -> str:
    Grant.parse(said)
    return said


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    groups: dict[str, list[Annotated[str, AfterValidator(_a_grant)]]]


class GroupRoles:
    """The roles that groups give."""

    def __init__(self, groups: Mapping[str, Iterable[Grant]]) -> None:
        self._groups = {name: frozenset(grants) for name, grants in groups.items()}

    @classmethod
    def load(cls, file: Path | None) -> Self:
        """Without a file groups give nothing. Raises BadGroupsFile."""
        if file is None:
            return cls({})
        try:
            read = _File.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
        except ValidationError as error:
            fault = error.errors()[0]
            where = " ".join(str(part) for part in fault["loc"])
            raise BadGroupsFile(file=str(file), reason=f"{where}: {fault['msg']}") from error
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise BadGroupsFile(file=str(file), reason=str(error).replace("\n", " ")) from error
        return cls({name: [Grant.parse(said) for said in roles] for name, roles in read.groups.items()})

    def of(self, groups: Iterable[str]) -> frozenset[Grant]:
        """What the groups give together; groups that the file does not name give nothing."""
        return frozenset[Grant]().union(*(self._groups.get(name, frozenset()) for name in groups))


def columns(grants: Iterable[Grant]) -> dict[str, list[str]]:
    """Grants as the arrays that statements take."""
    listed = sorted(grants, key=str)
    return {
        "roles": [g.role for g in listed],
        "kinds": [g.scope_kind for g in listed],
        "ids": [g.scope_id or "" for g in listed],
    }


def follow(tx: Tx, person_id: str, wanted: Iterable[Grant]) -> int:
    """Let the roles that a person has by group be these, and leave alone what the firm's records say; how
    many changed. Noted in the audit log. Role: gate or steward."""
    asked = {"person_id": person_id, **columns(wanted)}
    removed = [str(grant) for grant in tx.rows("identities.drop_group_roles", Grant, **asked)]
    added = [str(grant) for grant in tx.rows("identities.add_group_roles", Grant, **asked)]
    if added or removed:
        tx.audit("access.groups_followed", f"person:{person_id}", added=added, removed=removed)
    return len(added) + len(removed)
