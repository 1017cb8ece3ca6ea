"""App Home: the personal queue."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from api.slack import home
from api.slack.home import Filter
from tests.chat.cards import ASKED_AT, EXPIRES_AT, ZONE, who
from tests.slack.block_kit import check_view
from tests.slack.test_cards import URL, links, texts
from tests.workflow import firm
from workflow.cards import Page, ProposalSummary


def summary(**changes: Any) -> ProposalSummary:
    return ProposalSummary.model_validate(
        {
            "proposal_id": uuid4(),
            "title": "Carl Cole on Aurora",
            "action_kind": "create_assignment",
            "state": "pending",
            "version": 1,
            "amount": firm.eur("15360"),
            "project_id": "aurora",
            "practice": "Data",
            "proposer": who("paula"),
            "created_at": ASKED_AT,
            "state_since": ASKED_AT,
            "expires_at": EXPIRES_AT,
            "step": 0,
            "steps_total": 2,
            "waits_for_me": True,
            "why_you": "You manage the people of Data.",
            "risk": 0.5,
            "likeness": "x",
            "ranked_at": EXPIRES_AT,
        }
        | changes
    )


MINE = Filter()


def view(
    *items: ProposalSummary, after: str | None = None, chosen: Filter = MINE, waiting: int = 0
) -> dict[str, Any]:
    found = home.view(Page(items=items, after=after), chosen, waiting, ZONE, URL)
    check_view(found)
    return found


def text_of(found: dict[str, Any]) -> str:
    return "\n".join(texts(found["blocks"]))


def test_a_line_says_what_how_much_until_when_and_why_the_reader() -> None:
    found = view(summary(proposal_id=UUID(int=1)), waiting=1)
    assert "Carl Cole on Aurora" in text_of(found)
    assert (
        "Assignment · EUR 15,360.00 · Paula Pohl · step 1 of 2 · expires 8 Jan 2027, 17:00 CET"
        " · why you: You manage the people of Data."
    ) in text_of(found)
    assert "Waits for me (1)" in text_of(found)
    shown = next(b["accessory"] for b in found["blocks"] if "accessory" in b)
    assert (shown["action_id"], shown["value"]) == (home.SHOW, str(UUID(int=1)))


@pytest.mark.parametrize(("count", "after"), [(40, "more"), (41, None), (500, None)])
def test_more_than_it_holds_is_on_the_web(count: int, after: str | None) -> None:
    found = view(*[summary() for _ in range(count)], after=after, chosen=Filter(kind="create_assignment"))
    assert "More than 40: open the inbox" in text_of(found)
    assert links(found["blocks"]) == [f"{URL}/inbox?box=mine&kind=create_assignment"]


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (Filter(), "Nothing waits for your signature."),
        (Filter(box="asked"), "Ask for a shortlist, a change order or a reminder"),
        (Filter(box="all"), "No proposals yet."),
        (Filter(kind="register_risk"), "Nothing here is of the kind Risk."),
    ],
)
def test_where_there_is_nothing_it_says_what_to_do(chosen: Filter, said: str) -> None:
    assert said in text_of(view(chosen=chosen))


def actions(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    row = next(b for b in found["blocks"] if b["type"] == "actions")
    return {e["action_id"]: e for e in row["elements"]}


def test_filters_add_up_from_press_to_press() -> None:
    found = view()
    asked = Filter.chosen(actions(found)["home.box.asked"], found)
    assert asked == Filter(box="asked")
    found = view(chosen=asked)
    assert actions(found)["home.box.asked"]["style"] == "primary"
    menu = actions(found)[home.KIND]
    risks = {**menu, "selected_option": next(o for o in menu["options"] if o["value"] == "register_risk")}
    both = Filter.chosen(risks, found)
    assert both == Filter(box="asked", kind="register_risk")
    every = {**menu, "selected_option": menu["options"][0]}
    assert Filter.chosen(every, view(chosen=both)) == asked


@pytest.mark.parametrize(
    "action",
    [
        {"action_id": "home.box.everything"},
        {"action_id": home.KIND, "selected_option": {"value": "undo_everything"}},
    ],
)
def test_a_filter_that_is_not_ours_is_refused(action: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Filter"):
        Filter.chosen(action, {})


def test_what_waits_for_others_says_so_where_all_are_listed() -> None:
    found = view(summary(), summary(waits_for_me=False), summary(state="executed"), chosen=Filter(box="all"))
    assert all(said in text_of(found) for said in ("waits for you", "waits for others", "Done"))
