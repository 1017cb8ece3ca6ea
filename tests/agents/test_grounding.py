"""Which numbers of a text stand in what the tools found."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.grounding import ungrounded
from models.evidence import RecordCitation
from tools.registry import ToolResult

FOUND = ToolResult(
    text="Two invoices are open; the oldest was due on 2026-10-12.",
    data={
        "invoices": [
            {"invoice_id": "INV-2041", "amount": "9200.00", "late": 0.62},
            {"invoice_id": "INV-2050", "amount": "18,250.50", "days": 41},
        ]
    },
    citations=(RecordCitation(record="invoice", id="INV-2041", says="due 2026-10-12"),),
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("INV-2041 over EUR 9,200 was due on 12 October 2026.", id="thousands and dates"),
        pytest.param("INV-2050: 18 250.50, expected in 41 days.", id="blank as a separator"),
        pytest.param("It is about 18.3k.", id="rounded, in thousands"),
        pytest.param("With 62% it will be late.", id="a share in per cent"),
        pytest.param("Both of the two are open.", id="a list, counted"),
        pytest.param("1. INV-2041\n2. INV-2050", id="numbers of a list are no numbers"),
        pytest.param("It will be late.", id="no number at all"),
    ],
)
def test_grounded(text: str) -> None:
    assert ungrounded(text, [FOUND]) == []


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        pytest.param("It costs 9,300.", ["9,300"], id="another amount"),
        pytest.param("INV-2099 is open.", ["INV-2099"], id="another invoice"),
        pytest.param("Expect it in 40 days.", ["40"], id="nearly"),
        pytest.param("Three invoices are open.", ["Three"], id="in words"),
        pytest.param("That is 27,450.50 in all.", ["27,450.50"], id="a sum it worked out itself"),
        pytest.param("It is 62 EUR.", ["62"], id="a share is no amount"),
    ],
)
def test_ungrounded(text: str, unknown: list[str]) -> None:
    assert ungrounded(text, [FOUND]) == unknown


def test_nothing_found_grounds_nothing() -> None:
    assert ungrounded("There are 5.", []) == ["5"]


@settings(deadline=None)
@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_a_number_that_was_found_is_grounded_however_it_is_written(value: Decimal) -> None:
    found = ToolResult(text="", data={"value": str(value)})
    for written in (f"{value}", f"{value:,}", f"{value:,.2f} EUR"):
        assert ungrounded(f"The sum is {written} now", [found]) == []


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_can_be_checked(text: str) -> None:
    ungrounded(text, [FOUND])
