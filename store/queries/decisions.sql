-- name: approvers
-- Who was asked to sign a version, and what for.
select a.step, a.person_id, n.name, a.why, a.fallback
from workflow.approver a left join firm.person n on n.person_id = a.person_id
where a.proposal_id = %(proposal_id)s and a.version = %(version)s
order by a.step, a.fallback, n.name, a.person_id;

-- name: signatures
-- What was decided on a version so far, oldest first.
select d.step, d.approver_id as person_id, n.name, d.verdict, d.reason, d.surface, d.decided_at
from workflow.decision d left join firm.person n on n.person_id = d.approver_id
where d.proposal_id = %(proposal_id)s and d.version = %(version)s
order by d.decided_at, d.decision_id;

-- name: sign
-- One person's verdict on one step of exactly this content. Constraints refuse what the code should have.
insert into workflow.decision (proposal_id, version, step, content_hash, proposer_id, author_id, approver_id,
  verdict, reason, surface)
values (%(proposal_id)s, %(version)s, %(step)s, %(content_hash)s, %(proposer_id)s, %(author_id)s, app.me(),
  %(verdict)s, %(reason)s, app.surface());

-- name: decline_items
-- Items of a batch that a version leaves out.
insert into workflow.declined_item (proposal_id, version, item_id, declined_by, reason)
select %(proposal_id)s, %(version)s, item, app.me(), %(reason)s from unnest(%(items)s::text[]) item;
