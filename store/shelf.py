"""The shelf of fitted models: kept in the database with a card, so that every process serves the same one.

A model is stored as a joblib pickle. Loading a pickle runs code, which is why only the steward and the worker
may write here, and why the artifact's sha256 is checked by the database."""

import io
from dataclasses import dataclass
from typing import Any, Literal

import joblib

from store.db import Tx

ModelState = Literal["serving", "refused", "retired"]


@dataclass(frozen=True)
class Shelved:
    """A model as it stands on the shelf."""

    name: str
    version: int
    card: dict[str, Any]  # data hash, time range, metrics beside the baseline, code version
    model: Any


@dataclass(frozen=True)
class Refused:
    """The newest model did not beat its baseline and is not served; its card says why."""

    name: str
    version: int
    card: dict[str, Any]


class Shelf:
    """Serves models to the tools; remembers what it has loaded, by version."""

    def __init__(self) -> None:
        self._loaded: dict[str, Shelved] = {}

    def serving(self, tx: Tx, name: str) -> Shelved | Refused | None:
        """The model in service; Refused when there is none because the newest failed its baseline; None when
        none was ever fitted."""
        head = tx.row("shelf.newest", _Head, name=name)
        if head is None:
            return None
        if head.state == "refused":
            return Refused(name, head.version, head.card)
        held = self._loaded.get(name)
        if held is None or held.version != head.version:
            artifact = tx.value("shelf.artifact", name=name, version=head.version)
            held = Shelved(name, head.version, head.card, joblib.load(io.BytesIO(artifact)))
            self._loaded[name] = held
        return held


@dataclass(frozen=True)
class _Head:
    version: int
    state: ModelState
    card: dict[str, Any]


def put(tx: Tx, name: str, model: object, card: dict[str, Any], state: ModelState) -> int:
    """Add a model as the newest version; its number. A serving model retires the one before it."""
    buffer = io.BytesIO()
    joblib.dump(model, buffer, compress=3)
    if state == "serving":
        tx.execute("shelf.retire", name=name)
    version: int = tx.value("shelf.put", name=name, state=state, card=card, artifact=buffer.getvalue())
    tx.audit("model.shelved", f"model:{name}", version=version, state=state, metrics=card.get("metrics"))
    return version
