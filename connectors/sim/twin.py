"""The simulated systems themselves, without a wire: what they accept, what a write changes, and how each of
them is made to fail."""

import hashlib
import json
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.ports import (
    PORTS,
    UNDONE_REF,
    Assignment,
    ChangeOrder,
    Contract,
    Employee,
    Invoice,
    Resource,
    SystemRecord,
    TimeEntry,
    Verb,
)
from connectors.sim.book import Book, Entry, KeyReused
from models.actions import SYSTEMS, System

READABLE: Mapping[System, Mapping[Resource, type[SystemRecord]]] = {
    "crm": {"contracts": Contract, "change-orders": ChangeOrder},
    "psa": {"assignments": Assignment, "time-entries": TimeEntry},
    "erp": {"invoices": Invoice},
    "hris": {"employees": Employee},
}
WRITABLE: Mapping[System, Mapping[Resource, type[BaseModel]]] = {
    system: {o.resource: o.takes for o in port.operations.values()} for system, port in PORTS.items()
}
_VERBS: Mapping[Resource, Verb] = {
    o.resource: o.undo.verb for port in PORTS.values() for o in port.operations.values() if o.undo
}
_ENVELOPE = {
    "version": 1,
    "updated_at": datetime.min.replace(tzinfo=UTC),
}  # which planted records come without
_MINUTE = 60.0


