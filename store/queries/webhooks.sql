-- name: add
-- A new endpoint.
insert into workflow.webhook (url, types, name, created_by)
values (%(url)s, %(types)s, %(name)s, app.me())
returning webhook_id, url, types, name, generation, rotated_at, created_by, created_at, disabled_at, disabled_why,
  failing_since;

-- name: all
-- The endpoints there are, the newest first.
select webhook_id, url, types, name, generation, rotated_at, created_by, created_at, disabled_at, disabled_why,
  failing_since
from workflow.webhook where removed_at is null order by created_at desc, webhook_id;

-- name: get
-- One endpoint.
select webhook_id, url, types, name, generation, rotated_at, created_by, created_at, disabled_at, disabled_why,
  failing_since
from workflow.webhook where webhook_id = %(webhook_id)s and removed_at is null;

-- name: rotate
-- The next secret, which for a while signs beside the one before.
update workflow.webhook set generation = generation + 1, rotated_at = now()
where webhook_id = %(webhook_id)s and removed_at is null;

-- name: remove
-- Send an endpoint nothing any more.
update workflow.webhook set removed_at = now() where webhook_id = %(webhook_id)s and removed_at is null;

-- name: disable
-- Leave an endpoint alone until somebody enables it again; false where it is already.
update workflow.webhook set disabled_at = now(), disabled_why = %(why)s
where webhook_id = %(webhook_id)s and removed_at is null and disabled_at is null;

-- name: drop_open
-- What an endpoint was still to be sent is not sent; it can be replayed.
update workflow.webhook_delivery set state = 'dropped', settled_at = now()
where webhook_id = %(webhook_id)s and state in ('ready', 'leased');

-- name: enable
-- Send an endpoint what happens from now on.
update workflow.webhook
set disabled_at = null, disabled_why = null, outages = 0, failing_since = null, resume_at = now()
where webhook_id = %(webhook_id)s and removed_at is null;

-- name: add_test
-- An event that says nothing, for one endpoint; its id.
with event as (
  insert into workflow.webhook_event (type, subject, data)
  values ('webhook.test', 'webhook:' || %(webhook_id)s::uuid::text, jsonb_build_object('webhook_id', %(webhook_id)s::uuid::text))
  returning event_id, seq, subject)
insert into workflow.webhook_delivery (webhook_id, event_id, seq, subject)
select %(webhook_id)s::uuid, event_id, seq, subject from event returning event_id;

-- name: replay
-- Send one event, or those of a time that an endpoint asks for, again; how many.
insert into workflow.webhook_delivery as d (webhook_id, event_id, seq, subject)
select w.webhook_id, e.event_id, e.seq, e.subject
from workflow.webhook w cross join workflow.webhook_event e
where w.webhook_id = %(webhook_id)s and w.removed_at is null
  and case when %(event_id)s::uuid is not null then e.event_id = %(event_id)s
    else e.type = any (w.types) and e.occurred_at >= %(since)s and e.occurred_at < %(until)s end
on conflict on constraint entered_once do update
set state = 'ready', attempts = 0, not_before = now(), settled_at = null
where d.state in ('sent', 'parked', 'dropped');

-- name: log
-- What an endpoint was sent or is to be sent, newest first, with the latest answer.
select d.event_id, e.type, e.subject, e.occurred_at, d.state, d.attempts, d.settled_at,
  case when d.state = 'ready' then d.not_before end as next_at, a.at as tried_at, a.status, a.milliseconds, a.error
from workflow.webhook_delivery d
join workflow.webhook_event e using (event_id)
left join lateral (
  select at, status, milliseconds, error from workflow.webhook_attempt t
  where t.delivery_id = d.delivery_id order by at desc limit 1) a on true
where d.webhook_id = %(webhook_id)s order by d.seq desc limit %(limit)s;

