"""What is wrong with the prompts as files, before anybody is asked to sign one."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from prompts.loader import in_force, load, names, released, versions

Severity = Literal[
    "error",  # must be mended before a release
    "note",  # e.g. a prompt that cannot be promoted
]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, with which version of which prompt."""

    severity: Severity
    prompt: str  # 'copilot/v2', or 'copilot' where it is about all of its versions
    says: str


def faults(suites: Mapping[str, Collection[str]]) -> list[Fault]:
    """Everything that is wrong, errors first. `suites`: by prompt, the suites that say they test it."""
    found = [
        *(fault for name in names() for version in versions(name) for fault in _of_version(name, version)),
        *(fault for name in names() for fault in _of_prompt(name, suites.get(name, ()))),
        *_of_lists(),
    ]
    return sorted(found, key=lambda f: f.severity != "error")


def _of_version(name: str, version: int) -> Iterator[Fault]:
    label = f"{name}/v{version}"
    try:
        prompt = load(name, version)
    except ValueError as e:
        yield Fault("error", label, " ".join(str(e).split()))
        return
    recorded = released().get(label)
    if recorded is None:
        says = f"is not released: add '{label}: {prompt.sha256}' to prompts/released.yaml with the release"
        yield Fault("error" if version == in_force().get(name) else "note", label, says)
    elif recorded != prompt.sha256:
        says = "was edited after its release: take the edit back and write it as the next version"
        yield Fault("error", label, says)
    for earlier, what in prompt.changelog.items():
        if earlier < version and earlier in versions(name) and load(name, earlier).changelog[earlier] != what:
            yield Fault(
                "error", label, f"its change log tells version {earlier} otherwise than that one does"
            )


def _of_prompt(name: str, suites: Collection[str]) -> Iterator[Fault]:
    if name not in in_force():
        yield Fault("error", name, "no version is in force: name one in prompts/in_force.yaml")
    elif in_force()[name] not in versions(name):
        yield Fault("error", name, f"version {in_force()[name]} is in force and not there")
    if not suites:
        yield Fault("note", name, "no suite tests it, so it cannot be promoted")


def _of_lists() -> Iterator[Fault]:
    """Versions that are listed and not there."""
    there = {f"{name}/v{version}" for name in names() for version in versions(name)}
    for label in sorted(set(released()) - there):
        yield Fault(
            "error", label, "was released and is gone: what was said with it cannot be traced any more"
        )
    for name in sorted(set(in_force()) - set(names())):
        yield Fault("error", name, "is named in prompts/in_force.yaml and not there")
