"""What a proposal is called, on cards, in lists and in messages: composed from the action and the records, so
that no tool and no text it read can call a proposal something that it is not."""

from functools import singledispatch
from textwrap import shorten

from models.actions import (
    Action,
    ChangePolicy,
    CreateAssignment,
    CreateChangeOrder,
    HoldInvoice,
    PlanDevelopment,
    PromoteVersion,
    RegisterRisk,
    ReturnTimeEntries,
    SendReminder,
    UndoWrite,
)
from workflow.findings import Finding

STATEMENT_CHARACTERS = 90


def title_of(action: Action, finding: Finding) -> str:
    """The title of a proposal, in one line."""
    return " ".join(_title(action, finding).split())


@singledispatch
def _title(action: Action, finding: Finding) -> str:
    raise TypeError(f"no title is known for {type(action).__name__}")


@_title.register
def _assignment(action: CreateAssignment, finding: Finding) -> str:
    hours = f"{action.hours_per_week.normalize():f}"
    verb = "Hold " if action.state == "hold" else ""
    return f"{verb}{action.person_name} on {action.project_name} as {action.role}, {hours} h a week"


@_title.register
def _change_order(action: CreateChangeOrder, finding: Finding) -> str:
    about = shorten(action.title, STATEMENT_CHARACTERS)
    return f"Change order for {finding.projects[0].name}: {about}, {action.value}"


@_title.register
def _risk(action: RegisterRisk, finding: Finding) -> str:
    return f"Risk for {action.project_name}: {shorten(action.statement, STATEMENT_CHARACTERS).rstrip('.')}"


@_title.register
def _returned_time(action: ReturnTimeEntries, finding: Finding) -> str:
    count, projects = len(action.items), finding.projects
    where = projects[0].name if len(projects) == 1 else f"{len(projects)} projects"
    owners = len({item.person_id for item in action.items})
    return (
        f"Return {count} time {'entry' if count == 1 else 'entries'} of {where} to "
        f"{'its owner' if count == 1 else 'their owner' if owners == 1 else 'their owners'}"
    )


@_title.register
def _reminder(action: SendReminder, finding: Finding) -> str:
    return f"Remind {finding.projects[0].client_name} of invoice {action.invoice_id}, {action.amount}"


@_title.register
def _hold(action: HoldInvoice, finding: Finding) -> str:
    return f"Hold invoice {action.invoice_id} of {finding.projects[0].client_name}, {action.amount}"


@_title.register
def _development(action: PlanDevelopment, finding: Finding) -> str:
    return f"{action.person_name}: {action.hours.normalize():f} hours to learn {action.skill}"


@_title.register
def _undo(action: UndoWrite, finding: Finding) -> str:
    return f"Undo: {_title(finding.undone, finding)}" if finding.undone else f"Undo {action.record_id}"


@_title.register
def _policy(action: ChangePolicy, finding: Finding) -> str:
    rules = len({d.rule for d in action.differences if d.rule})
    touched = f"{rules} {'rule' if rules == 1 else 'rules'}" if rules else "what holds for all rules"
    return f"Change the approval policy: {touched}"


@_title.register
def _promotion(action: PromoteVersion, finding: Finding) -> str:
    if action.what == "baseline":
        return f"Baseline of {action.name}: {action.measured.subject}, run {action.version}"
    verb = "Return the prompt" if action.returns else "Promote the prompt"
    now = action.replaces.version if action.replaces else ""
    return f"{verb} {action.name} from {now} to {action.version}"
