"""Days and periods as people say them, on Monday 23 November 2026."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.dates import Period, day, period, weeks

TODAY = date(2026, 11, 23)


def d(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        pytest.param("from Monday", "2026-11-30", None, id="today is Monday: the next one"),
        pytest.param("starting Friday for two weeks", "2026-11-27", "2026-12-10", id="weekday and length"),
        pytest.param("next month", "2026-12-01", "2026-12-31", id="a whole month"),
        pytest.param("from next month for three months", "2026-12-01", "2027-02-28", id="and a length"),
        pytest.param("for three months", None, None, id="from when is not said"),
        pytest.param("until end of March", None, "2027-03-31", id="only an end"),
        pytest.param("until the end of February", None, "2027-02-28", id="28 days"),
        pytest.param("from 3 March to mid-April", "2027-03-03", "2027-04-15", id="half a month"),
        pytest.param("from March to May", "2027-03-01", "2027-05-31", id="months as a range"),
        pytest.param("from November to February", "2026-11-01", "2027-02-28", id="over the new year"),
        pytest.param("between 3 and 14 March", "2027-03-03", "2027-03-14", id="the month is said once"),
        pytest.param("1 Dec - 18 Dec", "2026-12-01", "2026-12-18", id="dash"),
        pytest.param("from 2027-01-04 until 2027-02-26", "2027-01-04", "2027-02-26", id="ISO"),
        pytest.param("from 4/1/2027 till 26/2/2027", "2027-01-04", "2027-02-26", id="the day comes first"),
        pytest.param("from 1.12. to 31.1.", "2026-12-01", "2027-01-31", id="continental"),
        pytest.param("in Q2", "2027-04-01", "2027-06-30", id="a quarter that is over is next year's"),
        pytest.param("from the 1st", "2026-12-01", None, id="day of a month"),
        pytest.param("from the first of the month", "2026-12-01", None, id="in words"),
        pytest.param("the week of 9 December", "2026-12-07", "2026-12-11", id="Monday to Friday"),
        pytest.param("starting in two weeks", "2026-12-07", None, id="a day, not a length"),
        pytest.param("as soon as possible, for six weeks", "2026-11-23", "2027-01-01", id="from now"),
        pytest.param("the next 8 weeks", "2026-11-23", "2027-01-15", id="length from today"),
        pytest.param("20 hours a week until the end of June", None, "2027-06-30", id="a rate is no length"),
        pytest.param("three days a week", None, None, id="a rate alone"),
        pytest.param("may I ask who is free", None, None, id="the verb"),
        pytest.param("in May for six weeks", "2027-05-01", "2027-06-11", id="the month"),
        pytest.param("from 31 February", None, None, id="no such day"),
    ],
)
def test_what_is_ahead(said: str, first: str | None, last: str | None) -> None:
    assert period(said, TODAY) == Period(d(first), d(last))


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        pytest.param("last week's time", "2026-11-16", "2026-11-22", id="Monday to Sunday"),
        pytest.param("since Monday", "2026-11-16", "2026-11-23", id="the last one, until today"),
        pytest.param("in October", "2026-10-01", "2026-10-31", id="this year's"),
        pytest.param("in December", "2025-12-01", "2025-12-31", id="last year's"),
        pytest.param("the last two weeks", "2026-11-09", "2026-11-23", id="until today"),
        pytest.param("yesterday", "2026-11-22", "2026-11-22", id="one day"),
        pytest.param("this month", "2026-11-01", "2026-11-23", id="not beyond today"),
        pytest.param("May until March", "2026-05-01", "2026-11-23", id="a year later, but not beyond today"),
        pytest.param("since the beginning of the month", "2026-11-01", "2026-11-23", id="part of a month"),
    ],
)
def test_what_is_over(said: str, first: str, last: str) -> None:
    assert period(said, TODAY, "past") == Period(d(first), d(last))


@pytest.mark.parametrize(("said", "length"), [("next six weeks", 6), ("two months", 9), ("soon", None)])
def test_lengths_in_weeks(said: str, length: int | None) -> None:
    assert weeks(said) == length


_PARTS = st.sampled_from(
    [
        *("from", "until", "for", "in", "the", "next", "last", "end of", "beginning", "mid-", "March", "May"),
        *("Q3", "Monday", "3", "14", "31", "2027", "weeks", "months", "days", "a", "week", "two", "between"),
        *("and", "to", "-", "30.2.", "2027-02-30", "today", "since", "1st", "first"),
    ]
)


@settings(deadline=None)
@given(st.lists(_PARTS, max_size=9).map(" ".join) | st.text(max_size=40), st.sampled_from(["future", "past"]))
def test_any_text_gives_a_period_that_runs_forward(text: str, lean) -> None:
    found = period(text, TODAY, lean)
    if found.first and found.last:
        assert found.first <= found.last
    if lean == "past" and found.last and (found.first or TODAY) <= TODAY:
        assert found.last <= TODAY


@settings(deadline=None)
@given(st.dates(TODAY, TODAY + timedelta(days=3000)))
def test_dates_as_they_are_written_are_read_back(when: date) -> None:
    for said in (when.isoformat(), f"{when.day} {when:%B} {when.year}", f"{when:%B} {when.day}, {when.year}"):
        assert day(f"from {said}", TODAY) == when
