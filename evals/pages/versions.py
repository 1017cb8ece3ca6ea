"""What decided a run's figures, line by line, so that two runs can be laid beside each other."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from evals.runs import Run
from prompts import loader

_LABEL = re.compile(r"(?P<name>.+)/v(?P<version>\d+)@(?P<sha>[0-9a-f]+)")
_SHORT = 12  # of a hash
_HASH = re.compile(r"[0-9a-f]{64}")


def versions_of(run: Run) -> dict[str, str]:
    """By name, e.g. "prompt copilot": "copilot/v1@3f2a9c01: first version"."""
    facts = run.facts
    epochs = "one epoch" if facts.epochs == 1 else f"{facts.epochs} epochs"
    size = f"{'small, ' if facts.small else ''}{facts.cases} cases, {epochs}"
    return {
        "subject": facts.subject,
        **dict(_flat(facts.versions)),
        "code": facts.code,
        "size": size,
        "cases": facts.cases_sha256[:_SHORT],
        "own records": ", ".join(f"{n} {sha[:_SHORT]}" for n, sha in facts.own_records.items()) or "none",
        "sha256": run.sha256[:_SHORT],
    }


def _flat(versions: Mapping[str, Any], under: str = "") -> Iterator[tuple[str, str]]:
    """Without what is not set."""
    for name, value in versions.items():
        path = f"{under}{name.replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path} ")
        elif value is not None:
            yield path, _told(str(value))


def _told(value: str) -> str:
    if _HASH.fullmatch(value):
        return value[:_SHORT]
    return f"{value}: {change}" if (change := _change(value)) else value


def _change(label: str) -> str:
    """The change log's line on a version of a prompt; '' for what is none, or is not what it was."""
    if not (match := _LABEL.fullmatch(label)):
        return ""
    version = int(match["version"])
    try:
        prompt = loader.load(match["name"], version)
    except (KeyError, OSError, ValueError):
        return ""
    return prompt.changelog[version] if prompt.sha256.startswith(match["sha"]) else ""
