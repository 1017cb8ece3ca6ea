"""One request has one state on every surface: asked in Slack, to be signed in Slack, in Teams and on the web,
signed in Teams; everybody hears of it where they are, once."""

from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.slack.people import buttons, words
from tests.surfaces.installation import Installation
from tests.workflow import firm

Body = dict[str, Any]
AMIR = "a:amir"  # his chat with the bot in Teams
OPEN = "select 1 from workflow.delivery where surface = %s and state in ('ready', 'leased')"


@pytest.fixture
def people(installation: Installation) -> Installation:
    """Amir has the bot in Teams; Fay and he are in Slack. Rita is reached in neither."""
    installation.teams.member("amir")
    installation.in_teams("amir", type="installationUpdate", action="add")
    installation.until(lambda: installation.teams.messages(AMIR))
    return installation


def ask(here: Installation, invoice: str) -> tuple[str, UUID]:
    """Fay asks in Slack; the thread, and what was proposed."""
    slack = here.slack
    said = slack.said("UFAY", f"Send a reminder for invoice {invoice}")
    assert slack.event(said).status_code == 200
    find = "select proposal_id from workflow.proposal where title like '%%' || %s || '%%'"
    ((proposal_id,),) = here.until(lambda: here.query(find, invoice))
    return str(said["ts"]), proposal_id


def slack_card(here: Installation, invoice: str) -> Body | None:
    """Amir's card of it in Slack."""
    chat = here.slack.chat_of("UAMIR")
    return next((m for m in here.slack.messages(chat) if invoice in words(m)), None)


def teams_card(here: Installation, invoice: str) -> Body | None:
    """Amir's card of it in Teams."""
    shown = (a["content"] for m in here.teams.messages(AMIR) for a in m.get("attachments", ()))
    return next((card for card in shown if invoice in str(card)), None)


def verbs(card: Body | None) -> dict[str, Body]:
    """What can be pressed on a card in Teams, by verb."""
    found = [a for a in (card or {}).get("actions", ()) if a["type"] == "Action.Execute"]
    return {a["verb"]: a for a in found}


def approve_of(message: Body) -> str:
    return str(next(b["action_id"] for b in buttons(message) if "approve" in b["action_id"]))


def can_approve_in_slack(card: Body | None) -> bool:
    return any("approve" in b["action_id"] for b in buttons(card or {}))


def sign_in_teams(here: Installation, invoice: str) -> Body:
    pressed = verbs(teams_card(here, invoice))["approve"]
    value = {"action": {k: pressed[k] for k in ("type", "verb", "data")}}
    reply = here.in_teams("amir", type="invoke", name="adaptiveCard/action", value=value)
    answer: Body = reply.json()
    return answer


def heard_in_thread(here: Installation, root: str) -> list[str]:
    """What Fay's thread in Slack was told after the answer."""
    found = [m for m in here.slack.messages(here.slack.chat_of("UFAY")) if m.get("thread_ts") == root]
    return [words(m) for m in found]


def written(here: Installation, invoice: str) -> int:
    """How many reminders the system of record was given."""
    return sum(invoice in str(entry.as_json()) for entry in here.twin.book.written())


def state(here: Installation, proposal_id: UUID) -> str:
    return str(here.query("select state from workflow.proposal where proposal_id = %s", proposal_id)[0][0])


def page_of(here: Installation, chromium: Browser, person: str, path: str) -> Page:
    page = chromium.new_context(base_url=here.url).new_page()
    page.goto(here.sign_in_link(person))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda at: "/sign-in" not in at)
    page.goto(path)
    return page


def test_what_is_signed_in_teams_is_signed_everywhere(people: Installation, chromium: Browser) -> None:
    everybody_hears(people, chromium, "i-2")
    everybody_hears_after_a_power_cut(people, "i-1")


def everybody_hears(here: Installation, chromium: Browser, invoice: str) -> None:
    root, proposal_id = ask(here, invoice)
    unheard = here.workflow.propose(firm.principal("paula"), firm.draft(firm.assignment()))

    # It waits for Amir wherever he is.
    here.until(lambda: can_approve_in_slack(slack_card(here, invoice)))
    here.until(lambda: "approve" in verbs(teams_card(here, invoice)))
    page = page_of(here, chromium, "amir", f"/proposals/{proposal_id}")
    expect(page.get_by_role("button", name="Approve").first).to_be_visible()

    assert sign_in_teams(here, invoice)["statusCode"] == 200

    # Nothing can be pressed any more, and nobody loaded anything again.
    here.until(lambda: not can_approve_in_slack(slack_card(here, invoice)))
    here.until(lambda: "approve" not in verbs(teams_card(here, invoice)))
    expect(page.get_by_role("button", name="Approve")).to_have_count(0, timeout=20_000)
    assert "Amir Aziz" in words(slack_card(here, invoice) or {})

    # It is written once, and the thread that asked hears it.
    here.until(lambda: state(here, proposal_id) == "executed")
    assert written(here, invoice) == 1
    here.until(lambda: any("is written" in said for said in heard_in_thread(here, root)))

    # Mail has nothing to add for who is in chat, and is sent to who is not.
    here.query("update workflow.delivery set not_before = now() where surface = 'mail'")
    here.until(lambda: not here.query(OPEN, "mail"))
    assert here.mailbox.to("amir") == here.mailbox.to("fay") == []
    assert unheard.title in str(here.mailbox.to("rita")[0]["Subject"])


def everybody_hears_after_a_power_cut(here: Installation, invoice: str) -> None:
    """Between the signature and the cards."""
    root, proposal_id = ask(here, invoice)
    here.until(lambda: can_approve_in_slack(slack_card(here, invoice)))
    here.until(lambda: "approve" in verbs(teams_card(here, invoice)))
    stale = slack_card(here, invoice)
    assert stale

    here.kill("worker")
    assert sign_in_teams(here, invoice)["statusCode"] == 200
    here.kill("serve")
    assert can_approve_in_slack(slack_card(here, invoice)), "Slack still shows what was"

    # Who presses what is still there hears who was first, and nothing is signed twice.
    here.start("serve")
    here.slack.presses("UAMIR", here.slack.chat_of("UAMIR"), stale, approve_of(stale))
    here.until(lambda: here.slack.look()["ephemeral"])
    here.start("worker")
    here.until(lambda: not can_approve_in_slack(slack_card(here, invoice)))
    here.until(lambda: "approve" not in verbs(teams_card(here, invoice)))
    here.until(lambda: state(here, proposal_id) == "executed")
    here.until(lambda: not here.query(OPEN, "slack"))
    signed = here.query("select count(*) from workflow.decision where proposal_id = %s", proposal_id)
    assert (signed, written(here, invoice)) == ([(1,)], 1)

    told = heard_in_thread(here, root)
    assert len(told) == len(set(told)), "Fay hears nothing twice"
    amirs = [words(m) for m in here.slack.messages(here.slack.chat_of("UAMIR")) if invoice in words(m)]
    assert len(amirs) == len(set(amirs)) == 2, "his card, and that it is written"