-- name: attempts
-- How an endpoint answered to one event each time, newest first.
select t.at, t.status, t.milliseconds, t.error
from workflow.webhook_attempt t join workflow.webhook_delivery d using (delivery_id)
where d.webhook_id = %(webhook_id)s and d.event_id = %(event_id)s order by t.at desc limit 100;

-- name: claim
-- Lease the oldest delivery that is due, in its turn among those about the same thing. An endpoint that is well holds
-- two workers at most, one that fails a single one, so that it keeps nobody else waiting. A lease that ran out
-- belongs to a worker that died: it is sent again, under the same id.
with free as materialized (
  select w.webhook_id from workflow.webhook w
  where w.removed_at is null and w.disabled_at is null and w.resume_at <= now()
    and (select count(*) from workflow.webhook_delivery l
      where l.webhook_id = w.webhook_id and l.state = 'leased' and l.lease_until >= now())
      < case when w.outages = 0 then 2 else 1 end),
due as (
  select d.delivery_id
  from workflow.webhook_delivery d join workflow.webhook w using (webhook_id)
  where d.webhook_id in (select webhook_id from free)
    and ((d.state = 'ready' and d.not_before <= now()) or (d.state = 'leased' and d.lease_until < now()))
    and not exists (
      select from workflow.webhook_delivery b
      where b.webhook_id = d.webhook_id and b.subject = d.subject and b.seq < d.seq
        and b.state in ('ready', 'leased'))
  order by d.seq limit 1 for update of d, w skip locked)
update workflow.webhook_delivery d set state = 'leased', fence = d.fence + 1, attempts = d.attempts + 1,
  lease_until = now() + make_interval(secs => %(lease_seconds)s)
from due, workflow.webhook w, workflow.webhook_event e
where d.delivery_id = due.delivery_id and w.webhook_id = d.webhook_id and e.event_id = d.event_id
returning d.delivery_id, d.fence, d.attempts, d.webhook_id, w.url, w.name, w.generation,
  w.rotated_at > now() - make_interval(secs => %(overlap_seconds)s) as rotated_lately,
  e.event_id, e.type, e.data, e.occurred_at;

-- name: log_attempt
-- How an endpoint answered.
insert into workflow.webhook_attempt (delivery_id, status, milliseconds, error)
values (%(delivery_id)s, %(status)s, %(milliseconds)s, %(error)s);

-- name: settle
-- It was taken, given up, or dropped with its endpoint.
update workflow.webhook_delivery set state = %(state)s, lease_until = null, settled_at = now()
where delivery_id = %(delivery_id)s and fence = %(fence)s and state = 'leased';

-- name: release
-- Try it again later.
update workflow.webhook_delivery
set state = 'ready', lease_until = null, not_before = now() + make_interval(secs => %(after_seconds)s)
where delivery_id = %(delivery_id)s and fence = %(fence)s and state = 'leased';

-- name: recovered
-- An endpoint takes what it is sent.
update workflow.webhook set outages = 0, failing_since = null, resume_at = now()
where webhook_id = %(webhook_id)s and (outages > 0 or failing_since is not null);

-- name: failed
-- An endpoint did not take something; from the `trip_after`th outage in a row on it is left alone, each time longer.
-- How many seconds it has failed.
update workflow.webhook set failing_since = coalesce(failing_since, now()),
  outages = case when %(outage)s then outages + 1 else 0 end,
  resume_at = case when %(outage)s and outages + 1 >= %(trip_after)s
    then now() + make_interval(secs => least(%(probe_seconds)s * 2.0 ^ (outages + 1 - %(trip_after)s),
                                             %(longest_seconds)s))
    else resume_at end
where webhook_id = %(webhook_id)s
returning extract(epoch from now() - failing_since)::float8;

-- name: tell_keepers
-- Tell those who keep the installation.
insert into workflow.notice (person_id, kind, text)
select distinct person_id, 'operations', %(text)s from access.role_grant where role = 'admin';

-- name: forget
-- Events, and how they were taken, are kept for a while to be replayed.
delete from workflow.webhook_event where occurred_at < now() - make_interval(days => %(days)s);
