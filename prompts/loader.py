"""Prompt texts as files: `prompts/<name>/v<N>.md` with an owner, a change log and a hash, so that an answer
can be traced to the words that led to it; and the example sentences of the router,
`prompts/routing/<intent>.yaml`."""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict, Field

_FILE = re.compile(r"^v(?P<version>\d+)\.md$")
_FRONT_MATTER = re.compile(r"\A---\n(?P<head>.*?)\n---\n(?P<body>.*)\Z", re.DOTALL)


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid")

    owner: str
    changelog: dict[int, str]  # version: what changed and why


@dataclass(frozen=True)
class Prompt:
    name: str
    version: int
    owner: str
    changelog: dict[int, str]
    text: str
    sha256: str  # of the whole file

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
def load(name: str, version: int | None = None) -> Prompt:
    """The prompt's version, by default the newest. Raises KeyError for one that is not there, ValueError for
    a file without its front matter or whose version its change log does not name."""
    found = {
        int(match["version"]): file
        for file in files("prompts").joinpath(name).iterdir()
        if (match := _FILE.match(file.name))
    }
    chosen = max(found) if version is None else version
    content = found[chosen].read_text(encoding="utf-8")
    parts = _FRONT_MATTER.match(content)
    if parts is None:
        raise ValueError(f"{name}/v{chosen}.md has no front matter")
    head = _Head.model_validate(yaml.safe_load(parts["head"]))
    if chosen not in head.changelog:
        raise ValueError(f"the change log of {name}/v{chosen}.md does not name version {chosen}")
    return Prompt(
        name,
        chosen,
        head.owner,
        head.changelog,
        parts["body"].strip(),
        hashlib.sha256(content.encode()).hexdigest(),
    )


@cache
def routing_examples() -> tuple[Examples, ...]:
    """The router's examples, by intent."""
    folder = files("prompts").joinpath("routing")
    return tuple(
        Examples.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
        for file in sorted(folder.iterdir(), key=lambda f: f.name)
        if file.name.endswith(".yaml")
    )
