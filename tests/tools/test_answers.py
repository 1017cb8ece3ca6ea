"""What holds of every answer, whichever tool gives it: numbers have a source, quotes are verbatim, and
nothing is shown that the caller may not see."""

from typing import Any

import pytest

from models.access import NotAllowed, NotFound
from models.evidence import RecordCitation
from tests.firm_fixtures import Firm
from tests.tools.checks import check_quotes, numbers_without_a_source

ASKED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("project_manager", "find_people", {"project": "Kestrel", "role": "data engineer", "percent": 50}),
    (
        "project_manager",
        "find_people",
        {"project": "PJ-008", "role": "analyst", "skills": ["dbt:3"]},
    ),
    ("account_owner", "predict_payments", {}),
    ("finance", "predict_payments", {"client": "Marlow Vale"}),
    ("delivery_director", "bench_outlook", {"weeks": 12}),
    ("practice_lead", "bench_outlook", {"practice": "data & ai"}),
    ("delivery_director", "check_time", {}),
    ("project_manager", "check_time", {"since": "2026-02-02", "until": "2026-03-08"}),
    ("project_manager", "check_readiness", {"project": "Kestrel", "ends_on": "2026-03-17"}),
    ("delivery_director", "check_readiness", {"project": "PJ-001"}),
    ("delivery_director", "summarise_status", {}),
    ("project_manager", "summarise_status", {"project": "Kestrel", "since": "2025-10-01"}),
    ("auditor", "my_proposals", {}),
)
RECORDS = {
    "person": "firm.person where person_id",
    "skill": "firm.skill where person_id",
    "project": "firm.project where project_id",
    "contract": "firm.contract where contract_id",
    "invoice": "firm.invoice where invoice_id",
    "time_entry": "firm.time_entry where entry_id",
    "role_request": "firm.role_request where request_id",
}


@pytest.mark.parametrize(("part", "tool", "arguments"), ASKED)
def test_every_number_has_a_source_and_every_citation_is_true(
    firm: Firm, part: str, tool: str, arguments: dict[str, Any]
) -> None:
    result = firm.call(part, tool, **arguments)
    assert result.question is None
    assert numbers_without_a_source(result) == []
    check_quotes(firm, result)
    for citation in result.citations:
        if isinstance(citation, RecordCitation):
            ((count,),) = firm.rows(f"select count(*) from {RECORDS[citation.record]} = %s", citation.id)
            assert count, citation


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("find_people", {"role": "data engineer"}),
        ("check_time", {}),
        ("check_readiness", {}),
        ("summarise_status", {}),
        ("predict_payments", {}),
    ],
)
def test_anothers_project_is_as_if_it_did_not_exist(firm: Firm, tool: str, arguments: dict[str, Any]) -> None:
    """By its id, for someone of another practice: the same error as for a project that is not there."""
    stranger = "second_project_manager"
    ((hidden,),) = firm.rows("select project_id from firm.project where name = 'Project Kestrel'")
    said = set()
    for project in (hidden, "PJ-999"):
        with pytest.raises(NotFound) as caught:
            firm.call(stranger, tool, project=project, **arguments)
        said.add(caught.value.sentence.replace(project, "..."))
    assert len(said) == 1


@pytest.mark.parametrize("tool", ["find_people", "check_time", "predict_payments", "bench_outlook"])
def test_a_consultant_uses_none_of_them(firm: Firm, tool: str) -> None:
    ((consultant,),) = firm.rows(
        "select person_id from access.role_grant group by 1 having array_agg(role) = '{consultant}'"
        " order by 1 limit 1"
    )
    with pytest.raises(NotAllowed):
        firm.call(consultant, tool)


def test_money_is_left_out_for_those_who_see_no_rates(firm: Firm) -> None:
    """An account owner sees invoices of the account and what they are worth, but nobody's rate."""
    shown = firm.call("account_owner", "predict_payments").data["invoices"]
    clients = {
        c
        for (c,) in firm.rows(
            "select client_id from firm.client where account_owner_id = %s",
            firm.person("account_owner").person_id,
        )
    }
    assert shown and {i["client_id"] for i in shown} <= clients
