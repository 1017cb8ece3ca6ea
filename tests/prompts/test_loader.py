"""Prompts are versioned, owned and traceable."""

import re

import pytest

from prompts.loader import load, routing_examples


def test_the_newest_version_is_loaded_with_its_history() -> None:
    prompt = load("copilot")
    assert prompt == load("copilot", prompt.version)
    assert prompt.owner and prompt.changelog[prompt.version]
    assert re.fullmatch(rf"copilot/v{prompt.version}@{prompt.sha256[:8]}", prompt.label)
    assert not prompt.text.startswith("---")
    assert set(re.findall(r"\{(\w+)\}", prompt.text)) == {"name", "today", "timezone"}


def test_a_version_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        load("copilot", 999)


def test_no_sentence_is_an_example_of_two_intents() -> None:
    sentences = [s.lower() for e in routing_examples() for s in e.sentences]
    assert len(sentences) == len(set(sentences))
