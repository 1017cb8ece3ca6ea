"""What people other than the copilot do in a scenario: they sign, take back, propose for themselves; a record
changes; the worker carries out what was signed. All of it through the doors that serve people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from connectors.sim.firm_files import read_firm
from connectors.sim.twin import Seed, Twin
from connectors.testing import in_process
from evals.cases import Step
from evals.demo_firms import SET_UP, DemoFirm
from evals.talking.script import Calls, Changes, Decides, Withdraws, Works
from evals.talking.witness import Witness
from evals.talking.world import pending
from models.access import Grant, NotFound, Principal, service
from models.errors import ChargehandError
from workflow.effects import work_once
from workflow.service import Workflow

GATE = service("gate")


@dataclass(frozen=True)
class _Account:
    """What a principal is made of."""

    person_id: str
    name: str
    email: str
    timezone: str
    grants: Sequence[Mapping[str, Any]]


@dataclass
class Acts:
    """Acts on one firm, and notes what was done. `mishaps`: what a scenario wanted done and was not."""

    firm: DemoFirm
    witness: Witness
    trace: list[Step]
    now: datetime
    mishaps: list[str] = field(default_factory=list)
    _known: dict[str, Principal] = field(default_factory=dict)

    def principal(self, given: str) -> Principal:
        """A person by id, or by part in the demo firm, with the roles they hold. Raises NotFound."""
        if given not in self._known:
            person_id = self.firm.scenario.personas.get(given, given)
            with self.firm.db.tx(GATE, "gate") as tx:
                row = tx.row("access.person", _Account, person_id=person_id)
            if row is None:
                raise NotFound(what="person", id=given)
            grants = tuple(Grant(**grant) for grant in row.grants)
            self._known[given] = Principal(row.person_id, row.name, grants, "web", row.timezone, row.email)
        return self._known[given]

    def do(self, event: Decides | Withdraws | Calls | Changes | Works) -> None:
        match event:
            case Decides() | Withdraws():
                self._decide(event)
            case Calls(calls=tool, by=by, arguments=arguments):
                self._call(tool, self.principal(by), dict(arguments))
            case Changes():
                self._change(event)
            case Works():
                self._work()

    def _decide(self, event: Decides | Withdraws) -> None:
        by, flow, waits = self.principal(event.by), Workflow(self.firm.db), pending(self.firm.db)
        expected_to_fail = isinstance(event, Decides) and event.refused
        what = event.decides if isinstance(event, Decides) else "withdraw"
        if waits is None:
            self.mishaps.append(f"{event.by} was to {what} a proposal, and none waits.")
            return
        about = {"proposal": str(waits.proposal_id)}
        try:
            if isinstance(event, Decides):
                card = flow.card(by, waits.proposal_id)
                flow.decide(
                    by,
                    waits.proposal_id,
                    content_hash=card.content_hash,
                    verdict=event.decides,
                    reason=event.reason,
                )
            else:
                flow.withdraw(by, waits.proposal_id)
        except ChargehandError as e:
            self.trace.append(Step(kind="refused", by=by.person_id, text=e.sentence, data=about))
            if not expected_to_fail:
                self.mishaps.append(f"{event.by} could not {what}: {e.sentence}")
        else:
            self.trace.append(Step(kind="decided", by=by.person_id, text=what, data=about))
            if expected_to_fail:
                self.mishaps.append(f"{event.by} could {what}.")

    def _call(self, tool: str, by: Principal, arguments: dict[str, Any]) -> None:
        try:
            result = self.witness.call(self.firm.db, by, tool, arguments, now=self.now)
        except ChargehandError as e:
            self.mishaps.append(f"{by.person_id} could not call {tool}: {e.sentence}")
        else:
            if result.question:
                self.mishaps.append(f"{tool} asked {by.person_id}: {result.question.text}")

    def _change(self, event: Changes) -> None:
        kind, _, record_id = event.changes.partition(":")
        with self.firm.db.tx(SET_UP, "steward") as tx:
            if not tx.execute(f"world.change_{kind}", id=record_id, **event.columns()):
                self.mishaps.append(f"There is no {event.changes} to change.")

    def _work(self) -> None:
        """The simulated systems hold the firm's own files."""
        twin = Twin(None, seed=1)
        twin.plant(_seed(self.firm.folder))
        connectors = in_process(twin)
        try:
            while work_once(self.firm.db, "evals", connectors):
                pass
        finally:
            connectors.close()
            twin.book.close()


@cache
def _seed(folder: Path) -> Seed:
    return read_firm(folder)
