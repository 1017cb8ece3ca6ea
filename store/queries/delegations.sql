-- name: standing_in
-- Who stands in for these people today, and for what; `on_leave`: what the policy says of leave.
select delegator_id, delegator_name, delegate_id, delegate_name, delegate_roles, since, until, reason, kinds,
  practices, clients, amount_limit
from workflow.stand_ins(%(delegators)s::text[], %(on_leave)s);

-- name: hold
-- Keep what others delegated to a person from being revoked until this transaction ends.
select delegation_id from workflow.delegation
where delegate_id = %(delegate_id)s and revoked_at is null for share;

-- name: last_between
-- What became of the delegation between two people: the one that lasted longest, or lasts still.
select d.revoked_at is not null as revoked, d.when_on_leave, d.last_day
from workflow.delegation d
where d.delegator_id = %(delegator_id)s and d.delegate_id = %(delegate_id)s
order by coalesce(d.revoked_at, 'infinity') desc, d.made_at desc limit 1;