class Faults(BaseModel):
    """How a system misbehaves. The default is: not at all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    down: bool = False  # answers 503
    ignore_keys: bool = False  # knows no idempotency keys: a repeat makes a second record
    slow_seconds: float = Field(default=0.0, ge=0)  # before a write is committed, whoever still waits for it
    lose_replies: float = Field(
        default=0.0, ge=0, le=1
    )  # the share of writes that are committed, not answered
    lost_how: Literal["drop", "hang"] = "drop"  # the connection is cut, or stays open without a word
    reject: str = ""  # the reason for which every write is refused
    writes_per_minute: int | None = Field(default=None, ge=0)


class Declined(Exception):
    """The system answers that it will not, or cannot now."""

    def __init__(self, status: int, reason: str, retry_after: float | None = None) -> None:
        self.status = status  # HTTP
        self.reason = reason
        self.retry_after = retry_after  # seconds
        super().__init__(reason)


@dataclass(frozen=True)
class Kept:
    """The outcome of a write."""

    entry: Entry
    replayed: bool
    reply_lost: bool


class Seed(BaseModel):
    """Records to start with, each with its `id`, by system and resource."""

    model_config = ConfigDict(extra="forbid")

    records: dict[System, dict[Resource, list[dict[str, Any]]]]


class Twin:
    """The firm's four systems of record, simulated. Threads may share it."""

    def __init__(self, path: Path | None, *, ignore_keys: bool = False, seed: int | None = None) -> None:
        """`path`: the SQLite file; None keeps everything in memory. `seed` repeats which replies are lost."""
        self.book = Book(path)
        self._healthy = Faults(ignore_keys=ignore_keys)
        self.faults: dict[System, Faults] = dict.fromkeys(SYSTEMS, self._healthy)
        self._chance = random.Random(seed)
        self._counting = threading.Lock()
        self._writing = threading.Lock()  # apart, because it is held while the disk is written to
        self._recent: dict[System, list[float]] = {system: [] for system in SYSTEMS}  # writes, by the clock

    def heal(self) -> None:
        """No faults any more."""
        self.faults = dict.fromkeys(SYSTEMS, self._healthy)

    def check_up(self, system: System) -> None:
        """Raises Declined while the system is down."""
        if self.faults[system].down:
            raise Declined(503, "closed for maintenance")

    def admit_write(self, system: System) -> Faults:
        """How the system will treat this write, whatever changes until it is committed.

        Raises Declined while the system takes no write, or not so many."""
        self.check_up(system)
        faults, now = self.faults[system], time.monotonic()
        limit = faults.writes_per_minute
        with self._counting:
            recent = self._recent[system] = [at for at in self._recent[system] if at > now - _MINUTE]
            if limit is not None and len(recent) >= limit:
                oldest = recent[-limit] if limit else now
                raise Declined(429, "too many writes", retry_after=oldest + _MINUTE - now)
            recent.append(now)
        return faults

    def write(
        self,
        system: System,
        resource: Resource,
        body: Mapping[str, Any],
        external_ref: str,
        key: str | None,
        faults: Faults,
    ) -> Kept:
        """Commit a write that was admitted. Raises Declined where the system refuses it."""
        if faults.reject:
            raise Declined(422, faults.reject)
        try:
            WRITABLE[system][resource].model_validate(body)
        except KeyError:
            raise Declined(405, f"{resource} are not written here") from None
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, wrong["loc"]))
            raise Declined(422, f"{where}: {wrong['msg']}" if where else wrong["msg"]) from None
        with self._writing:
            entry, replayed = self._commit(
                system, resource, body, external_ref, None if faults.ignore_keys else key
            )
            return Kept(entry, replayed, reply_lost=self._chance.random() < faults.lose_replies)

    def undo(
        self, system: System, resource: Resource, id: str, verb: str, reference: str, faults: Faults
    ) -> Kept:
        """Take a record back that a client wrote, once. Raises Declined where the system refuses it."""
        if faults.reject:
            raise Declined(422, faults.reject)
        if resource not in WRITABLE[system] or _VERBS.get(resource) != verb:
            raise Declined(405, f"{resource} know no {verb}")
        with self._writing:
            held = self.book.get(system, resource, id)
            if held is None:
                raise Declined(404, f"no record {id} among the {resource}")
            undone_by = held.body.get(UNDONE_REF)
            if undone_by is None:
                self._restore_subject(held)
                self.book.put([(system, resource, id, {UNDONE_REF: reference})])
            elif undone_by != reference:
                raise Declined(409, f"{id} was taken back already ({verb})")
            now = self.book.get(system, resource, id)
            assert now is not None  # nothing is ever deleted here
            return Kept(now, undone_by is not None, reply_lost=self._chance.random() < faults.lose_replies)

    def plant(self, seed: Seed) -> int:
        """Put records in, or change those that are there, as somebody else would who works in the system; how
        many. Raises ValueError, and takes none, when one is not of the form that the ports read."""
        planted = [
            (system, resource, record)
            for system, resources in seed.records.items()
            for resource, records in resources.items()
            for record in records
        ]
        for system, resource, record in planted:
            if resource not in READABLE[system]:
                raise ValueError(f"the {system} has no {resource} to plant")
            READABLE[system][resource].model_validate({**record, **_ENVELOPE})
        self.book.put(
            (system, resource, record["id"], {k: v for k, v in record.items() if k != "id"})
            for system, resource, record in planted
        )
        return len(planted)

    def _commit(
        self, system: System, resource: Resource, body: Mapping[str, Any], external_ref: str, key: str | None
    ) -> tuple[Entry, bool]:
        """The record, and whether an earlier request with this key had made it."""
        request = json.dumps([resource, body, external_ref], sort_keys=True)
        sha256 = hashlib.sha256(request.encode()).hexdigest()
        try:
            if key is not None and (earlier := self.book.replay(system, key, sha256)):
                return earlier, True
        except KeyReused:
            raise Declined(422, "the idempotency key was used for another request") from None
        self._settle_subject(resource, body)
        used = None if key is None else (key, sha256)
        return self.book.add(system, resource, body, external_ref, used), False

    def _settle_subject(self, resource: Resource, body: Mapping[str, Any]) -> None:
        """What a write does to the record that it is about, where that one is known. Raises Declined where
        that record does not allow it."""
        if resource in ("reminders", "invoice-holds"):
            invoice = self.book.get("erp", "invoices", body["invoice_id"])
            if invoice and (paid_on := invoice.body.get("paid_on")):
                raise Declined(422, f"invoice {invoice.id} was paid on {paid_on}")
            if invoice and resource == "invoice-holds":
                self.book.put([("erp", "invoices", invoice.id, {"on_hold": True})])
        elif resource == "returned-entries" and self.book.get("psa", "time-entries", body["entry_id"]):
            self.book.put([("psa", "time-entries", body["entry_id"], {"state": "returned"})])

    def _restore_subject(self, held: Entry) -> None:
        """What taking a record back does to the one that it is about. Raises Declined where that does not
        allow it."""
        if held.resource == "change-orders" and (invoiced_on := held.body.get("invoiced_on")):
            raise Declined(422, f"{held.id} was invoiced on {invoiced_on}")
        if held.resource == "invoice-holds":
            held_by = [
                e
                for e in self.book.list("erp", "invoice-holds", None, limit=-1)
                if e.body["invoice_id"] == held.body["invoice_id"] and UNDONE_REF not in e.body
            ]
            if held_by == [held] and self.book.get("erp", "invoices", held.body["invoice_id"]):
                self.book.put([("erp", "invoices", held.body["invoice_id"], {"on_hold": False})])
        elif held.resource == "returned-entries" and self.book.get(
            "psa", "time-entries", held.body["entry_id"]
        ):
            self.book.put([("psa", "time-entries", held.body["entry_id"], {"state": "submitted"})])
