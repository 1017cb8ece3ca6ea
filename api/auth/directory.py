"""Takes accounts from the firm's directory: who there is, who manages whom, who may do what, and whose
account has ended. All of a file or nothing; the same file again changes nothing."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from api.auth.groups import GroupRoles, columns, follow
from models.access import Principal
from models.city_zone import zone_of_city
from models.errors import BadInput, Problem
from models.formats.accounts import Entry, read_accounts
from store.db import Database, Tx

FIELDS = ("name", "email", "title", "practice", "office")
NEEDED = ("name", "email", "practice", "office")  # of somebody new


@dataclass(frozen=True)
class Person:
    """What is stored of somebody."""

    person_id: str
    name: str
    email: str
    title: str
    practice: str
    office: str
    manager_id: str | None
    active: bool
    person: str  # whose account it is, where somebody has several


@dataclass
class PeopleTaken:
    """What a file changed, in people."""

    rows: int
    added: int = 0
    updated: int = 0
    deactivated: int = 0
    activated: int = 0
    roles_changed: int = 0
    dry_run: bool = False

    @property
    def changed(self) -> int:
        return self.added + self.updated + self.deactivated + self.activated + self.roles_changed


class _OnlyTrying(Exception):
    """Undoes a transaction that was only to show what it would do."""


def import_people(
    db: Database, principal: Principal, path: Path, groups: GroupRoles, *, dry_run: bool = False
) -> PeopleTaken:
    """Take the accounts in a file (docs/formats.md). `groups`: the roles that its groups give. `dry_run`: do
    it all, and undo it. Role: steward. Raises BadInput with every problem found; nothing was taken."""
    entries, problems = read_accounts(path)
    taken = PeopleTaken(rows=len(entries), dry_run=dry_run)
    with suppress(_OnlyTrying), db.tx(principal, "steward") as tx:
        tx.execute("importer.take_turn")
        known = {p.person_id: p for p in tx.rows("people.known", Person)}
        problems += _inconsistent(str(path), entries, known)
        if problems:
            raise BadInput(sorted(problems, key=lambda p: p.line))
        _write_people(tx, entries, known, taken)
        for entry in entries:
            _write_access(tx, entry, known.get(entry.person_id), groups, taken)
        tx.execute("importer.check_references")
        if dry_run:
            raise _OnlyTrying
        if taken.changed:
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            tx.audit("people.imported", "firm:people", sha256=sha256, **asdict(taken))
    return taken


def _inconsistent(file: str, entries: list[Entry], known: Mapping[str, Person]) -> Iterator[Problem]:
    """What only appears when the file is seen together with what is stored."""
    named = {e.user_name: e.person_id for e in entries}
    ids = {*known, *named.values()}
    moving = {e.person_id for e in entries if e.email}
    owners = {p.email.lower(): p.person_id for p in known.values() if p.person_id not in moving}
    practices = {p.practice for p in known.values()} | {e.practice for e in entries}
    offices = {p.office for p in known.values()} | {e.office for e in entries}
    for entry in entries:
        before = known.get(entry.person_id)
        if entry.person_id.startswith("service:"):
            yield Problem(file, entry.line, "externalId", "is the name of a service")
        for field in NEEDED if before is None and entry.active else ():
            if getattr(entry, field) is None:
                yield Problem(file, entry.line, entry.column_of(field), "needed for somebody new")
        if entry.email and (owner := owners.get(entry.email.lower(), entry.person_id)) != entry.person_id:
            yield Problem(file, entry.line, "emails.value", f"{entry.email} belongs to {owner} already")
        if entry.manager and entry.manager not in ids | named.keys():
            yield Problem(file, entry.line, "manager", f"there is no person {entry.manager}")
        if (entry.roles or entry.groups) and before and before.person != before.person_id:
            yield Problem(file, entry.line, "roles", f"is an account of {before.person}, who holds the roles")
        for grant in entry.roles or ():
            places = {"practice": practices, "office": offices}.get(grant.scope_kind)
            if places is not None and grant.scope_id not in places:
                yield Problem(file, entry.line, "roles", f"there is no {grant.scope_kind} {grant.scope_id}")


def _write_people(tx: Tx, entries: Iterable[Entry], known: Mapping[str, Person], taken: PeopleTaken) -> None:
    entries = [e for e in entries if e.active or e.person_id in known]  # who never was need not be ended
    named = {e.user_name: e.person_id for e in entries}
    wanted = [_wanted(e, known.get(e.person_id), named) for e in entries]
    changed = [p for p in wanted if p != known.get(p.person_id)]
    for office in sorted({p.office for p in changed}):
        tx.execute("people.add_office", office=office, timezone=zone_of_city(office))
    for person in changed:
        before = known.get(person.person_id)
        if before and before.email.lower() != person.email.lower():
            tx.execute("people.free_address", person_id=person.person_id)
    for person in changed:
        exists = person.person_id in known
        tx.execute("people.update" if exists else "people.add", **asdict(person))
        taken.updated += exists
        taken.added += not exists


def _wanted(entry: Entry, before: Person | None, named: Mapping[str, str]) -> Person:
    """The person as the file would have them; what it leaves out stays."""
    said = {f: v for f in FIELDS if (v := getattr(entry, f)) is not None}
    if entry.manager:
        said["manager_id"] = named.get(entry.manager, entry.manager)
    blank = Person(entry.person_id, "", "", "", "", "", None, active=True, person=entry.person_id)
    return replace(before or blank, **said)


def _write_access(
    tx: Tx, entry: Entry, before: Person | None, groups: GroupRoles, taken: PeopleTaken
) -> None:
    """Whether the account is active, and the roles of one that is."""
    subject = {"person_id": entry.person_id}
    if not entry.active:
        if before and tx.execute("people.deactivate", **subject):
            taken.deactivated += 1
            tx.audit("access.deactivated", f"person:{entry.person_id}")
        return
    if before and not before.active and tx.execute("people.activate", **subject):
        taken.activated += 1
        tx.audit("access.activated", f"person:{entry.person_id}")
    changed = 0
    if entry.roles is not None:
        asked = subject | columns(entry.roles)
        changed = tx.execute("people.drop_roles", **asked) + tx.execute("people.add_roles", **asked)
        if changed:
            roles = sorted(map(str, entry.roles))
            tx.audit("access.roles_recorded", f"person:{entry.person_id}", roles=roles)
    if entry.groups is not None:
        changed += follow(tx, entry.person_id, groups.of(entry.groups))
    taken.roles_changed += bool(changed)
