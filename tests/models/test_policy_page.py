"""docs/policy.md: its examples are policies, and it leaves no word of the language out."""

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from models.policy import ApproverSource, Condition, Gate, PolicySet, Relation, Rule, Sensitivity, Step
from models.policy_text import parse_policy

PAGE = Path("docs/policy.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
FIRST_CELLS = {
    word.strip()
    for line in PAGE.splitlines()
    if line.startswith("|")
    for word in line.split("|")[1].removeprefix(" relation: ").split(",")
}


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_each_example_is_a_policy(example: str) -> None:
    assert parse_policy(example, "docs/policy.md").rules


@pytest.mark.parametrize("model", [PolicySet, Rule, Condition, Gate, Step])
def test_each_key_has_its_row(model: type[BaseModel]) -> None:
    assert set(model.model_fields) <= FIRST_CELLS


def test_each_source_and_relation_has_its_row() -> None:
    sources = set(ApproverSource.model_fields) - {"relation"}
    assert sources | set(get_args(Relation)) <= FIRST_CELLS


@pytest.mark.parametrize("kind", get_args(Sensitivity))
def test_each_kind_of_data_is_explained(kind: str) -> None:
    assert f"`{kind}`" in PAGE
