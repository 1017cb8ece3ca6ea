"""Promoting a version of a prompt, or a run as a suite's baseline: a proposal like any other, but carried out
in Chargehand itself, in the transaction of its last signature. The database checks once more and is the only
one who may (store/migrations/0026_promotions.sql)."""

from models.access import NotAllowed, require
from models.actions import PromoteVersion
from store.db import Tx
from workflow.cards import ProposalCard
from workflow.docket import Docket
from workflow.errors import PromotionOvertaken, ReasonNeeded, SameVersion, SmallRun
from workflow.notices import listed, tell
from workflow.propose import Draft, propose

TOOL, TOOL_VERSION = "promotion", "1"


def propose_version(tx: Tx, action: PromoteVersion) -> ProposalCard:
    """Ask for a version to be put in force, with the run that speaks for it. Role: agent.

    Raises NotAllowed unless the caller holds `versions.propose` over the whole firm; ReasonNeeded, SmallRun,
    SameVersion, PromotionOvertaken, NoPolicy, NobodyMaySign."""
    require(tx.principal, "versions.propose")
    if not tx.principal.over_firm("versions.propose"):
        raise NotAllowed(
            "What is promoted holds for the whole firm: only who holds a role over all of it may propose it.",
            permission="versions.propose",
            person_id=tx.principal.person_id,
        )
    if not action.why.strip():
        raise ReasonNeeded(what="a promotion")
    if action.measured.small:
        raise SmallRun(run=action.measured.run_id)
    if action.replaces and action.replaces.sha256 == action.sha256:
        raise SameVersion(name=action.name, version=action.version)
    draft = Draft(action=action, evidence=(), explanation={}, tool=TOOL, tool_version=TOOL_VERSION)
    return propose(tx, draft)


def put_in_force(docket: Docket, action: PromoteVersion) -> None:
    """Carry out what was just signed to the end. Role: workflow. Raises PromotionOvertaken when something
    else was put in force in the meantime."""
    tx, current = docket.tx, docket.current
    if not tx.value("promotions.promote", proposal_id=current.proposal_id):
        raise PromotionOvertaken(name=action.name)
    docket.move("execute")
    tx.audit(
        f"{action.what}.promoted",
        f"{action.what}:{action.name}",
        proposal_id=str(current.proposal_id),
        version=action.version,
        sha256=action.sha256,
        run=action.measured.sha256,
        before=action.replaces.sha256 if action.replaces else None,
    )
    since = "from the next turn on" if action.what == "prompt" else "for every comparison from now on"
    tell(
        tx,
        current.proposal_id,
        [current.proposer_id, *docket.signers],
        kind="outcome",
        event="outcome:approved",
        text=f"{listed([s.by for s in docket.signed])} approved “{current.title}”. It is in force {since}. "
        "To take it back, propose what was in force before.",
    )
