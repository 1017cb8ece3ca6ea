"""Status reports: what is planted is quoted, and a risk reaches the register with its words as evidence."""

from datetime import date

from models.evidence import QuoteCitation
from models.text.risks import read_reports
from tests.firm_fixtures import TODAY, Firm
from workflow.read import card


def planted(firm: Firm) -> list[tuple[str, str, str]]:
    """(project, report, sentence) of what the newest report of each project says of its trouble."""
    newest = dict(
        firm.rows(
            "select distinct on (project_id) project_id, report_id from firm.status_report"
            " where reported_on > %s::date - 14 order by project_id, reported_on desc",
            TODAY,
        )
    )
    return [
        (line["project_id"], report["report_id"], quote)
        for line in firm.lines("at_risk")
        for report in line["reports"]
        if newest.get(line["project_id"]) == report["report_id"]
        for quote in report["quotes"]
    ]


def test_what_last_weeks_reports_say_of_trouble_is_quoted(firm: Firm) -> None:
    result = firm.call("delivery_director", "summarise_status")
    quoted = [(c.id, c.quote.strip("- ")) for c in result.citations if isinstance(c, QuoteCitation)]
    truth = planted(firm)
    assert truth
    found = [
        t for t in truth if any(report == t[1] and (t[2] in said or said in t[2]) for report, said in quoted)
    ]
    assert len(found) >= len(truth) / 2, set(truth) - set(found)


def test_a_troubled_project_comes_before_a_quiet_one(firm: Firm) -> None:
    """The first risk named is of a project that is in trouble now."""
    risks = firm.call("delivery_director", "summarise_status").data["risks"]
    troubled = {line["project_id"] for line in firm.lines("at_risk") if line["running"]}
    assert risks[0]["project_id"] in troubled


def test_each_project_is_heard_once_by_its_newest_report(firm: Firm) -> None:
    data = firm.call("delivery_director", "summarise_status").data
    assert len({p["project_id"] for p in data["projects"]}) == len(data["projects"])
    assert sum(data["rated"].values()) == len(data["projects"])
    for project in data["projects"]:
        assert data["since"] <= project["reported_on"] <= data["until"]


def test_a_quiet_week_is_told_as_one(firm: Firm) -> None:
    answer = firm.call("delivery_director", "summarise_status", since="2020-01-01", until="2020-01-07")
    assert "no status reports" in answer.text and not answer.citations


def test_without_reports_there_is_no_risk_to_choose_from(firm: Firm) -> None:
    answer = firm.call(
        "delivery_director", "propose_risks", since="2020-01-01", until="2020-01-07", numbers=[1]
    )
    assert "No status report of those days" in answer.text and not answer.proposals


def test_risks_are_proposed_one_by_one_with_their_words(own_firm: Firm) -> None:
    firm, who = own_firm, own_firm.person("delivery_director")
    shown = firm.call("delivery_director", "summarise_status").data["risks"]
    made = firm.call("delivery_director", "propose_risks", numbers=[1, 2])
    assert len(made.proposals) == 2
    for proposal_id, risk in zip(made.proposals, shown, strict=False):
        with firm.db.tx(who, "agent") as tx:
            found = card(tx, proposal_id)
        assert found.action.kind == "register_risk"
        assert (found.action.project_id, found.action.statement) == (risk["project_id"], risk["statement"])
        (evidence,) = found.evidence
        assert isinstance(evidence, QuoteCitation)
        ((text,),) = firm.rows("select text from firm.status_report where report_id = %s", evidence.id)
        assert text[evidence.start : evidence.end] == evidence.quote == risk["quote"]
        assert found.action.review_on > date(2026, 3, 18)
        ((manager,),) = firm.rows(
            "select manager_id from firm.project where project_id = %s", risk["project_id"]
        )
        assert found.action.owner_id == manager


def test_which_risks_is_asked_when_it_was_not_said(own_firm: Firm) -> None:
    for numbers in ([], [99]):
        result = own_firm.call("delivery_director", "propose_risks", numbers=numbers)
        assert result.question is not None and len(result.question.options) >= 2
        assert not result.proposals


def test_the_reader_finds_the_same_places(firm: Firm) -> None:
    """The offsets are those of the stored text, not of a cleaned copy."""
    for _, report, _ in planted(firm):
        ((text,),) = firm.rows("select text from firm.status_report where report_id = %s", report)
        for risk in read_reports([text])[0].risks():
            span = risk.evidence[0]
            assert text[span.start : span.end] == span.quote
