"""The firm's files: what is documented is what is read."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.formats.firm import FILES, skills_wanted

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "formats.md"


@pytest.mark.parametrize("file", FILES)
def test_the_documentation_names_each_column_its_key_and_whether_it_may_be_empty(file: str) -> None:
    section = DOCUMENTATION.read_text(encoding="utf-8").split(f"### {file}\n")[1].split("\n##")[0]
    named: dict[str, str] = {}
    for names, value in re.findall(r"^\| ([a-z_,* ]+) \| (.*) \|$", section, re.MULTILINE):
        named |= {name.strip(): value for name in names.split(",")}
    del named["column"]
    spec = FILES[file]
    expected = [f"**{c.name}**" if c.name in spec.key else c.name for c in spec.columns]
    assert sorted(named) == sorted(expected)
    for column in spec.columns:
        if column.name not in spec.key:
            assert column.required != bool(re.search(r"\bempty\b", named[column.name])), column.name
        for choice in column.choices:
            assert f"`{choice}`" in section


NAMES = st.text(alphabet=st.characters(exclude_characters=";", exclude_categories=["Cs"])).map(str.strip)


@given(st.dictionaries(NAMES.filter(bool), st.integers(1, 5)))
def test_skills_wanted_reads_what_was_written(wanted: dict[str, int]) -> None:
    assert skills_wanted(";".join(f"{name}:{level}" for name, level in wanted.items())) == wanted


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("dbt", "no level"),
        ("dbt:", "an empty level"),
        (":3", "an empty name"),
        ("dbt:0", "below the least level"),
        ("dbt:6", "above the greatest"),
        ("dbt:3.5", "no whole number"),
        ("dbt:3; dbt :4", "one skill twice"),
    ],
)
def test_other_texts_are_no_skills(text: str, why: str) -> None:
    with pytest.raises(ValueError, match="skill"):
        skills_wanted(text)
