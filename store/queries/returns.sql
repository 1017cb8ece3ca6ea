-- name: unsent
-- The effects of a version, locked, and which of them were never sent.
select effect_id, state, fence, sent_at is null and state in ('ready', 'leased') as unsent
from workflow.effect where proposal_id = %(proposal_id)s and version = %(version)s
order by effect_id for update;

-- name: take_back
-- What was not sent will not be: its proposal went back.
update workflow.effect set state = 'returned', last_error = %(reason)s, lease_owner = null, lease_until = null,
  waits_since = null, slowed_since = null, settled_at = now()
where proposal_id = %(proposal_id)s and version = %(version)s;

-- name: repeat_version
-- The same version once more, under the same gate and people: where the records contradict it nobody can say
-- what gate it needs, and who was asked can still reject it.
insert into workflow.proposal_version (proposal_id, version, author_id, canonical, content_hash, policy_sha256,
  rule, gate, facts, explanation, why, note)
select proposal_id, %(to_version)s, author_id, %(canonical)s, %(content_hash)s, policy_sha256, rule, gate, facts,
  explanation, why, %(note)s
from workflow.proposal_version where proposal_id = %(proposal_id)s and version = %(version)s;

-- name: repeat_approvers
-- Those who were asked to sign a version are asked again.
insert into workflow.approver (proposal_id, version, step, person_id, why, fallback, stands_in_for)
select proposal_id, %(to_version)s, step, person_id, why, fallback, stands_in_for
from workflow.approver where proposal_id = %(proposal_id)s and version = %(version)s;

-- name: repeat_basis
-- What a version rests on is what the next one rests on.
insert into workflow.basis (proposal_id, version, fields)
select proposal_id, %(to_version)s, fields from workflow.basis
where proposal_id = %(proposal_id)s and version = %(version)s;

-- name: put_version
-- Make a repeated version the current one: back to the gate's first step, all timers start again.
update workflow.proposal set version = %(version)s, step = 0, escalated_at = null,
  expires_at = now() + make_interval(hours => %(expires_after_hours)s),
  remind_at = now() + make_interval(hours => %(remind_after_hours)s),
  escalate_at = now() + make_interval(hours => %(escalate_after_hours)s)
where proposal_id = %(proposal_id)s;

-- name: keep_basis
-- What the firm's records said when a version was made.
insert into workflow.basis (proposal_id, version, fields) values (%(proposal_id)s, %(version)s, %(fields)s)
on conflict (proposal_id, version) do nothing;

-- name: keep_first_basis
-- The same for what the caller has just proposed.
select workflow.keep_basis(%(proposal_id)s, %(fields)s);
