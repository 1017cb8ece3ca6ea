-- name: standing_in
-- Who stands in for these people today, and for what; `on_leave`: what the policy says of leave.
select delegator_id, delegator_name, delegate_id, delegate_name, delegate_roles, since, until, reason, kinds,
  practices, clients, amount_limit, currency
from workflow.stand_ins(%(delegators)s::text[], %(on_leave)s);

-- name: hold
-- Keep what others delegated to a person from being revoked until this transaction ends.
select delegation_id from workflow.delegation
where delegate_id = %(delegate_id)s and revoked_at is null for share;

-- name: last_between
-- What became of the delegation between two people: the one that lasts still, or was the last to be revoked.
select d.revoked_at is not null as revoked, d.when_on_leave, d.last_day
from workflow.delegation d
where d.delegator_id = %(delegator_id)s and d.delegate_id = %(delegate_id)s
order by coalesce(d.revoked_at, 'infinity') desc, d.made_at desc limit 1;

-- name: party
-- The person of an account, with what they hold, and what day it is at their office.
select p.person_id, p.name, p.starts_on, p.ends_on, (now() at time zone o.timezone)::date as today,
  array(select distinct g.role from access.role_grant g where g.person_id = p.person_id) as roles
from firm.person p join firm.office o on o.office = p.office
where p.person_id = access.canonical(%(person_id)s);

-- name: people
-- Everybody who works here, with what they hold, by name.
select p.person_id, p.name,
  array(select distinct g.role from access.role_grant g where g.person_id = p.person_id) as roles
from firm.person p
where p.starts_on <= current_date and (p.ends_on is null or p.ends_on >= current_date)
  and access.canonical(p.person_id) = p.person_id
order by p.name, p.person_id;

-- name: practices
-- The practices of the firm.
select distinct practice from firm.person order by practice;

-- name: clients
-- The clients that the caller may see, by name.
select client_id, name from firm.client where client_id = any (app.visible_clients()) order by name, client_id;

-- name: make
-- A delegation in the caller's name.
insert into workflow.delegation (delegator_id, delegate_id, when_on_leave, first_day, last_day, kinds, practices,
  clients, amount_limit, currency, reason, made_by)
values (%(delegator_id)s, %(delegate_id)s, %(first_day)s::date is null, %(first_day)s, %(last_day)s, %(kinds)s,
  %(practices)s, %(clients)s, %(amount_limit)s, %(currency)s, %(reason)s, app.me())
returning delegation_id;

-- name: revoke
-- End a delegation, once; waits for decisions that are being taken by it.
update workflow.delegation set revoked_by = app.me(), revoked_at = now()
where delegation_id = %(delegation_id)s and revoked_at is null;

-- name: listed
-- Delegations that the caller has a part in, or everybody's, newest first; or one of them. Those for leave are
-- in force while the policy in force says so and the delegator is on leave.
select d.delegation_id, d.delegator_id, a.name as delegator_name, d.delegate_id, b.name as delegate_name,
  case
    when d.revoked_at is not null then 'over'
    when d.when_on_leave then case when exists (
      select from workflow.stand_ins(array[d.delegator_id], (
        select v.body ->> 'leave_delegates' from workflow.active_policy p
        join workflow.policy_version v on v.sha256 = p.sha256)) s
      where s.delegate_id = d.delegate_id and s.reason = d.reason) then 'in_force' else 'coming' end
    when t.day < d.first_day then 'coming'
    when t.day > d.last_day then 'over'
    else 'in_force' end as state,
  d.when_on_leave, d.first_day, d.last_day, d.kinds, d.practices, d.clients as client_ids, d.amount_limit,
  d.currency::text as currency, d.reason, d.made_by, m.name as made_by_name, d.made_at, d.revoked_by,
  r.name as revoked_by_name, d.revoked_at
from workflow.delegation d
left join firm.person a on a.person_id = d.delegator_id
left join firm.office o on o.office = a.office
cross join lateral (select (now() at time zone coalesce(o.timezone, 'UTC'))::date as day) t
left join firm.person b on b.person_id = d.delegate_id
left join firm.person m on m.person_id = d.made_by
left join firm.person r on r.person_id = d.revoked_by
where (%(everybody)s or app.me() in (d.delegator_id, d.delegate_id, d.made_by))
  and (%(delegation_id)s::uuid is null or d.delegation_id = %(delegation_id)s)
order by d.made_at desc, d.delegation_id limit %(limit)s;

-- name: tell
-- Tell somebody whose signature was delegated, or who was given it.
insert into workflow.notice (person_id, kind, text) values (%(person_id)s, 'delegation', %(text)s);

-- name: waiting_for
-- Proposals that wait for a person's own signature, the nearest deadline first.
select s.proposal_id from workflow.open_seat s join workflow.proposal p using (proposal_id)
where s.person_id = %(person_id)s and s.stands_in_for is null order by p.expires_at, s.proposal_id;

-- name: begun
-- Who stands in today for somebody whose own signature is waited for, and has not been noted yet.
select distinct s.delegator_id, s.delegate_id, s.since
from workflow.stand_ins(
  array(select distinct o.person_id from workflow.open_seat o where o.stands_in_for is null),
  (select v.body ->> 'leave_delegates' from workflow.active_policy p
   join workflow.policy_version v on v.sha256 = p.sha256)) s
where not exists (select from workflow.stand_in_begun b where b.delegator_id = s.delegator_id
                  and b.delegate_id = s.delegate_id and b.since = s.since);

-- name: note_begun
-- Somebody stands in since a day, and what waited was brought before them.
insert into workflow.stand_in_begun (delegator_id, delegate_id, since)
values (%(delegator_id)s, %(delegate_id)s, %(since)s) on conflict do nothing;
