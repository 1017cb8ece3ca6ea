"""One's own queue: what waits for one's signature with the reason, and what one asked for with its state."""

from tests.firm_fixtures import Firm
from workflow.read import card


def test_both_ends_of_a_proposal_see_it_in_their_box(own_firm: Firm) -> None:
    firm = own_firm
    person = firm.lines("bench")[0]["person_id"]
    made = firm.call("resource_manager", "propose_development", person=person, skill="dbt")
    with firm.db.tx(firm.person("resource_manager"), "agent") as tx:
        shown = card(tx, made.proposals[0])
    approver = shown.steps[0].approvers[0]

    asked = firm.call("resource_manager", "my_proposals", box="asked")
    assert [p["proposal_id"] for p in asked.data["proposals"]] == [str(made.proposals[0])]
    assert "pending" in asked.text
    waits = firm.call(approver.person.person_id, "my_proposals", box="mine")
    assert [p["proposal_id"] for p in waits.data["proposals"]] == [str(made.proposals[0])]
    assert approver.why in waits.text


def test_an_empty_box_is_told_as_one(firm: Firm) -> None:
    assert firm.call("finance", "my_proposals").text == "Nothing waits for your signature."
    assert "not proposed anything" in firm.call("finance", "my_proposals", box="asked").text
