"""The review queue: a folder with one JSON file a candidate. Nobody sees half a file, two who work on it at
once take turns, and what was collected twice is there once."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes
from typing import Any, ClassVar

from pydantic import ValidationError

from evals.growing.candidates import TEXTS, Act, Candidate, State, checked
from models.errors import ChargehandError, Retry

if sys.platform != "win32":
    import fcntl


class UnknownCandidate(ChargehandError):
    """There is no candidate {candidate}, or more than one begins so: list them with 'chargehand eval
    candidates list'."""

    status = 404
    retry: ClassVar[Retry] = "with a fix"


class AlreadyReviewed(ChargehandError):
    """The candidate {candidate} is {state} already: nothing was changed."""

    status = 409


class MayBePersonal(ChargehandError):
    """The candidate {candidate} may hold personal data: {words}. Take it out with 'edit', or say that it is
    none with 'edit --clear'."""

    status = 409
    retry: ClassVar[Retry] = "with a fix"


class EditWrong(ChargehandError):
    """The edit of {candidate} was not taken: {reason}"""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class Queue:
    """The candidates of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, found: Iterable[Candidate], by: str) -> int:
        """Keep those that are not there yet; how many those were."""
        added = 0
        with self.turn():
            for candidate in found:
                if not self._file(candidate.id).exists():
                    self._write(candidate, Act(act="collected", at=datetime.now(UTC), by=by))
                    added += 1
        return added

    def all(self, state: State | None = None) -> list[Candidate]:
        """Those in a state, or all, the oldest week first."""
        found = [_read(file) for file in self._folder.glob("[!.]*.json")]
        return sorted((c for c in found if state in (None, c.state)), key=lambda c: (c.week, c.event, c.id))

    def get(self, id_: str) -> Candidate:
        """The one whose id begins so. Raises UnknownCandidate."""
        files = list(self._folder.glob(f"{id_}*.json")) if id_.isalnum() else []
        if len(files) != 1:
            raise UnknownCandidate(candidate=id_)
        return _read(files[0])

    def edit(
        self, id_: str, by: str, changes: Mapping[str, Any], *, why: str = "", clear: bool = False
    ) -> Candidate:
        """Change texts of a waiting candidate, or clear it: what then still looks personal stays to be
        cleared, unless whoever edits says that it is nobody. Raises UnknownCandidate, AlreadyReviewed,
        EditWrong."""
        with self.turn():
            candidate = self._waiting(id_)
            if unknown := sorted(set(changes) - set(TEXTS)):
                raise EditWrong(
                    candidate=candidate.id, reason=f"{unknown[0]} is not one of {', '.join(TEXTS)}."
                )
            try:
                edited = Candidate.model_validate({**candidate.model_dump(), **changes})
            except ValidationError as e:
                raise EditWrong(candidate=candidate.id, reason=str(e.errors()[0]["msg"])) from e
            edited = edited.model_copy(update={"left": ()}) if clear else checked(edited)
            act = Act(act="cleared" if clear else "edited", at=datetime.now(UTC), by=by, why=why)
            return self._write(edited, act)

    def accept(self, candidate: Candidate, by: str, why: str) -> Candidate:
        """Note that it became a case. Call it within `turn`. Raises AlreadyReviewed, MayBePersonal."""
        self.acceptable(candidate.id)
        act = Act(act="accepted", at=datetime.now(UTC), by=by, why=why)
        return self._write(candidate.model_copy(update={"state": "accepted"}), act)

    def acceptable(self, id_: str) -> Candidate:
        """The candidate, if nothing speaks against making a case of it. Raises UnknownCandidate,
        AlreadyReviewed, MayBePersonal."""
        candidate = self._waiting(id_)
        if candidate.flagged:
            words = "; ".join(f"'{left.words}' ({left.where}: {left.why})" for left in candidate.left)
            raise MayBePersonal(candidate=candidate.id, words=words)
        return candidate

    def reject(self, id_: str, by: str, why: str) -> Candidate:
        """Keep it from becoming a case. Raises UnknownCandidate, AlreadyReviewed."""
        with self.turn():
            candidate = self._waiting(id_)
            act = Act(act="rejected", at=datetime.now(UTC), by=by, why=why)
            return self._write(candidate.model_copy(update={"state": "rejected"}), act)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the folder. The kernel frees it when the holder dies."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / ".lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _waiting(self, id_: str) -> Candidate:
        candidate = self.get(id_)
        if candidate.state != "waiting":
            raise AlreadyReviewed(candidate=candidate.id, state=candidate.state)
        return candidate

    def _file(self, id_: str) -> Path:
        return self._folder / f"{id_}.json"

    def _write(self, candidate: Candidate, act: Act) -> Candidate:
        kept = candidate.model_copy(update={"history": (*candidate.history, act)})
        replace(self._file(kept.id), kept.model_dump_json(indent=1) + "\n")
        return kept


def salt_of(file: Path) -> bytes:
    """The installation's salt, made when first asked for: under it an override keeps its pseudonym from one
    collection to the next. Whoever has it and the records can tell who is who."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_bytes()
    with os.fdopen(descriptor, "wb") as new:
        salt = token_bytes(32)
        new.write(salt)
    return salt


def replace(file: Path, text: str) -> None:
    """Write a file as a whole, for its owner to read."""
    part = file.with_name(f".{file.name}.{os.getpid()}")
    part.touch(mode=0o600)
    part.write_text(text, encoding="utf-8")
    part.replace(file)


def _read(file: Path) -> Candidate:
    return Candidate.model_validate_json(file.read_text(encoding="utf-8"))
