"""Policies in force: kept whole and for ever, pinned by the proposals made under them. The first one is
loaded; every other is put in force by signatures (workflow/policy_change.py)."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from models.policy import LEAST_SIGNATURES, Facts, PolicySet, body_sha, policy_sha, policy_text, signatures
from models.policy_match import gate_for
from models.policy_text import parse_policy
from store.db import Tx
from workflow.errors import NeverToChange, NoPolicy, PolicyAltered, PolicyInForce


@dataclass(frozen=True)
class _Stored:
    sha256: str
    body: Mapping[str, Any]


def default() -> PolicySet:
    """The policy that ships with Chargehand."""
    return parse_policy(default_text(), "default_policy.yaml")


def default_text() -> str:
    """Its YAML, with what it says to those who adapt it."""
    return files("workflow").joinpath("default_policy.yaml").read_text(encoding="utf-8")


def load(tx: Tx, policy: PolicySet) -> str:
    """Put the first policy in force; its sha256. Loading what is in force already does nothing.

    Role: steward. Raises PolicyInForce, NeverToChange."""
    check_can_change(policy)
    sha256 = policy_sha(policy)
    before = tx.value("policies.active_sha256")
    if before == sha256:
        return sha256
    if not tx.value("policies.bootstrap", sha256=sha256, policy=policy_text(policy)):
        raise PolicyInForce(sha256=tx.value("policies.active_sha256"))
    tx.audit("policy.loaded", f"policy:{sha256}", name=policy.name)
    return sha256


def check_can_change(policy: PolicySet) -> None:
    """Raises NeverToChange for a policy under which no other could be put in force any more."""
    gate = gate_for(policy, Facts(action="change_policy")).gate
    if signatures(gate) < LEAST_SIGNATURES["change_policy"]:
        raise NeverToChange


def active(tx: Tx) -> tuple[PolicySet, str]:
    """The policy in force and its sha256. Raises NoPolicy, PolicyAltered."""
    stored = tx.row("policies.active", _Stored)
    if stored is None:
        raise NoPolicy
    return _checked(stored), stored.sha256


def pinned(tx: Tx, sha256: str) -> PolicySet:
    """The policy of a version. Raises PolicyAltered, also when it is gone."""
    return _checked(tx.row("policies.version", _Stored, sha256=sha256) or _Stored(sha256, {}))


def known(tx: Tx, sha256: str, digest: str | None) -> PolicySet:
    """The policy of a version, which is read once as long as its stored text has this digest (md5, by the
    database: it tells an alteration from none, and `pinned` tells the right text from any other).

    Raises PolicyAltered."""
    if digest is None:
        return pinned(tx, sha256)
    if (sha256, digest) not in _known:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[sha256, digest] = pinned(tx, sha256)
    return _known[sha256, digest]


_MOST_KNOWN = 64
_known: dict[tuple[str, str], PolicySet] = {}


def _checked(stored: _Stored) -> PolicySet:
    """The stored policy, whose version is that of its text: fields that came to be since do not alter it."""
    try:
        policy = PolicySet.model_validate(stored.body)
    except ValueError as e:
        raise PolicyAltered(sha256=stored.sha256) from e
    if body_sha(stored.body) != stored.sha256:
        raise PolicyAltered(sha256=stored.sha256)
    return policy
