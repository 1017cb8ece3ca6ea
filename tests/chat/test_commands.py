"""What can be said to Chargehand in chat besides talking with it."""

import pytest

from api.chat.accounts import Account
from api.chat.commands import NAMES, Command, NotLinked, SeveralFound, parse, run
from api.wiring import Application
from models.access import NotFound
from tests.api.small_firm import Browser
from tests.workflow.firm import assignment, draft, principal, risk

OTHER = risk(project_id="borealis", project_name="Borealis")
PAULA = Account("slack", "T1", "U-PAULA")


@pytest.mark.parametrize(
    ("said", "command", "why"),
    [
        ("", Command("help", ""), "who says nothing is told what can be said"),
        ("  Inbox ", Command("inbox", ""), "case and blanks do not matter"),
        ("show Carl to Aurora", Command("show", "Carl to Aurora"), "the rest is kept as it is"),
        ("ask show me the bench", Command("ask", "show me the bench"), "only the first word counts"),
        ("who is free?", Command("ask", "who is free?"), "everything else is for the copilot"),
        ("showcase the bench", Command("ask", "showcase the bench"), "a word that only begins so is none"),
    ],
)
def test_what_is_said_is_a_command_or_for_the_copilot(said: str, command: Command, why: str) -> None:
    assert parse(said) == command, why


def test_help_names_every_command(application: Application) -> None:
    text = run(application, None, PAULA, parse("help")).text
    assert all(f"`{name}`" in text for name in NAMES)


def test_who_is_not_linked_gets_a_link_and_nothing_else(application: Application, browser: Browser) -> None:
    with pytest.raises(NotLinked) as refused:
        run(application, None, PAULA, parse("inbox"))
    assert application.public_url + "/link/" in str(refused.value)
    token = str(refused.value).split("/link/")[1].split()[0]
    application.accounts.confirm(principal("paula"), token)
    assert run(application, application.accounts.of(PAULA), PAULA, parse("inbox")).text.startswith("Nothing")


def test_lists_and_cards_show_what_their_reader_may_see(application: Application) -> None:
    proposed = application.workflow.propose(principal("paula"), draft(assignment()))
    application.workflow.propose(
        principal("petra"), draft(risk(project_id="borealis", project_name="Borealis"))
    )
    paula = principal("paula").on("slack")
    assert [line.proposal_id for line in run(application, paula, PAULA, parse("mine")).lines] == [
        proposed.proposal_id
    ]
    waits = run(application, principal("rita").on("slack"), PAULA, parse("inbox")).lines
    assert [line.proposal_id for line in waits] == [proposed.proposal_id]
    for said in (str(proposed.proposal_id), "carl cole", proposed.title):
        card = run(application, paula, PAULA, parse(f"show {said}")).card
        assert card is not None and card.proposal_id == proposed.proposal_id
    for unseen in ("Borealis", "", "no such thing"):
        with pytest.raises(NotFound):
            run(application, paula, PAULA, Command("show", unseen))


def test_a_title_of_several_is_asked_back(application: Application) -> None:
    for role in ("Data engineer", "Architect"):
        application.workflow.propose(principal("paula"), draft(assignment(role=role)))
    with pytest.raises(SeveralFound):
        run(application, principal("paula"), PAULA, parse("show Carl"))


def test_systems_say_whether_they_are_written_to(application: Application) -> None:
    application.workflow.pause(principal("ada"), "erp", "month end")
    said = run(application, principal("ada"), PAULA, parse("systems")).text
    assert "ERP: not written to, 0 waiting. month end" in said and "CRM: written to" in said


def test_hearing_is_switched_off_and_on(application: Application) -> None:
    with application.db.tx(principal("ada"), "worker") as tx:
        tx.execute("deliveries.enable", surface="slack", enabled=True)

    def kinds() -> list[str]:
        with application.db.tx(principal("paula"), "agent") as tx:
            return next(r["kinds"] for r in tx.records("deliveries.choices") if r["surface"] == "slack")

    for said, hears in (("off", False), ("on", True)):
        run(application, principal("paula"), PAULA, parse(f"hear {said}"))
        assert bool(kinds()) is hears


def test_unlinking_forgets_whose_it_is(application: Application) -> None:
    paula = application.accounts.link_by_email(PAULA, "paula@example.com")
    run(application, paula, PAULA, parse("unlink"))
    assert application.accounts.of(PAULA) is None
