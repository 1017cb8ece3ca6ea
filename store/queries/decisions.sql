-- name: approvers
-- Who was asked to sign a version, and what for; stand-ins after those who sign for themselves.
select a.step, a.person_id, n.name, a.why, a.fallback, a.stands_in_for, s.name as stands_in_for_name,
  a.stands_in_for is not null and not workflow.stands_in(a.person_id, a.stands_in_for) as lapsed
from workflow.approver a
left join firm.person n on n.person_id = a.person_id
left join firm.person s on s.person_id = a.stands_in_for
where a.proposal_id = %(proposal_id)s and a.version = %(version)s
order by a.step, a.fallback, a.stands_in_for is not null, n.name, a.person_id, s.name;

-- name: signatures
-- What was decided on a version so far, by persons, oldest first.
select d.step, access.canonical(d.approver_id) as person_id, n.name, d.verdict, d.reason, d.surface, d.decided_at,
  d.evidence, access.canonical(d.stands_in_for) as stands_in_for, s.name as stands_in_for_name
from workflow.decision d
left join firm.person n on n.person_id = d.approver_id
left join firm.person s on s.person_id = d.stands_in_for
where d.proposal_id = %(proposal_id)s and d.version = %(version)s
order by d.decided_at, d.decision_id;

-- name: sign
-- One person's verdict on one step of exactly this content, in their own seat or in one they stand in for.
-- Constraints refuse what the code should have.
insert into workflow.decision (proposal_id, version, step, content_hash, proposer_id, author_id, on_behalf_of,
  approver_id, verdict, reason, surface, stands_in_for, evidence)
values (%(proposal_id)s, %(version)s, %(step)s, %(content_hash)s, %(proposer_id)s, %(author_id)s,
  coalesce(%(on_behalf_of)s, ''), app.me(), %(verdict)s, %(reason)s, app.surface(), %(stands_in_for)s,
  %(evidence)s::jsonb);

-- name: decline_items
-- Items of a batch that a version leaves out.
insert into workflow.declined_item (proposal_id, version, item_id, declined_by, reason)
select %(proposal_id)s, %(version)s, item, app.me(), %(reason)s from unnest(%(items)s::text[]) item;
