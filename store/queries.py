"""Named SQL: every statement of Chargehand lives in a .sql file under store/queries/ with a name and a
description, and is called by that name.

A file holds statements like

    -- name: find_person
    -- One person by id, as the caller may see them.
    select ... where person_id = %(person_id)s;

and `staffing.find_person` is the statement `find_person` of `staffing.sql`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- name: (?P<name>[a-z0-9_]+)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Query:
    name: str  # file.statement
    description: str
    sql: bytes


def parse(stem: str, text: str) -> dict[str, Query]:
    """The statements of one file by their full name. Raises ValueError for one without a description or with
    a name that is taken."""
    found: dict[str, Query] = {}
    starts = list(_NAME.finditer(text))
    for start, end in zip(starts, [*(m.start() for m in starts[1:]), len(text)], strict=True):
        lines = text[start.end() : end].strip().splitlines()
        head = [line for line in lines if line.startswith("--")]
        body = "\n".join(lines[len(head) :]).strip().rstrip(";")
        name = f"{stem}.{start['name']}"
        if not head or not body or lines[: len(head)] != head:
            raise ValueError(f"{name} needs a description above its SQL and none inside it")
        if name in found:
            raise ValueError(f"{name} is defined twice")
        description = " ".join(line.removeprefix("--").strip() for line in head)
        # Safe by construction: it comes from a file of this package, never from input.
        found[name] = Query(name, description, body.encode())
    return found


@cache
def catalogue() -> Mapping[str, Query]:
    """Every named query of the package."""
    found: dict[str, Query] = {}
    for file in sorted(files("store").joinpath("queries").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".sql"):
            found |= parse(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
    return found
