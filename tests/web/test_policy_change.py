"""A change of the policy, as those who must sign it read it."""

from playwright.sync_api import expect

from models.policy import PolicySet
from tests.web.conftest import Open, Served, told
from tests.workflow import firm
from workflow import policies


def changed() -> PolicySet:
    """The default policy with a higher threshold, another signer, a new rule and one less."""
    body = policies.default().model_dump(mode="json")
    rules = {r["name"]: r for r in body["rules"]}
    rules["small-change-order"]["when"]["amount_below"] = "25000"
    rules["small-change-order"]["because"] = "A change order under 25,000 EUR \u202eis small."
    rules["invoice-hold"]["gate"]["steps"][0]["comment_required"] = False
    rules["reminder"]["gate"]["steps"].append(
        {"name": "Account", "approvers": [{"relation": "account_owner"}]}
    )
    del rules["thin-margin-assignment"]
    first = {
        "name": "personal-data",
        "because": "Personal data is shown.",
        "when": {"sensitivity": ["personal"]},
        "gate": {"steps": [{"name": "Delivery", "approvers": [{"role": "delivery_director"}]}]},
    }
    return PolicySet.model_validate(body | {"rules": [first, *rules.values()]})


def test_who_signs_reads_what_changes_rule_by_rule(served: Served, visit: Open) -> None:
    workflow = served[0].workflow
    card = workflow.propose_policy(firm.principal("ada"), changed(), "Account owners asked for it.")
    page = visit("dora", f"/proposals/{card.proposal_id}")
    expect(page.get_by_role("heading", name="What changes")).to_be_visible()
    small = page.get_by_role("region", name="small-change-order")
    expect(small).to_contain_text("an amount under 10,000 EUR")
    expect(small).to_contain_text("an amount under 25,000 EUR")
    expect(small).to_contain_text("⟦U+202E⟧")
    expect(page.get_by_role("region", name="thin-margin-assignment")).to_contain_text("not there any more")
    expect(page.get_by_role("link", name="Edit")).to_have_count(0)
    page.get_by_label("Your comment").fill("Agreed.")
    page.get_by_role("button", name="Approve").click()
    told(page, "You signed it.")
    again = visit("dan", f"/proposals/{card.proposal_id}")
    again.get_by_label("Your comment").fill("Agreed.")
    again.get_by_role("button", name="Approve").click()
    expect(again.get_by_role("heading", name="What changed")).to_be_visible()
    assert workflow.card(firm.principal("ada"), card.proposal_id).state == "executed"
