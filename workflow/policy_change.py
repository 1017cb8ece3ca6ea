"""Changing the policy in force: a proposal like any other, but carried out in Chargehand itself, in the
transaction of its last signature. The database checks once more and is the only one who may
(store/migrations/0017_policy_change.sql)."""

from models.access import NotAllowed, require
from models.actions import ChangePolicy
from models.policy import PolicySet, policy_sha, policy_text
from models.policy_words import differences
from store.db import Tx
from workflow.cards import ProposalCard
from workflow.docket import Docket
from workflow.errors import PolicyOvertaken, ReasonNeeded, SamePolicy
from workflow.notices import listed, tell
from workflow.policies import active, check_can_change
from workflow.propose import Draft, propose

TOOL, TOOL_VERSION = "policy", "1"


def propose_policy(tx: Tx, policy: PolicySet, why: str) -> ProposalCard:
    """Ask for a policy to take the place of the one in force. Role: agent.

    Raises NotAllowed unless the caller holds `policy.propose` over the whole firm; ReasonNeeded, SamePolicy,
    NeverToChange, NoPolicy, NobodyMaySign."""
    require(tx.principal, "policy.propose")
    if not tx.principal.over_firm("policy.propose"):
        raise NotAllowed(
            "A policy holds for the whole firm: only who holds a role over all of it may propose another.",
            permission="policy.propose",
            person_id=tx.principal.person_id,
        )
    if not why.strip():
        raise ReasonNeeded(what="a change of the policy")
    check_can_change(policy)
    now, sha256 = active(tx)
    changes = differences(now, policy)
    if not changes:
        raise SamePolicy(sha256=sha256)
    return propose(
        tx,
        Draft(
            action=ChangePolicy(
                name=policy.name,
                sha256=policy_sha(policy),
                policy=policy_text(policy),
                differences=changes,
                why=why.strip(),
            ),
            evidence=(),
            explanation={},
            tool=TOOL,
            tool_version=TOOL_VERSION,
        ),
    )


def put_in_force(docket: Docket, action: ChangePolicy) -> None:
    """Carry out what was just signed to the end: from now on proposals are made under the new policy. Role:
    workflow. Raises PolicyOvertaken when another policy was put in force in the meantime."""
    tx, current = docket.tx, docket.current
    if not tx.value("policies.enact", proposal_id=current.proposal_id):
        raise PolicyOvertaken
    docket.move("execute")
    tx.audit(
        "policy.enacted",
        f"policy:{action.sha256}",
        proposal_id=str(current.proposal_id),
        before=current.policy_sha256,
    )
    names = listed([s.by for s in docket.signed])
    tell(
        tx,
        current.proposal_id,
        [current.proposer_id, *docket.signers],
        kind="outcome",
        event="outcome:approved",
        text=f"{names} approved “{current.title}”. The policy is in force from now on, version "
        f"{action.sha256[:12]}. What waits keeps the version it was proposed under.",
    )
