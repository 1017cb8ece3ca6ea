"""What must hold of every proposal at any time, in SQL: each query finds what breaks its promise."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg

# Of one life: what was proposed since it began.
LIFE = """
with life as (select * from workflow.proposal where created_at >= %(since)s),
  signed as (select d.* from workflow.decision d join life using (proposal_id)),
  written as (select e.* from workflow.effect e join life using (proposal_id)),
  heard as (select n.* from workflow.notice n join life using (proposal_id)),
  logged as (select substr(subject, 10)::uuid as proposal_id, action, body from audit.event
    where subject like 'proposal:%%' and at >= %(since)s)
"""

BROKEN: Mapping[str, str] = {
    "who is waited for has a card": """
        select from life p join workflow.approver a using (proposal_id, version, step)
        where p.state = 'pending' and a.held and a.stands_in_for is null
          and not exists (select from workflow.decision d where d.proposal_id = p.proposal_id
            and d.version = p.version and d.approver_id = a.person_id)
          and not exists (select from workflow.used_up u where u.proposal_id = p.proposal_id
            and u.version = p.version and u.person_id = a.person_id)
          and not exists (select from heard n where n.proposal_id = p.proposal_id
            and n.person_id = a.person_id and n.event = format('card:%%s:%%s', p.version, p.step))""",
    "nobody signs what they proposed, wrote, gain by or is about them": """
        select from signed d join life p using (proposal_id)
          join workflow.proposal_version v on v.proposal_id = d.proposal_id and v.version = d.version,
          unnest(array[d.approver_id, d.seat]) who
        where access.canonical(who) in (access.canonical(p.proposer_id), access.canonical(v.author_id),
            access.canonical(nullif(p.on_behalf_of, '')))
          or access.canonical(who) in (select access.canonical(barred) from
            jsonb_array_elements_text((v.facts -> 'beneficiaries') || (v.facts -> 'subjects')) barred)""",
    "nobody is used up twice, whatever the account and the seat": """
        select from (select distinct d.proposal_id, d.version, d.decision_id, access.canonical(who) as person
          from signed d, unnest(array[d.approver_id, d.seat]) who) used
        group by proposal_id, version, person having count(*) > 1""",
    "what is written has every signature that its gate asked for": """
        select from written e join workflow.proposal_version v using (proposal_id, version),
          jsonb_array_elements(v.gate -> 'gate' -> 'steps') with ordinality step (asks, number),
          lateral (select count(*) filter (where d.verdict = 'approve') as given,
              count(*) filter (where d.verdict = 'reject') as refused
            from signed d where d.proposal_id = e.proposal_id and d.version = e.version
              and d.content_hash = e.content_hash and d.step = number - 1) has
        where refused > 0 or given < case when asks ->> 'signatures' = 'all' then 1
          else (asks ->> 'signatures')::int end""",
    # Who was away for a while may have been so when it was signed.
    "a step that all sign lacks nobody who was asked": """
        select from written e join workflow.proposal_version v using (proposal_id, version),
          jsonb_array_elements(v.gate -> 'gate' -> 'steps') with ordinality step (asks, number),
          lateral (select count(*) as still_there from workflow.approver a
            where a.proposal_id = e.proposal_id and a.version = e.version and a.step = number - 1 and a.held
              and not a.fallback and a.stands_in_for is null and a.person_id <> all (%(away)s)) asked
        where asks ->> 'signatures' = 'all' and still_there > (
          select count(distinct d.seat) from signed d where d.proposal_id = e.proposal_id
            and d.version = e.version and d.step = number - 1 and d.verdict = 'approve')""",
    "nothing is written that was not approved": """
        select from written e where not exists (select from logged l where l.proposal_id = e.proposal_id
          and l.action = 'proposal.approved' and l.body ->> 'version' = e.version::text
          and l.body ->> 'content_hash' = e.content_hash)""",
    "nothing is written of what is open, turned down or planted": """
        select from written e join life p using (proposal_id)
        where (p.state in ('pending', 'rejected', 'withdrawn', 'expired') or p.planted)
          and e.state <> 'returned'""",
    "one version alone is written": """
        select from written e join life p using (proposal_id)
        where e.version <> p.version and e.state <> 'returned'""",
    "what went back was never sent": "select from written where state = 'returned' and sent_at is not null",
    "a question is answered once, by who was asked": """
        select from workflow.question q join life using (proposal_id)
          join workflow.answer a using (question_id)
        group by q.question_id having count(*) > 1 or not bool_and(a.answered_by = any (q.asked_of))""",
    "what is open ends in time": """
        select from life p join workflow.proposal_version v using (proposal_id, version)
        where p.state = 'pending' and p.expires_at > v.created_at + make_interval(
          hours => coalesce((v.gate -> 'gate' ->> 'expires_after_hours')::int, 0))""",
    "nobody hears a thing twice": """
        select from heard group by proposal_id, person_id, event having count(*) > 1""",
    "who asked hears what became of it": """
        select from life p where p.proposer_id not like 'service:%%'
          and p.state in ('approved', 'executed', 'parked', 'failed', 'rejected', 'expired')
          and not exists (select from heard n where n.proposal_id = p.proposal_id
            and n.person_id = p.proposer_id and n.kind = 'outcome' and n.created_at >= p.state_since)""",
    "who signed hears where it ended": """
        select from life p join signed d using (proposal_id, version)
        where p.state in ('executed', 'parked', 'failed') and d.verdict = 'approve'
          and not exists (select from heard n where n.proposal_id = p.proposal_id
            and n.person_id = d.approver_id and n.kind = 'outcome' and n.created_at >= p.state_since)""",
    "who was asked hears that it is off": """
        select from life p join workflow.approver a using (proposal_id, version, step)
        where p.state = 'withdrawn' and not p.planted and a.held and not exists (
          select from heard n where n.proposal_id = p.proposal_id and n.person_id = a.person_id
            and n.event = 'outcome:withdrawn')""",
    "who was tested hears it": """
        select from life p join workflow.planted_item i using (proposal_id)
        where p.state in ('rejected', 'withdrawn') and not exists (
          select from heard n where n.proposal_id = p.proposal_id and n.person_id = i.person_id
            and n.event = 'outcome:revealed')""",
    "only who is tested is drawn into it": """
        select from life p join workflow.planted_item i using (proposal_id) join heard n using (proposal_id)
        where n.person_id <> i.person_id""",
    "the audit chain is whole": "select from audit.verify()",
}

# Acts, and the audit entries that there must be of them, one each.
ACTS: Sequence[tuple[str, str]] = (
    ("select from life where not planted", "proposal.submitted"),
    ("select from life where planted", "proposal.planted"),
    ("select from signed", "proposal.decided"),
    (
        "select from workflow.proposal_version v join life using (proposal_id) where v.version > 1",
        "proposal.edited proposal.narrowed proposal.regated proposal.returned",
    ),
    ("select from workflow.handover h join life using (proposal_id)", "proposal.reassigned"),
    ("select from workflow.question q join life using (proposal_id)", "proposal.questioned"),
    (
        "select from workflow.answer join (select question_id from workflow.question"
        " join life using (proposal_id)) q using (question_id)",
        "proposal.answered",
    ),
    ("select from life where state = 'withdrawn' and not planted", "proposal.withdrawn"),
    ("select from life where state = 'expired'", "proposal.expired proposal.overtaken"),
    (
        "select from life where planted and state in ('rejected', 'withdrawn')",
        "proposal.plant_revealed",
    ),
    ("select distinct proposal_id, version from written", "proposal.approved"),
    ("select from written where state = 'done'", "effect.settled effect.marked_done"),
)


def broken(owner: psycopg.Connection[Any], since: datetime, away: set[str]) -> dict[str, int]:
    """The promises that do not hold of a life, and how often. `away`: who lost a role or left, be it for a
    while."""
    checks = dict(BROKEN) | {
        f"the audit log has each of: {events}": _unlogged(acts, events) for acts, events in ACTS
    }
    counts = ", ".join(f"(select count(*) from ({query}) found)" for query in checks.values())
    row = owner.execute(f"{LIFE} select {counts}".encode(), {"since": since, "away": list(away)}).fetchone()
    assert row
    return {promise: count for promise, count in zip(checks, row, strict=True) if count}


def _unlogged(acts: str, events: str) -> str:
    """One row where there are more acts or fewer than entries."""
    names = ", ".join(f"'{event}'" for event in events.split())
    # A change of the policy is approved and carried out in one: it has no writes.
    entries = f"""select from logged l join life p using (proposal_id) where l.action in ({names})
      and not (l.action = 'proposal.approved' and p.action_kind in ('change_policy', 'promote_version'))"""
    return f"select where (select count(*) from ({acts}) a) <> (select count(*) from ({entries}) e)"
