"""What kind of data an action and its evidence show to whoever reads them: people's own, or a client's."""

from collections.abc import Iterable, Mapping, Sequence

from models.actions import ActionKind
from models.evidence import Citation, RecordKind
from models.policy import Sensitivity

_OF_ACTION: Mapping[ActionKind, Sensitivity] = {
    "create_assignment": "none",
    "create_change_order": "client_confidential",  # the contract's terms and prices
    "register_risk": "client_confidential",  # how a client's project is doing
    "return_time_entries": "personal",  # when somebody worked
    "send_reminder": "client_confidential",  # what a client owes
    "hold_invoice": "client_confidential",
    "plan_development": "personal",  # what somebody should learn
    "change_policy": "none",
    "promote_version": "none",  # what cases of suites say is made up, or without personal data
}
_OF_RECORD: Mapping[RecordKind, Sensitivity] = {
    "person": "none",  # the directory is everybody's: names, titles, skills
    "skill": "none",
    "client": "none",
    "contract": "client_confidential",
    "project": "none",
    "assignment": "none",
    "role_request": "none",
    "time_entry": "personal",
    "status_report": "client_confidential",
    "invoice": "client_confidential",
    "opportunity": "client_confidential",
    "leave": "personal",
    "model": "none",
}


def sensitivity_of(kind: ActionKind, evidence: Iterable[Citation]) -> Sequence[Sensitivity] | None:
    """All that apply, ("none",) where nothing does; None for a kind of action that is not classified.

    Every quote is from a contract, a status report or a message: the words of a client or about one."""
    if kind not in _OF_ACTION:
        return None
    found: set[Sensitivity] = {_OF_ACTION[kind]}
    for cited in evidence:
        found.add(_OF_RECORD[cited.record] if cited.kind == "record" else "client_confidential")
    return sorted(found - {"none"}) or ("none",)
