"""What auditors read in a browser: the log, one entry, the trail of a proposal, the policy."""

import json
import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import expect
from pydantic import SecretStr

from api.database import Place
from api.jobs.audit import anchor_now
from models.policy import PolicySet
from tests.web.conftest import Open, Served
from tests.workflow import firm
from workflow import policies
from workflow.cards import ProposalCard
from workflow.signing import SigningKey


@pytest.fixture
def assignment(served: Served) -> ProposalCard:
    return served[0].workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))


def test_the_audit_page_says_when_the_log_was_anchored(
    served: Served,
    visit: Open,
    assignment: ProposalCard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = served[0]
    anchored = app.settings.model_copy(
        update={"audit_anchors": tmp_path, "audit_key": SecretStr(SigningKey(bytes(32)).pem)}
    )
    page = visit("audrey", "/audit")
    expect(page.get_by_text("The log was never anchored.")).to_be_visible()
    name = anchor_now(app.db, anchored, datetime.now(UTC))
    page.reload()
    expect(page.get_by_text("Last anchored")).to_contain_text(name)
    app.workflow.pause(firm.principal("dora"), "crm", "Year end, by Dora")
    monkeypatch.setattr("api.routes.audit.GLANCE", 3)
    monkeypatch.setattr("workflow.anchors.PATIENCE", 0)
    page.reload()
    expect(page.get_by_text("An anchor is overdue.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Entries \d+ to \d+ hold"))).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="circuit.paused").first).to_contain_text(
        "Year end, by Dora"
    )


def test_the_log_is_narrowed_by_who_what_when_and_proposal(
    served: Served, visit: Open, assignment: ProposalCard
) -> None:
    served[0].workflow.pause(firm.principal("dora"), "crm", "Year end")
    page = visit("audrey", "/audit")
    rows = page.locator("table.audit tbody tr")
    page.get_by_label("Who").fill("dora d")
    page.get_by_role("button", name="Show").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("circuit.paused")
    page.get_by_role("link", name="Clear").click()
    page.get_by_label("What").fill("proposal")
    page.get_by_role("button", name="Show").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("proposal.submitted")
    page.get_by_label("About").fill(str(assignment.proposal_id))
    page.get_by_label("To").fill("2020-01-01")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="No entry fits these filters")).to_be_visible()
    page.get_by_label("To").fill("")
    page.get_by_role("button", name="Show").click()
    expect(rows).to_have_count(1)


def test_an_entry_shows_what_was_hashed_and_that_it_holds(
    served: Served, visit: Open, assignment: ProposalCard
) -> None:
    page = visit("audrey", "/audit?what=proposal.submitted")
    page.locator("table.audit tbody a").first.click()
    expect(page.get_by_text("Its text and the hash before it come to its hash.")).to_be_visible()
    text = page.locator("pre").first.inner_text()
    prev, own = page.locator("dl.facts code.wrap").all_inner_texts()
    assert sha256(bytes.fromhex(prev) + text.encode()).hexdigest() == own
    with psycopg.connect(served[0].place.admin, autocommit=True) as owner:
        owner.execute("alter table audit.event disable trigger all")
        owner.execute("update audit.event set surface = 'cli' where action = 'proposal.submitted'")
    page.reload()
    expect(page.get_by_text("This entry was altered.")).to_be_visible()
    page.goto(f"/audit/proposals/{assignment.proposal_id}")
    expect(page.get_by_text("An entry was altered.")).to_be_visible()


def test_the_trail_of_a_proposal_goes_from_what_was_asked_to_what_was_written(
    served: Served, visit: Open, assignment: ProposalCard
) -> None:
    served[0].workflow.decide(
        firm.principal("rita"),
        assignment.proposal_id,
        content_hash=assignment.content_hash,
        verdict="approve",
    )
    page = visit("audrey", f"/audit/proposals/{assignment.proposal_id}")
    steps = page.locator(".trail > li")
    expect(steps.first).to_contain_text("Asked for by Paula Pohl")
    expect(page.locator(".trail")).to_contain_text("Decided by Rita Roth")
    expect(steps.last).to_contain_text("in the Project system")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Export the entries").click()
    head, *lines = map(json.loads, Path(downloading.value.path()).read_text(encoding="utf-8").splitlines())
    assert head["entries"] == len(lines) >= 2
    for line in lines:
        assert sha256(bytes.fromhex(line["prev"]) + line["text"].encode()).hexdigest() == line["hash"]
    page.goto("/audit?what=proposal.exported")
    expect(page.locator("table.audit tbody tr").first).to_contain_text("Audrey Aue")


def test_the_policy_page_says_what_changed_and_who_could_sign(
    place: Place, served: Served, visit: Open
) -> None:
    body = policies.default().model_dump(mode="json")
    body["rules"] = [rule for rule in body["rules"] if rule["name"] != body["rules"][0]["name"]]
    gone = policies.default().rules[0].name
    with psycopg.connect(place.admin, autocommit=True) as owner:
        firm.put_in_force(owner, PolicySet.model_validate(body | {"name": "stricter"}))
    page = visit("audrey", "/audit/policies")
    expect(page.get_by_role("region", name="Differences")).to_contain_text(gone)
    who = page.get_by_role("region", name="Rules and people")
    expect(who).to_contain_text("Dora Dahl the firm")
    page.locator(".threads a").last.click()
    expect(page.get_by_text("It is the first version.")).to_be_visible()


def test_nobody_else_reads_it(visit: Open, assignment: ProposalCard) -> None:
    page = visit("rita", "/audit")
    for path in (
        "/audit",
        "/audit/entries/1",
        f"/audit/proposals/{assignment.proposal_id}",
        "/audit/policies",
    ):
        page.goto(path)
        expect(page.get_by_text("403")).to_be_visible()
