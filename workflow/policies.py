"""Policies in force: loaded whole, kept for ever, pinned by the proposals made under them."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from models.policy import PolicySet, body_sha, policy_sha
from models.policy_text import parse_policy
from store.db import Tx
from workflow.errors import NoPolicy, PolicyAltered


@dataclass(frozen=True)
class _Stored:
    sha256: str
    body: Mapping[str, Any]


def default() -> PolicySet:
    """The policy that ships with Chargehand."""
    return parse_policy(
        files("workflow").joinpath("default_policy.yaml").read_text(encoding="utf-8"), "default_policy.yaml"
    )


def load(tx: Tx, policy: PolicySet) -> str:
    """Put a policy in force for what is proposed from now on; its sha256. Role: steward.

    What is already proposed keeps the version it was proposed under."""
    sha256 = policy_sha(policy)
    before = tx.value("policies.active_sha256")
    tx.execute("policies.keep", sha256=sha256, name=policy.name, body=policy.model_dump(mode="json"))
    tx.execute("policies.activate", sha256=sha256)
    if before != sha256:
        tx.audit("policy.loaded", f"policy:{sha256}", name=policy.name, before=before)
    return sha256


def active(tx: Tx) -> tuple[PolicySet, str]:
    """The policy in force and its sha256. Raises NoPolicy, PolicyAltered."""
    stored = tx.row("policies.active", _Stored)
    if stored is None:
        raise NoPolicy
    return _checked(stored), stored.sha256


def pinned(tx: Tx, sha256: str) -> PolicySet:
    """The policy of a version. Raises PolicyAltered, also when it is gone."""
    return _checked(tx.row("policies.version", _Stored, sha256=sha256) or _Stored(sha256, {}))


def _checked(stored: _Stored) -> PolicySet:
    """The stored policy, whose version is that of its text: fields that came to be since do not alter it."""
    try:
        policy = PolicySet.model_validate(stored.body)
    except ValueError as e:
        raise PolicyAltered(sha256=stored.sha256) from e
    if body_sha(stored.body) != stored.sha256:
        raise PolicyAltered(sha256=stored.sha256)
    return policy
