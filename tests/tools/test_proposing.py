"""What is on its way is not proposed a second time, and no other record is taken for what was said."""

from typing import Any

import pytest

from models.access import NotFound
from tests.firm_fixtures import Firm
from workflow.service import Workflow


def wish(firm: Firm, **more: Any) -> dict[str, Any]:
    asked = firm.scenario.staffing
    return {
        "project": firm.scenario.project_id,
        "person": asked.fits[0],
        "role": asked.role,
        "starts_on": asked.starts_on.isoformat(),
        "ends_on": asked.ends_on.isoformat(),
        "hours_per_week": asked.hours_per_week,
    } | more


def test_the_same_is_proposed_once_while_it_waits(own_firm: Firm) -> None:
    (first,) = own_firm.call("project_manager", "propose_assignment", **wish(own_firm)).proposals
    (again,) = own_firm.call("project_manager", "propose_assignment", **wish(own_firm)).proposals
    (other,) = own_firm.call(
        "project_manager", "propose_assignment", **wish(own_firm, hours_per_week=8)
    ).proposals
    Workflow(own_firm.db).withdraw(own_firm.person("project_manager"), first)
    (anew,) = own_firm.call("project_manager", "propose_assignment", **wish(own_firm)).proposals
    assert again == first
    assert len({first, other, anew}) == 3


def test_a_time_that_is_over_is_asked_about(own_firm: Firm) -> None:
    past = wish(own_firm, starts_on="2025-03-30", ends_on="2025-05-29")
    result = own_firm.call("project_manager", "propose_assignment", **past)
    assert not result.proposals
    assert result.question and result.question.argument == "starts_on"


def test_being_called_a_project_makes_no_two_projects_alike(firm: Firm) -> None:
    """A manager who runs one 'Project ...' only once got it for any other."""
    with pytest.raises(NotFound):
        firm.call("project_manager", "find_people", project="Project Xylophone", role="Data Engineer")
