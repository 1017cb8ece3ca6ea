"""Prompts are versioned, owned and traceable; what ships in force is named."""

import re

import pytest

from prompts.loader import in_force, load, names, parsed, released, routing_examples, versions

NEXT = """---
owner: delivery-operations
changelog:
  1: First version.
  2: Shorter.
---
Be brief.
"""


def test_the_version_in_force_is_loaded_with_its_history() -> None:
    prompt = load("copilot")
    assert prompt == load("copilot", prompt.version)
    assert prompt.version == in_force()["copilot"]
    assert prompt.owner and prompt.changelog[prompt.version]
    assert re.fullmatch(rf"copilot/v{prompt.version}@{prompt.sha256[:8]}", prompt.label)
    assert not prompt.text.startswith("---")
    assert set(re.findall(r"\{(\w+)\}", prompt.text)) == {"name", "today", "timezone"}


def test_every_prompt_is_found_by_its_folder() -> None:
    assert {"copilot", "mcp/instructions"} <= set(names())
    assert "routing" not in names(), "examples are no prompt"
    assert versions("copilot")[0] == 1


@pytest.mark.parametrize("name", names())
def test_a_released_file_is_as_it_was_released(name: str) -> None:
    for version in versions(name):
        assert released()[f"{name}/v{version}"] == load(name, version).sha256


def test_a_version_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        load("copilot", 999)
    with pytest.raises(KeyError):
        versions("../store")


def test_a_prompt_is_read_from_its_text() -> None:
    prompt = parsed("copilot", 2, NEXT)
    assert (prompt.text, prompt.owner, prompt.content) == ("Be brief.", "delivery-operations", NEXT)
    assert prompt.label.startswith("copilot/v2@")


@pytest.mark.parametrize(
    ("version", "content", "reason"),
    [
        (3, NEXT, "its change log does not name it"),
        (2, "Be brief.", "no front matter"),
        (2, NEXT.replace("delivery-operations", "''"), "nobody owns it"),
    ],
)
def test_what_is_no_prompt(version: int, content: str, reason: str) -> None:
    with pytest.raises(ValueError):
        parsed("copilot", version, content)
        pytest.fail(reason)


def test_no_sentence_is_an_example_of_two_intents() -> None:
    sentences = [s.lower() for e in routing_examples() for s in e.sentences]
    assert len(sentences) == len(set(sentences))
