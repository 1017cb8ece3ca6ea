"""Promotions as they are asked for: a prompt that was measured, and a run as a baseline."""

from hashlib import sha256
from typing import Any

from models.access import Grant, Principal
from models.actions import PromoteVersion
from models.promotion import Standing
from prompts.loader import load
from tests.models.test_actions import EXAMPLES, MEASURED

SHIPPED = load("copilot")
SECOND = SHIPPED.content.replace("changelog:\n", "changelog:\n  2: Kinder.\n").replace(
    "Be brief", "Be brief and kind"
)
THIRD = SHIPPED.content.replace("changelog:\n", "changelog:\n  3: Shorter.\n").replace("Be brief", "Be terse")
FIRST_STANDS = Standing(version="v1", sha256=SHIPPED.sha256, text=SHIPPED.content)
DINA = Principal("dina", "Dina Daum", (Grant("data_scientist", "firm"),), "cli")


def sha(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def prompt(text: str = SECOND, version: str = "v2", **changes: Any) -> PromoteVersion:
    """The copilot's prompt in another version, in place of the one that ships."""
    return PromoteVersion.model_validate(
        {**EXAMPLES["promote_version"], "text": text, "sha256": sha(text), "version": version}
        | {"replaces": FIRST_STANDS}
        | changes
    )


def baseline(run: str = "run-1", **changes: Any) -> PromoteVersion:
    """A run as the baseline of the routing suite, its first one."""
    measured = {**MEASURED, "run_id": run, "sha256": sha(run)}
    return PromoteVersion.model_validate(
        {"what": "baseline", "name": "routing", "version": run, "sha256": sha(run), "measured": measured}
        | {"replaces": None, "why": "The first that counts."}
        | changes
    )
