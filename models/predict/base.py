"""What the predictive models share: how they tell how far they are, and how they are kept on disk."""

import hashlib
import json
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import joblib

from models.errors import ChargehandError

CARD, FITTED = "card.json", "model.joblib"
# A pickled model is only good for the libraries it was fitted with.
LIBRARIES = ("numpy", "pandas", "scikit-learn")


class Progress(Protocol):
    """Told of each step of a long computation: what is being done, and how many of how many parts are."""

    def __call__(self, what: str, done: int, total: int) -> None: ...


def silent(what: str, done: int, total: int) -> None:
    """Tells nobody."""


class NoFittedModel(ChargehandError):
    """There is no fitted model in {directory}: give what it can be fitted on."""

    status = 404
    retry = "with a fix"


class UnusableModel(ChargehandError):
    """The model in {directory} cannot be used ({reason}): fit it again."""

    status = 409
    retry = "with a fix"


@dataclass(frozen=True)
class Card:
    """What a kept model is: its task, the version of the code that fits it, and what it was fitted on."""

    task: str
    version: int
    data_hash: str  # SHA-256 over the files it was fitted on, in order
    fitted_at: str
    libraries: dict[str, str]
    model_hash: str = ""  # SHA-256 of the fitted model's file
    until: str = ""  # the last day of what it was fitted on; empty where the records have no days

    @classmethod
    def of(cls, task: str, code_version: int, sources: Iterable[Path], until: date | None = None) -> "Card":
        """The card of a model that is about to be fitted on these files, whose newest record is of that
        day."""
        libraries = {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}
        return cls(
            task,
            code_version,
            hash_files(sources),
            datetime.now(UTC).isoformat("T", "seconds"),
            libraries,
            until=until.isoformat() if until else "",
        )

    def stale_because(self, task: str, code_version: int) -> str | None:
        """Why a model with this card cannot serve the task here, if it cannot."""
        here = Card.of(task, code_version, ())
        for what, kept, wanted in (
            ("task", self.task, task),
            ("code version", self.version, code_version),
            ("libraries", self.libraries, here.libraries),
        ):
            if kept != wanted:
                return f"{what} {kept}, here {wanted}"
        return None


def hash_files(paths: Iterable[Path]) -> str:
    """SHA-256 over the contents of files, in order."""
    total = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def save(model: object, card: Card, directory: Path) -> None:
    """Keeps a fitted model and its card in a directory, which is made where there is none.

    The card is written last and holds the model's hash, so that a save that was cut short is seen."""
    directory.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, directory / FITTED, compress=3)
    kept = {**asdict(card), "model_hash": hash_files([directory / FITTED])}
    (directory / CARD).write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def load_card(directory: Path) -> Card | None:
    """The card of the model kept in a directory; None where none is."""
    try:
        return Card(**json.loads((directory / CARD).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise UnusableModel(directory=str(directory), reason=f"{CARD} is not a model's card") from error


def load(directory: Path, task: str, code_version: int) -> Any:
    """The fitted model kept in a directory.

    A model is a pickle, which can run code when it is read: load only what you or your own jobs have saved.

    Raises:
        NoFittedModel: where the directory holds none.
        UnusableModel: where it is of another task, other code or other libraries, or not what was saved.
    """
    card = load_card(directory)
    if card is None:
        raise NoFittedModel(directory=str(directory))
    reason = card.stale_because(task, code_version)
    if reason is None and hash_files([directory / FITTED]) != card.model_hash:
        reason = f"{FITTED} is not the file that was saved"
    if reason:
        raise UnusableModel(directory=str(directory), reason=reason)
    return joblib.load(directory / FITTED)
