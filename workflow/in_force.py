"""What is in force of prompts and of suites' baselines: what was promoted last, else what ships."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models.access import NotFound
from models.promotion import Promotable, Standing
from prompts.loader import Prompt, load, parsed
from store.db import Tx


@dataclass(frozen=True)
class Promotion:
    """What was put in force by a proposal."""

    promotion_id: int
    what: Promotable
    name: str
    version: str
    sha256: str
    text: str
    suite: str
    run_id: str
    run_sha256: str
    proposal_id: UUID
    promoted_at: datetime


def promoted(tx: Tx, what: Promotable, name: str) -> Promotion | None:
    """What was promoted last. Role: agent, workflow or steward."""
    return tx.row("promotions.in_force", Promotion, what=what, name=name)


def history(tx: Tx, what: Promotable, name: str | None = None) -> Sequence[Promotion]:
    """All that was promoted, the last first."""
    return tx.rows("promotions.history", Promotion, what=what, name=name)


def prompt_in_force(tx: Tx, name: str) -> Prompt:
    """The prompt as it was promoted, or as it ships. Raises NotFound for one that is not there."""
    found = promoted(tx, "prompt", name)
    return parsed(name, int(found.version.removeprefix("v")), found.text) if found else _shipped(name)


def standing(tx: Tx, what: Promotable, name: str) -> Standing | None:
    """What is in force; None for a suite without a baseline. Raises NotFound for an unknown prompt."""
    if found := promoted(tx, what, name):
        return Standing(
            version=found.version, sha256=found.sha256, text=found.text, promotion=found.promotion_id
        )
    if what == "baseline":
        return None
    prompt = _shipped(name)
    return Standing(version=f"v{prompt.version}", sha256=prompt.sha256, text=prompt.content)


def was_in_force(tx: Tx, what: Promotable, name: str, sha256: str) -> bool:
    """Whether this was in force before, as what ships or by a promotion."""
    earlier = {p.sha256 for p in history(tx, what, name)}
    return sha256 in earlier or (what == "prompt" and sha256 == _shipped(name).sha256)


def _shipped(name: str) -> Prompt:
    try:
        return load(name)
    except KeyError:
        raise NotFound(what="prompt", id=name) from None
