"""Prompt texts as files: `prompts/<name>/v<N>.md` with an owner, a change log and a hash, so that an answer
can be traced to the words that led to it; and the example sentences of the router,
`prompts/routing/<intent>.yaml`.

Which version is in force is said by `in_force.yaml`, and overridden by what an installation promoted
(workflow/promotions.py): a further file changes nothing by being there."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

_FILE = re.compile(r"^v(?P<version>\d+)\.md$")
_FRONT_MATTER = re.compile(r"\A---\n(?P<head>.*?)\n---\n(?P<body>.*)\Z", re.DOTALL)
_VERSIONS = TypeAdapter(dict[str, int])
_HASHES = TypeAdapter(dict[str, str])


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid")

    owner: str = Field(min_length=1)
    changelog: dict[int, str]  # version: what changed and why


@dataclass(frozen=True)
class Prompt:
    name: str
    version: int
    owner: str
    changelog: dict[int, str]
    text: str
    sha256: str  # of the whole file
    content: str  # the whole file

    @property
    def label(self) -> str:
        """What is recorded beside an answer, e.g. "copilot/v1@3f2a9c01"."""
        return f"{self.name}/v{self.version}@{self.sha256[:8]}"


class Examples(BaseModel):
    """Sentences that mean one intent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    intent: str
    about: str
    sentences: tuple[str, ...] = Field(min_length=10)


@cache
def names() -> tuple[str, ...]:
    """Of all prompts, e.g. 'copilot', 'mcp/bench_risk'."""
    return tuple(sorted(_names(files("prompts"), "")))


def versions(name: str) -> tuple[int, ...]:
    """The versions of a prompt, oldest first. Raises KeyError for a prompt that is not there."""
    return tuple(sorted(_files(name)))


@cache
def load(name: str, version: int | None = None) -> Prompt:
    """The prompt's version, by default the one that ships in force. Raises KeyError for one that is not
    there, ValueError for a file that is no prompt."""
    chosen = in_force()[name] if version is None else version
    return parsed(name, chosen, _files(name)[chosen].read_text(encoding="utf-8"))


def parsed(name: str, version: int, content: str) -> Prompt:
    """A prompt from its file's text. Raises ValueError for one without front matter, without an owner, or
    whose version its change log does not name."""
    parts = _FRONT_MATTER.match(content)
    if parts is None:
        raise ValueError(f"{name}/v{version}.md has no front matter")
    head = _Head.model_validate(yaml.safe_load(parts["head"]))
    if version not in head.changelog:
        raise ValueError(f"the change log of {name}/v{version}.md does not name version {version}")
    return Prompt(
        name,
        version,
        head.owner,
        head.changelog,
        parts["body"].strip(),
        hashlib.sha256(content.encode()).hexdigest(),
        content,
    )


@cache
def in_force() -> Mapping[str, int]:
    """The version of each prompt that ships in force."""
    return _VERSIONS.validate_python(_yaml("in_force.yaml"))


@cache
def released() -> Mapping[str, str]:
    """The sha256 of the file of each released version, by e.g. 'copilot/v1'."""
    return _HASHES.validate_python(_yaml("released.yaml"))


def _files(name: str) -> Mapping[int, Traversable]:
    if name not in names():
        raise KeyError(name)
    folder = files("prompts").joinpath(name)
    return {int(match["version"]): file for file in folder.iterdir() if (match := _FILE.match(file.name))}


def _names(folder: Traversable, path: str) -> list[str]:
    """Of the prompts in a folder and below it."""
    inside = list(folder.iterdir())
    own = [path] if any(_FILE.match(entry.name) for entry in inside) else []
    below = [_names(e, f"{path}/{e.name}".lstrip("/")) for e in inside if e.is_dir()]
    return [*own, *(name for found in below for name in found)]


def _yaml(name: str) -> object:
    return yaml.safe_load(files("prompts").joinpath(name).read_text(encoding="utf-8"))


@cache
def routing_examples() -> tuple[Examples, ...]:
    """The router's examples, by intent."""
    folder = files("prompts").joinpath("routing")
    return tuple(
        Examples.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
        for file in sorted(folder.iterdir(), key=lambda f: f.name)
        if file.name.endswith(".yaml")
    )
