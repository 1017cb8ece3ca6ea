"""A scene, played through the workflow's own service: what is judged is what the database then holds."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from evals.cases import Answer, Step
from evals.demo_firms import DemoFirm
from evals.scenes.actions import PolicyChange, Records, changed, cited
from evals.scenes.acts import Act, Delegation, Gate, Happened, Opening, StepSeen
from evals.scenes.plants import nobody_away, plant
from models.access import Grant, Principal, service
from models.actions import ReturnTimeEntries
from models.errors import ChargehandError
from models.evidence import Attachment
from models.policy import PolicySet
from models.proposal import Verdict
from workflow.cards import ProposalCard
from workflow.delegations import Wanted
from workflow.propose import Draft
from workflow.service import Workflow
from workflow.timers import Swept

ONLOOKER = service("onlooker")  # sees the firm, decides nothing


class Played(Answer):
    """What a scene came to."""

    refused: str = ""  # the kind of error, where nothing was proposed
    gate: Gate | None = None  # as proposed
    happened: tuple[Happened, ...] = ()  # one an act


class Scene:
    """One proposal and what people do about it, on a copy of the firm that nobody else works in."""

    def __init__(self, firm: DemoFirm, records: Records, policy: PolicySet) -> None:
        self._firm, self._records, self._policy = firm, records, policy
        self._workflow = Workflow(firm.db)
        self._delegations: list[UUID] = []
        self._steps: list[Step] = []

    def play(self, opening: Opening, acts: tuple[Act, ...]) -> Played:
        """Propose, then do one act after the other, whatever became of the one before."""
        nobody_away(self._firm.db)
        plant(self._firm.db, opening.plant)
        for giver, delegation in opening.delegations.items():
            self._delegate(giver, delegation)
        try:
            proposed = self._propose(opening)
        except ChargehandError as e:
            self._steps.append(Step(kind="refused", by=opening.proposes, text=e.sentence))
            return Played(text=e.sentence, refused=e.kind, trace=tuple(self._steps))
        gate = gate_of(proposed)
        self._steps.append(
            Step(
                kind="proposed",
                by=opening.proposes,
                text=proposed.title,
                data={"proposal": str(proposed.proposal_id), "gate": gate.words},
            )
        )
        happened = tuple(self._happens(act, proposed) for act in acts)
        state = happened[-1].came if happened else proposed.state
        return Played(text=state, gate=gate, happened=happened, trace=tuple(self._steps))

    def _propose(self, opening: Opening) -> ProposalCard:
        proposer = self.principal(opening.proposes)
        if isinstance(opening.action, PolicyChange):
            other = self._policy.model_copy(
                update={"name": f"{self._policy.name}, changed", "leave_delegates": "named"}
            )
            return self._workflow.propose_policy(proposer, other, opening.action.why)
        action = opening.action.make(self._records)
        if opening.overrides:
            action = changed(action, opening.overrides)
        draft = Draft(
            action=action,
            evidence=cited(action),
            explanation={},
            tool="scene",
            tool_version="1",
            on_behalf_of=opening.on_behalf_of,
            confidence=opening.confidence,
        )
        return self._workflow.propose(proposer, draft)

    def _happens(self, act: Act, proposed: ProposalCard) -> Happened:
        try:
            came = self._do(act, proposed)
        except ChargehandError as e:
            came = e.kind
            self._steps.append(Step(kind="refused", by=act.who, text=f"{act.words}: {e.sentence}"))
        except LookupError as e:
            raise ValueError(f"a scene that cannot be played: {act.words}: {e}") from e
        else:
            self._steps.append(Step(kind="decided", by=act.who, text=f"{act.words}: {came}"))
        return Happened(came=came, gate=gate_of(self._card(proposed.proposal_id)))

    def _do(self, act: Act, proposed: ProposalCard) -> str:
        """What came of an act. Raises what refuses it."""
        match act.does:
            case "wait":
                return _rung(self._workflow.sweep(datetime.now(UTC) + timedelta(hours=act.hours)))
            case "plant":
                assert act.plant
                plant(self._firm.db, [act.plant])
                return "planted"
            case "delegate":
                assert act.delegation
                self._delegate(act.who, act.delegation)
                return "delegated"
            case "revoke":
                self._workflow.revoke_delegation(self.principal(act.who), self._delegations[-1])
                return "revoked"
            case _:
                return self._about(act, proposed).state

    def _about(self, act: Act, proposed: ProposalCard) -> ProposalCard:
        """An act on the proposal itself."""
        who, id = self.principal(act.who), proposed.proposal_id
        read = proposed if act.stale else self._card(id)
        content_hash = read.content_hash
        match act.does:
            case "approve" | "reject":
                verdict: Verdict = act.does
                shown = (Attachment(kind="ticket", reference=act.evidence),) if act.evidence else ()
                return self._workflow.decide(
                    who, id, content_hash=content_hash, verdict=verdict, reason=act.reason, evidence=shown
                )
            case "edit":
                action = changed(read.action, act.changes)
                return self._workflow.edit(who, id, content_hash=content_hash, action=action, note=act.reason)
            case "accept_part":
                assert isinstance(read.action, ReturnTimeEntries)
                keep = frozenset(read.action.item_ids()[: act.keep])
                return self._workflow.accept_part(
                    who, id, content_hash=content_hash, keep=keep, reason=act.reason
                )
            case "hand_over":
                return self._workflow.reassign(who, id, to=act.to, reason=act.reason)
            case _:
                return self._workflow.withdraw(who, id, reason=act.reason)

    def _delegate(self, giver: str, delegation: Delegation) -> None:
        today = datetime.now(UTC).date()
        made = self._workflow.delegate(
            self.principal(giver),
            Wanted(
                delegate_id=delegation.to,
                reason="I am busy",
                days=None if delegation.on_leave else (today - timedelta(days=1), today + timedelta(days=14)),
                kinds=delegation.kinds,
                amount_limit=delegation.amount_limit,
                delegator_id=delegation.of,
            ),
        )
        self._delegations.append(made.delegation_id)

    def _card(self, proposal_id: UUID) -> ProposalCard:
        return self._workflow.card(ONLOOKER, proposal_id)

    def principal(self, person_id: str) -> Principal:
        return principal_of(self._records, person_id)


def principal_of(records: Records, person_id: str) -> Principal:
    """Somebody as they sign in, with the roles of the firm's files. An account that was planted has none:
    what it may decide is for the database to say."""
    roles = records.table("roles")
    held = roles[roles["person_id"] == person_id].to_dict("records")
    grants = tuple(Grant(h["role"], h["scope_kind"], h["scope_id"] or None) for h in held)
    return Principal(person_id, person_id, grants, "web")


def gate_of(card: ProposalCard) -> Gate:
    """Whom the current version asks."""
    return Gate(rule=card.rule, steps=tuple(_steps(card)))


def _steps(card: ProposalCard) -> Iterator[StepSeen]:
    for step in card.steps:
        yield StepSeen(
            name=step.name,
            signatures=step.signatures_needed,
            all_of=step.all_of,
            asks=tuple(sorted(a.person.person_id for a in step.approvers if a.stands_in_for is None)),
            stand_ins=tuple(
                sorted(
                    f"{a.person.person_id} for {a.stands_in_for.person_id}"
                    for a in step.approvers
                    if a.stands_in_for is not None
                )
            ),
            comment=step.comment_required,
            evidence=step.evidence_required,
        )


def _rung(swept: Swept) -> str:
    """What a look at the clock did."""
    rings: dict[str, Callable[[Swept], int]] = {
        "expired": lambda s: s.expired,
        "escalated": lambda s: s.escalated,
        "reminded": lambda s: s.reminded,
        "failed": lambda s: s.failed,
    }
    return next((name for name, count in rings.items() if count(swept)), "nothing")
