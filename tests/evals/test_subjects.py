"""Subjects from words and from a matrix: what is measured is named, hashed, and never holds a key."""

from decimal import Decimal
from pathlib import Path

import pytest

from evals.subjects import Subject, SubjectWrong, matrix, subject
from models.policy import policy_sha
from workflow.policies import default, default_text


def test_without_more_the_rules_under_the_policy_that_ships() -> None:
    found = subject("rules")
    assert found == Subject() and found.settings() is None
    assert found.versions()["policy"] == policy_sha(default())
    assert found.label == "rules"


def test_an_endpoint_with_its_prompt_and_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-nobody")
    found = subject("model=m,base_url=http://127.0.0.1:1/v1,prompt.copilot=1,prices.input=2,prices.output=10")
    settings = found.settings()
    assert settings and (settings.model, settings.api_key) == ("m", "sk-of-nobody")
    assert found.label == "m copilot/v1"
    assert found.cost(1_000_000, 100_000) == Decimal("3")
    assert "sk-of-nobody" not in str(found.versions()) + found.model_dump_json()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("model=m,what", "has no '='", id="half a pair"),
        pytest.param("colour=red", "colour", id="no part of a subject"),
        pytest.param("model=m,temperature=9", "temperature", id="too hot"),
        pytest.param("model=m,prompt.copilot=999", "not found", id="a version that is not there"),
        pytest.param("policy=/nowhere.yaml", "not found", id="a file that is not there"),
    ],
)
def test_what_names_no_subject_says_why(text: str, reason: str) -> None:
    with pytest.raises(SubjectWrong, match=reason):
        subject(text)


def test_a_matrix_is_every_combination(tmp_path: Path) -> None:
    looser = tmp_path / "looser.yaml"
    looser.write_text(default_text().replace('"50000"', '"500000"', 1), encoding="utf-8")
    file = tmp_path / "matrix.yaml"
    file.write_text(f"model: [rules, m]\npolicy: [null, {looser}]\nprompt.copilot: 1\n", encoding="utf-8")
    found = matrix(file)
    assert [(s.model, s.policy) for s in found] == [
        ("rules", None),
        ("rules", looser),
        ("m", None),
        ("m", looser),
    ]
    assert all(s.prompt == {"copilot": 1} for s in found)
    assert len({s.label for s in found}) == len({str(s.versions()) for s in found}) == 4


def test_a_matrix_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    (tmp_path / "matrix.yaml").write_text("- rules\n", encoding="utf-8")
    with pytest.raises(SubjectWrong, match="no mapping"):
        matrix(tmp_path / "matrix.yaml")
