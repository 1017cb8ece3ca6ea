"""What is measured: which model talks, with which prompts, under which policy, with which fitted models."""

import hashlib
import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.endpoint import ModelSettings
from models.errors import ChargehandError, Retry
from models.policy import PolicySet, policy_sha
from models.policy_text import parse_policy
from prompts.loader import Prompt, load
from workflow.policies import default

RULES = "rules"  # the deterministic planner


class SubjectWrong(ChargehandError):
    """'{text}' names no subject: {reason}. Write e.g. rules, or
    model=NAME,base_url=http://127.0.0.1:8080/v1,prompt.copilot=2,policy=policy.yaml."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class Subject(BaseModel):
    """One point of a matrix. The key of an endpoint comes from OPENAI_API_KEY alone and is stored nowhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = RULES
    base_url: str | None = None
    temperature: float = Field(default=0, ge=0, le=2)
    prompt: Mapping[str, int] = {}  # versions by name; the others are those in force
    policy: Path | None = None  # the shipped one if not given
    models: Mapping[str, Path] = {}  # fitted ones by suite: folders of `chargehand score --model`
    prices: Mapping[str, float] = {}  # 'input' and 'output' for a million tokens
    user: Mapping[str, str] = {}  # 'model' and 'base_url' of what words the simulated people; empty: nothing

    @cached_property
    def label(self) -> str:
        """What it is called in lists, e.g. "rules", "qwen3:8b copilot/v2"."""
        prompts = [f"{name}/v{version}" for name, version in sorted(self.prompt.items())]
        policies = [f"policy {policy_sha(self.policy_set())[:8]}"] if self.policy else []
        fitted = [f"{name} {path.name}" for name, path in sorted(self.models.items())]
        user = [f"user {self.user['model']}"] if self.user else []
        return " ".join([self.model, *prompts, *policies, *fitted, *user])

    def settings(self) -> ModelSettings | None:
        """How to reach the language model; None for the rules."""
        if self.model == RULES:
            return None
        return ModelSettings(
            model=self.model,
            base_url=self.base_url,
            api_key=os.environ.get("OPENAI_API_KEY", ""),
            temperature=self.temperature,
        )

    def user_settings(self) -> ModelSettings | None:
        """How to reach the language model that words what simulated people say; None: their own words."""
        if not self.user:
            return None
        return ModelSettings(
            model=self.user["model"],
            base_url=self.user.get("base_url"),
            api_key=os.environ.get("OPENAI_API_KEY", ""),
        )

    def prompt_of(self, name: str) -> Prompt:
        return load(name, self.prompt.get(name))

    def policy_set(self) -> PolicySet:
        """The approval policy. Raises what reading its file raises."""
        if self.policy is None:
            return default()
        return parse_policy(self.policy.read_text(encoding="utf-8"), str(self.policy))

    def cost(self, input_tokens: int, output_tokens: int) -> Decimal | None:
        """Of one answer, by the price list; None without one."""
        if not self.prices:
            return None
        a_million = (input_tokens, self.prices.get("input", 0)), (output_tokens, self.prices.get("output", 0))
        return sum((Decimal(n) * Decimal(str(price)) / 1_000_000 for n, price in a_million), Decimal(0))

    def versions(self) -> dict[str, Any]:
        """All that decides what it answers, with hashes: what a run keeps of it."""
        return {
            **self.model_dump(mode="json", exclude={"policy", "models"}),
            "prompt": {name: self.prompt_of(name).label for name in sorted({"copilot", *self.prompt})},
            "policy": policy_sha(self.policy_set()),
            "models": {name: _sha(path) for name, path in sorted(self.models.items())},
        }


def subject(text: str) -> Subject:
    """A subject from words: "rules", a model's name, or `key=value` pairs with commas between. Raises
    SubjectWrong."""
    if "=" not in text:
        return Subject(model=text.strip())
    tree: dict[str, Any] = {}
    for part in text.split(","):
        key, equals, value = part.partition("=")
        if not equals:
            raise SubjectWrong(text=text, reason=f"'{part}' has no '='")
        group, dot, name = key.strip().partition(".")
        if dot:
            tree.setdefault(group, {})[name] = value.strip()
        else:
            tree[group] = value.strip()
    return _subject(tree, text)


def matrix(path: Path) -> tuple[Subject, ...]:
    """Every combination of a YAML file's lists: `{model: [rules, qwen3:8b], "prompt.copilot": [1, 2]}`; what
    is no list holds for all. Raises SubjectWrong."""
    read = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(read, dict):
        raise SubjectWrong(text=str(path), reason="it is no mapping of names to lists")
    return tuple(_subject(tree, str(path)) for tree in _combinations(read))


def _combinations(lists: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    choices: Sequence[Sequence[Any]] = [v if isinstance(v, list) else [v] for v in lists.values()]
    for chosen in itertools.product(*choices):
        tree: dict[str, Any] = {}
        for key, value in zip(lists, chosen, strict=True):
            group, dot, name = key.partition(".")
            if dot:
                tree.setdefault(group, {})[name] = value
            else:
                tree[group] = value
        yield tree


def _subject(tree: Mapping[str, Any], text: str) -> Subject:
    try:
        found = Subject.model_validate(tree)
        found.versions()
    except ValidationError as e:
        first = e.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SubjectWrong(text=text, reason=f"{where}: {first['msg']}") from e
    except (KeyError, OSError) as e:
        raise SubjectWrong(text=text, reason=f"not found: {e}") from e
    return found


def _sha(folder: Path) -> str:
    """Of the files of a folder, by name."""
    digest = hashlib.sha256()
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(json.dumps([file.relative_to(folder).as_posix(), file.stat().st_size]).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
