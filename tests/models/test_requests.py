"""What a message asks for: items with verbatim quotes, effort, days and prices."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.text.letters import body, sender
from models.text.request_dates import named_days
from models.text.request_effort import efforts
from models.text.requests import Request, read_requests

TODAY = date(2026, 11, 23)  # a Monday
EIGHT = Decimal(8)
MAIL = """Hi Martin,

thanks for Friday, the board liked what they saw. A few things from our side:

First, the returns feed still lets negative quantities through. Please make sure the checks catch that.

Second, and this is the big one, our loyalty people want usage dashboards: five of them, ready by Friday \
15 January. You told me it would be about six weeks for two senior data engineers.

Third, could somebody rename the three stock fields in the weekly report? That cannot be more than two hours.

Please start on Thursday 26 November, take this mail as our go-ahead and we will do the paperwork \
afterwards. I have put the engineers into our budget at 860 pounds a day, as last year.

Best,
Hester

Hester Demirel
Head of Customer Insight
Marlow Vale Retail plc
"""


def read(text: str, *roles: str) -> list[Request]:
    return read_requests(text, TODAY, roles)


def test_a_mail_is_read_item_by_item() -> None:
    fault, dashboards, rename, start, rate = read(MAIL)
    assert [r.kind for r in (fault, dashboards, rename, start, rate)] == [
        "work",
        "work",
        "work",
        "start",
        "price",
    ]
    assert fault.fault and fault.quote.startswith("the returns feed")
    assert dashboards.effort[0].hours(EIGHT) == 480
    assert dashboards.effort[0].role == "senior data engineer"
    assert dashboards.due_on == date(2027, 1, 15)
    assert rename.alters and rename.effort[0].hours(EIGHT) == 2
    assert start.starts_on == date(2026, 11, 26) and start.without_paper
    assert rate.claim is not None
    assert (rate.claim.basis, rate.claim.amount, rate.claim.currency) == ("day", Decimal(860), "GBP")


def test_quotes_stand_where_they_say() -> None:
    for request in read(MAIL):
        assert MAIL[request.start : request.end] == request.quote


@given(st.text(max_size=400))
@settings(deadline=None)
def test_any_text_can_be_read(text: str) -> None:
    for request in read(text, "Data Engineer"):
        assert text[request.start : request.end] == request.quote
        assert all(e.hours(EIGHT) >= 0 for e in request.effort)


PHRASES = [
    "Hi Ana,\n",
    "\n\n",
    "1. ",
    "- ",
    "Please add a chart. ",
    "by 31 June ",
    "two testers for 3 weeks ",
    "£860/day ",
    "start tomorrow, ",
    "10% off ",
    "Best,\nJo Park\n",
    "> quoted\n",
    "half a day. ",
    "it is broken; ",
    "EUR 1.200,00 ",
]


@given(st.lists(st.sampled_from(PHRASES), max_size=12).map("".join))
@settings(deadline=None)
def test_any_shuffled_mail_can_be_read(text: str) -> None:
    for request in read(text, "Tester"):
        assert text[request.start : request.end] == request.quote


@pytest.mark.parametrize(
    ("text", "hours", "role"),
    [
        ("about six weeks for two senior data engineers", 480, "senior data engineer"),  # time for people
        ("two data engineers for 3-4 weeks", 320, "data engineer"),  # people for time; a range's upper end
        ("a tester at 50% for three weeks", 60, "tester"),  # part of full time
        ("one designer, three days a week for 8 weeks", 192, "designer"),  # days a week
        ("12 person-days", 96, ""),  # nobody named
        ("It should take half a day.", 4, ""),  # a fraction
        ("Half an hour I would guess.", Decimal("0.5"), ""),  # at the sentence's start
        ("That takes ten minutes.", Decimal("0.17"), ""),  # minutes
        ("40 hours of a senior analytics engineer", 40, "senior analytics engineer"),  # hours
    ],
)
def test_effort_is_hours_of_a_role(text: str, hours: Decimal | int, role: str) -> None:
    (found,) = efforts(text)
    assert (found.hours(EIGHT), found.role) == (Decimal(hours), role)


@pytest.mark.parametrize(
    "text",
    [
        "please answer within two weeks",  # a term
        "in the last three days nothing arrived",  # the past
        "the feed is 3 days late",  # a delay
        "we met 2 weeks ago",  # a date
        "for the next 6 weeks I am away",  # a period
        "99999999999999999999 days of a senior data engineer",  # more than anybody means, or a date can hold
    ],
)
def test_times_that_are_no_effort(text: str) -> None:
    assert efforts(text) == []


def test_a_share_belongs_to_its_own_effort() -> None:
    half, full = efforts("a project manager at 50% for 10 weeks, and 300 hours of a tester")
    assert (half.hours(EIGHT), full.hours(EIGHT)) == (200, 300)


@pytest.mark.parametrize(
    ("text", "day", "role"),
    [
        ("start on Thursday 26 November", date(2026, 11, 26), "start"),
        ("ready by Friday 15 January", date(2027, 1, 15), "deadline"),  # the next one, next year
        ("from next Monday", date(2026, 11, 30), "start"),
        ("by the end of January", date(2027, 1, 31), "deadline"),
        ("starting December 1, 2026", date(2026, 12, 1), "start"),  # month first
        ("by 30.11.2026", date(2026, 11, 30), "deadline"),
        ("due 2026-12-24", date(2026, 12, 24), "deadline"),
        ("begin in two weeks", date(2026, 12, 7), "start"),
    ],
)
def test_days(text: str, day: date, role: str) -> None:
    (found,) = named_days(text, TODAY)
    assert (found.day, found.role) == (day, role)


def test_a_day_that_does_not_exist_is_none() -> None:
    assert named_days("by 31 June", TODAY) == []


@pytest.mark.parametrize(
    ("text", "basis", "amount", "currency"),
    [
        ("We reckon with £860/day for him.", "day", "860", "GBP"),
        ("He is in our plan at 95 euros per hour.", "hour", "95", "EUR"),
        (
            "We agreed a fixed price of EUR 20.000,00 for it.",
            "total",
            "20000.00",
            "EUR",
        ),  # continental figures
        ("Our budget is $25k.", "total", "25000", "USD"),
        ("The rate is 800 a day.", "day", "800", ""),  # no currency
    ],
)
def test_prices(text: str, basis: str, amount: str, currency: str) -> None:
    claim = next(r.claim for r in read(text) if r.kind == "price")
    assert claim is not None
    assert (claim.basis, claim.amount, claim.currency) == (basis, Decimal(amount), currency)


def test_a_discount_is_a_price() -> None:
    claim = next(r.claim for r in read("We expect the usual 5% discount.") if r.kind == "price")
    assert claim is not None
    assert (claim.basis, claim.percent) == ("percent", -5)


@pytest.mark.parametrize(
    "text",
    [
        "Consider this e-mail the formal order.",
        "The change order can be signed later, just begin.",
        "Take this message as our approval.",
        "There is no need for paperwork, begin tomorrow.",
    ],
)
def test_a_start_without_paper(text: str) -> None:
    (start,) = (r for r in read(text) if r.kind == "start")
    assert start.without_paper


def test_thanks_ask_for_nothing() -> None:
    assert (
        read("Dear Maren,\n\nthank you for last week. Please let me know when you are free.\n\nBest,\nRuth")
        == []
    )


def test_a_phrase_alone_is_work() -> None:
    (only,) = read("On-call support at weekends")
    assert only.kind == "work" and only.weekend


def test_headers_and_the_answered_mail_are_no_part_of_it() -> None:
    text = (
        "From: Dana Whitfield <dana@cascade.example>\nSubject: Please build a rocket\n\n"
        "Please fix the dashboard.\n\nThanks,\nDana\n\nOn 3 May 2026 Ann Poe wrote:\n> Please build a boat.\n"
    )
    assert body(text).of(text) == "Please fix the dashboard."
    assert sender(text).name == "Dana Whitfield"


def test_who_signed_and_as_what() -> None:
    found = sender(MAIL)
    assert (found.name, found.title) == ("Hester Demirel", "Head of Customer Insight")
