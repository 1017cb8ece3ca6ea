-- name: approvers
-- Who was asked to sign a version, and what for; stand-ins after those who sign for themselves. Who handed their seat
-- over, and who took it from whom.
select a.step, a.person_id, n.name, a.why, a.fallback, a.stands_in_for, s.name as stands_in_for_name,
  a.stands_in_for is not null and not workflow.stands_in(a.person_id, a.stands_in_for) as lapsed,
  a.held, h.from_id as taken_from
from workflow.approver a
left join workflow.handover h on h.proposal_id = a.proposal_id and h.version = a.version and h.step = a.step
  and h.to_id = a.person_id
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

-- name: give_seat
-- Somebody's seat at a step is not held any more, nor by who would stand in.
update workflow.approver set held = false
where proposal_id = %(proposal_id)s and version = %(version)s and step = %(step)s and seat = %(from_id)s;

-- name: take_seat
-- Somebody is asked in another's place.
insert into workflow.approver (proposal_id, version, step, person_id, why, fallback)
values (%(proposal_id)s, %(version)s, %(step)s, %(to_id)s, %(why)s, %(fallback)s);

-- name: hand_over
-- Remember who handed whose seat to whom, and why.
insert into workflow.handover (proposal_id, version, step, from_id, to_id, handed_by, reason, surface)
values (%(proposal_id)s, %(version)s, %(step)s, %(from_id)s, %(to_id)s, app.me(), %(reason)s, app.surface());

-- name: handovers
-- Seats of a version that changed hands, oldest first.
select h.step, h.from_id, g.name as from_name, h.to_id, t.name as to_name, h.handed_by, b.name as handed_by_name,
  h.reason, h.handed_at
from workflow.handover h
left join firm.person g on g.person_id = h.from_id
left join firm.person t on t.person_id = h.to_id
left join firm.person b on b.person_id = h.handed_by
where h.proposal_id = %(proposal_id)s and h.version = %(version)s order by h.handed_at, h.from_id;
