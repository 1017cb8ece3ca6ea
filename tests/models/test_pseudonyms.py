"""Nobody is recognised in an export, and one thing stays one thing."""

import json

import pytest

from models.overrides import CATEGORIES, category, counted
from models.pseudonyms import Known, Pseudonyms

KNOWN = [
    Known("person", "P-1", "Carl Cole"),
    Known("person", "P-2", "Gráinne Ó Dálaigh"),
    Known("client", "acme", "Acme Holdings"),
    Known("project", "PJ-7", "Aurora"),
    Known("invoice", "INV-9", None),
]


@pytest.fixture
def pseudonyms() -> Pseudonyms:
    return Pseudonyms(KNOWN, b"salt")


@pytest.mark.parametrize(
    "words",
    [
        "Carl Cole is needed on Aurora.",
        "CARL is busy; ask Gráinne.",
        "acme holdings (PJ-7) did not pay INV-9",
        "Write to carl.cole@example.com or call +49 30 1234567",
        "Dear Mr Smith, Herr Schmidt asked",
    ],
)
def test_no_name_and_no_id_is_left(pseudonyms: Pseudonyms, words: str) -> None:
    left = pseudonyms.text(words).casefold()
    for hidden in (
        "carl",
        "cole",
        "gráinne",
        "aurora",
        "acme",
        "pj-7",
        "inv-9",
        "example",
        "1234567",
        "smith",
    ):
        assert hidden not in left
    assert "schmidt" not in left


def test_words_that_are_nobodys_stay(pseudonyms: Pseudonyms) -> None:
    words = "The dates are wrong: start after 4 January, 32 hours a week."
    assert pseudonyms.text(words) == words


def test_one_person_is_one_pseudonym_under_one_salt(pseudonyms: Pseudonyms) -> None:
    action = {"person_id": "P-1", "person_name": "Carl Cole", "hours": "32", "requested_by": "Jane Doe"}
    hidden = pseudonyms.json(action)
    assert hidden["person_id"] == hidden["person_name"] == f"person:{pseudonyms.of('P-1')}"
    assert (hidden["hours"], hidden["requested_by"]) == ("32", "[name]")
    assert Pseudonyms(KNOWN, b"other").json(action)["person_id"] != hidden["person_id"]


def test_an_id_is_hidden_also_when_the_records_do_not_know_it(pseudonyms: Pseudonyms) -> None:
    hidden = json.dumps(
        pseudonyms.json({"owner_id": "gone", "subjects": ["left"], "deep": [{"entry_id": "t-1"}]})
    )
    assert "gone" not in hidden and "left" not in hidden and "t-1" not in hidden


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("The rate is too high", "amount"),
        ("Agree the start with the client first", "client"),
        ("Carl is needed on Borealis", "person"),
        ("We did this already", "duplicate"),
        ("Friendlier: they are good people.", "wording"),
        ("Against clause 7.2", "policy"),
        ("No.", "other"),
    ],
)
def test_reasons_are_sorted_by_their_words(reason: str, expected: str) -> None:
    assert category(reason) == expected


def test_counts_come_in_a_fixed_order() -> None:
    assert list(counted(["No.", "too late", "no", "the rate"])) == ["amount", "timing", "other"]
    assert set(counted(["x"])) <= set(CATEGORIES)
