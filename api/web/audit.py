"""Auditors' pages: the log and each of its entries, the trail of one proposal, and the policy's versions."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.auth.callers import Caller, SignedIn, Wired, may
from api.routes.audit import NEWEST, AuditEvent, Wanted, glance, read_page
from api.web.i18n import N_
from api.web.render import names, page
from models.access import NotFound, Principal
from models.actions import PolicyDifference
from models.policy import ApproverSource, PolicySet, Relation
from models.policy_words import condition_in_words, differences, step_in_words
from store.db import Database
from workflow.cards import person

router = APIRouter(prefix="/audit", dependencies=[Depends(may("audit.read"))])

ROWS = 100
MOST = 2_000  # entries about one proposal
VERSIONS = 200

# What happened, for people; what has no words here is shown as the log has it.
HAPPENED: Mapping[str, str] = {
    "proposal.submitted": N_("Proposed"),
    "proposal.decided": N_("Decided"),
    "proposal.approved": N_("Approved by everybody"),
    "proposal.refused": N_("A decision was refused"),
    "proposal.questioned": N_("Asked back"),
    "proposal.answered": N_("Answered"),
    "proposal.reassigned": N_("Handed over"),
    "proposal.returned": N_("Went back"),
    "proposal.overtaken": N_("Overtaken"),
    "proposal.withdrawn": N_("Taken back"),
    "proposal.expired": N_("Expired"),
    "effect.settled": N_("Written"),
    "proposal.exported": N_("Its trail was exported"),
}
RELATIONS: Mapping[Relation, str] = {
    "project_manager": N_("who manages the project"),
    "practice_lead": N_("who leads the project's practice"),
    "practice_resource_manager": N_("who staffs the person's practice"),
    "person_practice_lead": N_("who leads the person's practice"),
    "account_owner": N_("who owns the client's account"),
    "contract_signatory": N_("who may sign on the contract"),
    "budget_owner": N_("who answers for the project's budget"),
    "office_finance": N_("finance of the office"),
    "manager": N_("the person's line manager"),
}
THE_FIRM = N_("the firm")
TRAIL_FORMAT = "chargehand audit trail 1"


@dataclass(frozen=True)
class Entry:
    """An entry with what was hashed of it."""

    seq: int
    at: datetime
    actor: str
    surface: str
    action: str
    subject: str
    body: dict[str, Any]
    prev: str
    hash: str
    text: str
    personal: dict[str, str | None]

    @property
    def holds(self) -> bool:
        """Whether its text and the hash before it come to its hash."""
        return sha256(bytes.fromhex(self.prev) + self.text.encode()).hexdigest() == self.hash


@dataclass(frozen=True)
class PolicyVersion:
    sha256: str
    name: str
    body: dict[str, Any]
    loaded_by: str
    loaded_at: datetime
    in_force_since: datetime | None


@dataclass(frozen=True)
class Signs:
    """A step of a rule, and who could sign it today."""

    rule: str
    holds_for: str
    step: str
    says: str
    people: Sequence[tuple[str, str]]  # a name or what names them, and over what


@router.get("")
def log(
    request: Request,
    caller: SignedIn,
    app: Wired,
    before: Annotated[int | None, Query(ge=1, le=NEWEST)] = None,
    who: Annotated[str, Query(max_length=200)] = "",
    what: Annotated[str, Query(max_length=100)] = "",
    subject: Annotated[str, Query(max_length=200)] = "",
    since: Annotated[str, Query(pattern=r"^(\d{4}-\d\d-\d\d)?$")] = "",
    until: Annotated[str, Query(pattern=r"^(\d{4}-\d\d-\d\d)?$")] = "",
) -> HTMLResponse:
    about = subject.strip()
    if _is_uuid(about):
        about = f"proposal:{about}"
    zone = ZoneInfo(caller.principal.timezone)
    wanted = Wanted(
        what.strip() or None, about or None, who.strip() or None, _start(since, zone), _start(until, zone, 1)
    )
    found = read_page(app.db, caller.principal, wanted, before=before, limit=ROWS)
    asked = {"who": who, "what": what, "subject": about, "since": since, "until": until}
    asked = {name: value for name, value in asked.items() if value}
    return page(
        request,
        "audit.html",
        caller,
        events=found,
        names=_names(request, caller, found.items),
        asked={"who": "", "what": "", "subject": "", "since": "", "until": "", **asked},
        filtered=bool(asked),
        older=urlencode({**asked, "before": found.before}) if found.before else None,
        actions=sorted({e.action for e in found.items} | set(HAPPENED)),
        newest=before is None,
    )


@router.get("/chain")
def chain(request: Request, caller: SignedIn, app: Wired) -> HTMLResponse:
    """Whether the log is whole, as a part of its page: checked while the page is read."""
    return page(request, "_chain.html", caller, seen=glance(app.db, caller.principal, app.settings))


@router.get("/entries/{seq}")
def entry(seq: int, request: Request, caller: SignedIn, app: Wired) -> HTMLResponse:
    found = _entries(app.db, caller.principal, seq=seq)
    if not found:
        raise NotFound(what="audit entry", id=str(seq))
    after = _entries(app.db, caller.principal, seq=seq + 1)
    known = _names(request, caller, found)
    return page(request, "audit_entry.html", caller, e=found[0], is_newest=not after, names=known)


@router.get("/proposals/{proposal_id}")
def trail(proposal_id: UUID, request: Request, caller: SignedIn, app: Wired) -> HTMLResponse:
    """From what was asked to what was written."""
    card = app.workflow.card(caller.principal, proposal_id)
    found = _entries(app.db, caller.principal, subject=f"proposal:{proposal_id}")
    return page(
        request,
        "audit_trail.html",
        caller,
        card=card,
        entries=found,
        happened=HAPPENED,
        holds=all(e.holds for e in found),
        names=_names(request, caller, found),
    )


@router.post("/proposals/{proposal_id}/export")
def export_trail(proposal_id: UUID, caller: SignedIn, app: Wired) -> Response:
    """The entries as they were hashed, a line each: `hash` is sha256 over `prev` and `text`. The log says
    that it was done."""
    app.workflow.card(caller.principal, proposal_id)
    subject = f"proposal:{proposal_id}"
    found = _entries(app.db, caller.principal, subject=subject)
    with app.db.tx(caller.principal, "agent") as tx:
        tx.audit("proposal.exported", subject, entries=len(found))
    head = {"format": TRAIL_FORMAT, "subject": subject, "entries": len(found)}
    lines = [head, *({"prev": e.prev, "hash": e.hash, "text": e.text} for e in found)]
    return Response(
        "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines),
        media_type="application/jsonl",
        headers={"Content-Disposition": f'attachment; filename="proposal-{proposal_id}.jsonl"'},
    )


@router.get("/policies")
def policies(
    request: Request,
    caller: SignedIn,
    app: Wired,
    version: Annotated[str, Query(pattern="^([0-9a-f]{64})?$")] = "",
) -> HTMLResponse:
    """Every version of the approval policy, what each changed, and who could sign under one of them."""
    with app.db.tx(caller.principal, "agent") as tx:
        versions = tx.rows("trail.policies", PolicyVersion, limit=VERSIONS)
        in_force = next((v for v in versions if v.in_force_since), None)
        chosen = next((v for v in versions if v.sha256 == version), in_force)
        if version and (chosen is None or chosen.sha256 != version):
            raise NotFound(what="policy version", id=version)
        policy = PolicySet.model_validate(chosen.body) if chosen else None
        steps = [step for rule in policy.rules for step in rule.gate.steps] if policy else []
        roles = sorted({source.role for step in steps for source in step.sources if source.role})
        held = tx.records("trail.holders", roles=roles)
    return page(
        request,
        "audit_policies.html",
        caller,
        versions=versions,
        chosen=chosen,
        changes=_changes(versions, chosen) if chosen else (),
        signs=list(_signs(policy, held)) if policy else [],
        names=_called(request, caller, {v.loaded_by for v in versions}),
    )


def _changes(versions: Sequence[PolicyVersion], chosen: PolicyVersion) -> tuple[PolicyDifference, ...]:
    """What a version says otherwise than the one before; nothing for the first."""
    before = versions[versions.index(chosen) + 1 :][:1]
    return differences(*(PolicySet.model_validate(v.body) for v in (*before, chosen))) if before else ()


def _signs(policy: PolicySet, held: Sequence[Mapping[str, str]]) -> Iterable[Signs]:
    for rule in policy.rules:
        holds_for = condition_in_words(rule.when, policy.currency)
        for step in rule.gate.steps:
            people = [p for source in step.sources for p in _people(policy, source, held)]
            yield Signs(rule.name, holds_for, step.name, step_in_words(step), list(dict.fromkeys(people)))


def _people(
    policy: PolicySet, source: ApproverSource, held: Sequence[Mapping[str, str]]
) -> Iterable[tuple[str, str]]:
    if source.role:
        return [(h["name"], h["scope"] or THE_FIRM) for h in held if h["role"] == source.role]
    return [(RELATIONS[source.relation] if source.relation else str(source), "")]


def _entries(
    db: Database, principal: Principal, *, seq: int | None = None, subject: str | None = None
) -> list[Entry]:
    with db.tx(principal, "agent") as tx:
        return tx.rows("trail.entries", Entry, seq=seq, subject=subject, limit=MOST)


def _start(day: str, zone: ZoneInfo, later: int = 0) -> datetime | None:
    """The start of a day where the reader is."""
    return datetime.combine(date.fromisoformat(day) + timedelta(later), time(), zone) if day else None


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _names(request: Request, caller: Caller, events: Sequence[AuditEvent | Entry]) -> dict[str, str]:
    """The names of who did it and of whom it is about."""
    ids = {e.actor for e in events} | {e.subject.partition(":")[2] for e in events}
    return _called(request, caller, ids)


def _called(request: Request, caller: Caller, ids: set[str]) -> dict[str, str]:
    """The names of people and of Chargehand's own services."""
    services = {i: person(i, None).name for i in ids if i.startswith("service:")}
    return {**names(request, caller, ids - set(services)), **services}
