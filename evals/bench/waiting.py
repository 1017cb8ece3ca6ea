"""Proposals that wait in a demo firm, for what is measured on them."""

from datetime import timedelta

from evals.demo_firms import DemoFirm
from models.actions import RegisterRisk
from models.evidence import RecordCitation
from models.predict.base import Progress
from workflow.cards import ProposalCard
from workflow.propose import Draft, propose
from workflow.service import Workflow

AT_ONCE = 50  # proposals made in one transaction


class Waiting:
    """Proposals of risks that the scenario's project manager may sign."""

    def __init__(self, firm: DemoFirm, count: int, progress: Progress) -> None:
        self.firm = firm
        self.workflow = Workflow(firm.db)
        self.manager = firm.person("project_manager")
        self._author = firm.person("delivery_director")
        self._owner = firm.scenario.personas["second_project_manager"]  # may not sign what they would own
        self._cards: list[ProposalCard] = []
        for first in range(0, count, AT_ONCE):
            progress("proposals", first, count)
            with firm.db.tx(self._author, "agent") as tx:
                numbers = range(first, min(first + AT_ONCE, count))
                self._cards += [propose(tx, self._draft(n)) for n in numbers]
        progress("proposals", count, count)
        self._unsigned = iter(self._cards)

    def take(self, count: int) -> list[ProposalCard]:
        """So many that nobody has decided yet."""
        return [next(self._unsigned) for _ in range(count)]

    def _draft(self, number: int) -> Draft:
        scenario = self.firm.scenario
        action = RegisterRisk(
            project_id=scenario.project_id,
            project_name=scenario.project_name,
            category="schedule",
            statement=f"Delivery {number} may be late.",
            severity="medium",
            mitigation="Agree a date.",
            owner_id=self._owner,
            review_on=self.firm.today + timedelta(days=14),
        )
        cited = RecordCitation(record="project", id=scenario.project_id, says="an active project")
        return Draft(
            action=action,
            evidence=(cited,),
            explanation={},
            tool="propose_risks",
            tool_version="1",
        )
