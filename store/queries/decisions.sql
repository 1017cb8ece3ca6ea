-- name: sign
-- One person's verdict on one step of exactly this content, in their own seat or in one they stand in for.
-- Constraints refuse what the code should have. When it was.
insert into workflow.decision (proposal_id, version, step, content_hash, proposer_id, author_id, on_behalf_of,
  approver_id, verdict, reason, surface, stands_in_for, evidence)
values (%(proposal_id)s, %(version)s, %(step)s, %(content_hash)s, %(proposer_id)s, %(author_id)s,
  coalesce(%(on_behalf_of)s, ''), app.me(), %(verdict)s, %(reason)s, app.surface(), %(stands_in_for)s,
  %(evidence)s::jsonb)
returning decided_at;

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
