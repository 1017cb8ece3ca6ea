"""Why the workflow says no. A `Refusal` is kept in the audit log although its transaction is rolled back."""

from typing import ClassVar

from models.errors import ChargehandError, Retry

# --- proposing


class NoPolicy(ChargehandError):
    """No approval policy is loaded, so nothing can be proposed: load one with `chargehand policy load`."""

    status = 503
    retry = "later"


class PolicyAltered(ChargehandError):
    """Policy version {sha256} does not hold what it held when it was loaded. Nothing is decided under it."""


class PolicyInForce(ChargehandError):
    """A policy is in force already, version {sha256}. Changing it is a proposal that others sign: use
    `chargehand policy propose FILE --why ... --as PERSON`."""

    status = 409


class NeverToChange(ChargehandError):
    """Under this policy nobody could ever change it again: neither its rule for change_policy nor its last
    rule asks for two signatures."""

    status = 422
    retry = "with a fix"


class SamePolicy(ChargehandError):
    """This is the policy in force, version {sha256}: there is nothing to change."""

    status = 409


class SameVersion(ChargehandError):
    """{version} of {name} is in force: there is nothing to promote."""

    status = 409


class SmallRun(ChargehandError):
    """The run {run} is of the small part of its suite, which CI runs: it speaks for no promotion. Run the
    whole suite."""

    status = 422
    retry = "with a fix"


class NobodyMaySign(ChargehandError):
    """Nobody is left who may sign this under '{rule}', and not under the strictest rule either: name more
    people in the policy, or grant somebody the role."""

    status = 422
    retry = "with a fix"


class ContradictsRecords(ChargehandError):
    """The action says that the {field} of {thing} is {said}; the firm's records say {recorded}."""

    status = 422
    retry = "with a fix"


class DuplicateItem(ChargehandError):
    """The batch holds item {item} twice."""

    status = 422
    retry = "with a fix"


# --- deciding


class Refusal(ChargehandError):
    """An attempt on a proposal that was refused. Holds the proposal's id; kept in the audit log."""

    status = 409
    retry: ClassVar[Retry] = "never"


class AlreadyDecided(Refusal):
    """Already {outcome} by {by}."""


class AlreadyOver(Refusal):
    """The proposal is {state} since {since}: nobody needs to decide it any more."""


class ContentChanged(Refusal):
    """The proposal was changed after you read it: it is at version {version} now. Read it again."""

    retry = "with a fix"


class GateChanged(Refusal):
    """The firm's records ask for another gate than the one this proposal was given. It goes back to the
    people who must sign now."""


class NotYourDecision(Refusal):
    """This decision is not yours: {reason}."""

    status = 403


class OwnProposal(Refusal):
    """You proposed or wrote this: somebody else must decide it."""

    status = 403


class NeededLater(Refusal):
    """Only you can sign '{step}' later on, and nobody signs twice: let somebody else sign this step."""

    status = 403


class Overtaken(Refusal):
    """Something else was put in force since this was proposed. Propose it anew against what holds now."""


class PolicyOvertaken(Overtaken):
    """Another policy was put in force since this change was proposed, so what it changes is not what was
    read. Propose it anew against the policy that holds now."""


class PromotionOvertaken(Overtaken):
    """Another version of {name} was put in force since this was proposed, so what it was compared with is not
    what would be replaced. Measure it against the one that holds now and propose it anew."""


class Expired(Refusal):
    """The proposal expired at {expires_at}. It can be proposed again."""


class NotYourQuestion(Refusal):
    """This question was asked of somebody else."""

    status = 403


class AlreadyAnswered(Refusal):
    """{by} has answered this question already."""


class NobodyToAnswer(ChargehandError):
    """Nobody is left who could answer: who proposed this has left, or is you."""

    status = 422


class CannotHandOver(ChargehandError):
    """Your signature cannot be handed to {to}: {reason}."""

    status = 422
    retry = "with a fix"


class DecideAlone(ChargehandError):
    """'{step}' asks for {what} about each: open this one and decide it by itself."""

    status = 422
    retry = "with a fix"


class TooManyAtOnce(ChargehandError):
    """At most {most} proposals are decided at once; these are {count}."""

    status = 422
    retry = "with a fix"


class ReasonNeeded(ChargehandError):
    """Say why: {what} needs a reason."""

    status = 422
    retry = "with a fix"


class EvidenceNeeded(ChargehandError):
    """Attach what '{step}' rests on: a document, a ticket, a link or a record."""

    status = 422
    retry = "with a fix"


class CannotEdit(ChargehandError):
    """An edit may not change {field}: reject it with a reason and have it proposed anew."""

    status = 422
    retry = "with a fix"


class NothingChanged(ChargehandError):
    """The edited action is the same as the one that is there."""

    status = 422
    retry = "with a fix"


class NotABatch(ChargehandError):
    """A {action_kind} has no items to choose from: approve or reject it whole."""

    status = 422
    retry = "with a fix"


class NotItsItems(ChargehandError):
    """Keep some of its items and leave some out. It has: {items}. You kept: {kept}."""

    status = 422
    retry = "with a fix"


class CannotDelegate(ChargehandError):
    """This cannot be delegated so: {reason}."""

    status = 422
    retry = "with a fix"


class BadCursor(ChargehandError):
    """{after} is not where a page of this list ended."""

    status = 422
    retry = "with a fix"


# --- undoing


class CannotBeUndone(ChargehandError):
    """The {system} cannot take back a {operation}: correct it there by hand."""

    status = 422
    retry = "never"


class TooLateToUndo(ChargehandError):
    """It could be undone until {until}. Correct it in the system of record by hand."""

    status = 409
    retry = "never"


class BeingUndone(ChargehandError):
    """It is undone already, or somebody has proposed to: see proposal {proposal_id}."""

    status = 409
    retry = "never"


# --- planting


class CannotPlant(ChargehandError):
    """This cannot be planted: {reason}."""

    status = 422
    retry = "with a fix"


# --- carrying out


class EffectNotParked(ChargehandError):
    """Effect {effect_id} is {state}: only a parked effect waits for a person."""

    status = 409


class LeaseLost(ChargehandError):
    """Effect {effect_id} was taken over by another worker."""

    status = 409
