"""A step that asks for evidence, signed on its page; and why this gate, in the facts' values."""

import psycopg
from playwright.sync_api import expect

from api.database import Place
from models.policy import PolicySet
from tests.web.conftest import Open, Served, told
from tests.workflow import firm
from workflow import policies

RULE = {
    "name": "large",
    "because": "A large assignment is signed with what it rests on.",
    "when": {"action": ["create_assignment"], "amount_at_least": "15000", "contract_kind": ["framework"]},
    "gate": {
        "steps": [
            {
                "name": "Practice",
                "approvers": [{"relation": "practice_lead"}],
                "evidence_required": True,
            },
            {"name": "All directors", "approvers": [{"role": "delivery_director"}], "signatures": "all"},
        ]
    },
}


def test_a_signature_with_what_it_rests_on(place: Place, served: Served, visit: Open) -> None:
    body = policies.default().model_dump(mode="json")
    last = body["rules"].pop()
    last["gate"]["steps"][0]["signatures"] = "all"
    with psycopg.connect(place.admin, autocommit=True) as owner:
        firm.put_in_force(owner, PolicySet.model_validate(body | {"rules": [RULE, *body["rules"], last]}))
    workflow = served[0].workflow
    card = workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))
    page = visit("leo", f"/proposals/{card.proposal_id}")
    why = page.locator(".reason", has_text="Why this gate")
    expect(why).to_contain_text("amount 15,360 EUR is at least 15,000 EUR")
    expect(why).to_contain_text("contract framework")
    expect(page.get_by_text("0 of all 2")).to_be_visible()
    approve = page.locator("#approve")
    approve.get_by_label("Kind").select_option("ticket")
    page.get_by_role("button", name="Approve").click()
    assert page.evaluate("document.activeElement.name") == "evidence_reference", "the field asks for it"
    approve.get_by_label("Where it can be looked up").fill("OPS-17")
    page.get_by_role("button", name="Approve").click()
    told(page, "You signed it.")
    expect(page.get_by_text("Ticket: OPS-17")).to_be_visible()
