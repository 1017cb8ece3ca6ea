"""The tools' door with a witness beside it: every call goes through unaltered, and is noted."""

import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from evals.cases import Step
from models.access import Principal
from models.errors import ChargehandError
from store.db import Database, dumps
from tools.registry import Registry, Tool, ToolResult


class Witness(Registry):
    """A registry that is another one, but for telling what passes through it.

    Steps: `called` with the arguments, then `found` with the text and, as data, what was found for whom, or
    `refused` with what the person was told, then `proposed` for each proposal."""

    def __init__(self, of: Registry, tell: Callable[[Step], None]) -> None:
        self._of = of
        self._tell = tell

    def available(self, principal: Principal) -> list[Tool]:
        return self._of.available(principal)

    def get(self, name: str) -> Tool:
        return self._of.get(name)

    def call(
        self,
        db: Database,
        principal: Principal,
        name: str,
        arguments: dict[str, Any],
        *,
        thread_id: UUID | None = None,
        now: datetime | None = None,
    ) -> ToolResult:
        self._tell(Step(kind="called", by=name, text=f"for {principal.person_id}", data=_plain(arguments)))
        started = time.monotonic()
        try:
            result = self._of.call(db, principal, name, arguments, thread_id=thread_id, now=now)
        except ChargehandError as e:
            told = {"to": principal.person_id, "error": e.kind}
            self._tell(Step(kind="refused", by=name, text=e.sentence, data=told, milliseconds=_ms(started)))
            raise
        found = {
            "to": principal.person_id,
            "data": result.data,
            "citations": [c.model_dump(mode="json") for c in result.citations],
        }
        self._tell(
            Step(kind="found", by=name, text=result.text, data=_plain(found), milliseconds=_ms(started))
        )
        for proposal_id in result.proposals:
            self._tell(Step(kind="proposed", by=name, data={"proposal": str(proposal_id)}))
        return result


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """As JSON has it: logs hold nothing else."""
    plain: dict[str, Any] = json.loads(dumps(value))
    return plain


def _ms(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
