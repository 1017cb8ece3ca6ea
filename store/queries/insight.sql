-- name: queues
-- What waits for a signature now. By rule and step: how many, for how long, and how the ages spread over the bounds
-- (hours) that are handed in; the row without a rule is for all of them. By person, in rows with one: how many
-- proposals each could sign, and how many nobody else could.
with waits as materialized (
  select w.proposal_id, w.version, w.rule, w.step_name, w.asked,
    (extract(epoch from now() - w.started_at) / 3600)::float8 as hours
  from workflow.waits(now()) w
  where w.ended_at is null and (%(practice)s::text is null or w.practice = %(practice)s)),
people as (
  select a.person_id, count(*)::integer as waiting, count(*) filter (where a.others = 0)::integer as alone,
    max(a.hours) as oldest_hours, percentile_cont(0.5) within group (order by a.hours) as median_hours
  from (
    select person_id, w.hours, count(*) over (partition by w.proposal_id) - 1 as others
    from waits w cross join unnest(w.asked) person_id
    where not exists (select from workflow.decision d where d.proposal_id = w.proposal_id
                      and d.version = w.version and d.approver_id = person_id)) a
  group by 1 order by oldest_hours desc, 1 limit %(limit)s)
select w.rule, w.step_name as step, null as person_id, null as name, count(*)::integer as waiting, null as alone,
  max(w.hours) as oldest_hours, percentile_cont(0.5) within group (order by w.hours) as median_hours,
  percentile_cont(0.9) within group (order by w.hours) as p90_hours,
  array(select count(x) filter (where width_bucket(x, %(bounds)s::float8[]) = b)::integer
        from generate_series(0, cardinality(%(bounds)s::float8[])) b
        cross join unnest(array_agg(w.hours)) x group by b order by b) as spread
from waits w group by grouping sets ((w.rule, w.step_name), ())
having count(*) > 0
union all
select null, null, p.person_id, n.name, p.waiting, p.alone, p.oldest_hours, p.median_hours, null, null
from people p left join firm.person n using (person_id)
order by oldest_hours desc, person_id;

-- name: load
-- Where the waiting of a period fell: the hours that proposals waited within the period, those that still wait
-- included. One row for each step of each rule, with how long a stretch took that ended in the period; and one for
-- each person, where the hours of a stretch are shared equally by those who were asked to sign it.
with waits as materialized (
  select w.rule, w.step_name, w.asked, w.started_at, w.ended_at,
    extract(epoch from coalesce(w.ended_at, now()) - greatest(w.started_at, %(since)s)) / 3600 as hours,
    extract(epoch from w.ended_at - w.started_at) / 3600 as taken
  from workflow.waits(%(since)s) w where %(practice)s::text is null or w.practice = %(practice)s),
people as (
  select person_id, count(*) as stretches, sum(w.hours / cardinality(w.asked)) as hours
  from waits w cross join unnest(w.asked) person_id group by 1)
select w.rule, w.step_name as step, null as person_id, null as name, count(*)::integer as stretches,
  sum(w.hours)::float8 as hours, coalesce(sum(w.hours) / nullif(sum(sum(w.hours)) over (), 0), 0)::float8 as share,
  percentile_cont(0.5) within group (order by w.taken)::float8 as median_hours,
  percentile_cont(0.9) within group (order by w.taken)::float8 as p90_hours
from waits w group by 1, 2
union all
select null, null, p.person_id, n.name, p.stretches::integer, p.hours::float8,
  coalesce(p.hours / nullif(sum(p.hours) over (), 0), 0)::float8, null, null
from people p left join firm.person n using (person_id)
order by hours desc;

-- name: outcomes
-- How proposals ended in a period, by kind, and how long a decision took (hours, from the proposal to the verdict
-- that settled it; what lapsed or was taken back has none). Overturned: somebody had signed, and then somebody else
-- rejected or rewrote it. The row without a kind is for all of them.
with over as materialized (
  select p.proposal_id, p.action_kind, p.state, p.created_at, p.proposer_id
  from workflow.proposal p
  where not p.planted and p.state <> 'pending' and p.state_since >= %(since)s
    and (%(practice)s::text is null or p.practice = %(practice)s)),
signed as (
  select d.proposal_id, max(d.decided_at) as last_at,
    count(*)::integer as verdicts, count(*) filter (where d.verdict = 'reject')::integer as rejects,
    min(d.version) filter (where d.verdict = 'approve') as approved_version
  from workflow.decision d where d.proposal_id in (select o.proposal_id from over o) group by 1),
edited as (
  select v.proposal_id, max(v.version) as version from workflow.proposal_version v
  join over o on o.proposal_id = v.proposal_id
  where v.version > 1 and v.author_id <> o.proposer_id group by 1),
ended as (
  select o.action_kind, o.state, s.verdicts, s.rejects, e.version is not null as edited,
    s.approved_version is not null and (o.state = 'rejected' or e.version > s.approved_version) as overturned,
    case when o.state not in ('expired', 'withdrawn')
      then (extract(epoch from s.last_at - o.created_at) / 3600)::float8 end as hours
  from over o left join signed s using (proposal_id) left join edited e using (proposal_id))
select action_kind as kind, count(*)::integer as ended,
  count(*) filter (where state in ('approved', 'executed', 'parked', 'failed'))::integer as approved,
  count(*) filter (where state = 'rejected')::integer as rejected,
  count(*) filter (where state = 'expired')::integer as expired,
  count(*) filter (where state = 'withdrawn')::integer as withdrawn,
  count(*) filter (where edited)::integer as edited,
  count(*) filter (where overturned)::integer as overturned,
  coalesce(sum(verdicts), 0)::integer as verdicts, coalesce(sum(rejects), 0)::integer as rejects,
  percentile_cont(0.5) within group (order by hours)::float8 as median_hours,
  percentile_cont(0.9) within group (order by hours)::float8 as p90_hours,
  array(select count(x) filter (where width_bucket(x, %(bounds)s::float8[]) = b)::integer
        from generate_series(0, cardinality(%(bounds)s::float8[])) b
        cross join unnest(array_agg(hours)) x group by b order by b) as spread
from ended group by grouping sets ((action_kind), ())
having count(*) > 0
order by grouping(action_kind) desc, ended desc, action_kind;

-- name: trend
-- How proposals ended, by day or week of the reader's zone.
with ended as (
  select date_trunc(%(unit)s, p.state_since at time zone %(zone)s) as slot, p.state, count(*) as n
  from workflow.proposal p
  where not p.planted and p.state <> 'pending' and p.state_since >= %(since)s
    and (%(practice)s::text is null or p.practice = %(practice)s)
  group by 1, 2)
select slot::date as day,
  coalesce(sum(e.n) filter (where e.state in ('approved', 'executed', 'parked', 'failed')), 0)::integer as approved,
  coalesce(sum(e.n) filter (where e.state = 'rejected'), 0)::integer as rejected,
  coalesce(sum(e.n) filter (where e.state = 'expired'), 0)::integer as expired,
  coalesce(sum(e.n) filter (where e.state = 'withdrawn'), 0)::integer as withdrawn
from generate_series(date_trunc(%(unit)s, %(since)s at time zone %(zone)s), now() at time zone %(zone)s,
                     ('1 ' || %(unit)s)::interval) slot
left join ended e using (slot)
group by 1 order by 1;

-- name: circuit_history
-- When systems of record could not be written to, and since when they could again; newest first.
select at, system, event, reason from workflow.circuit_history(%(since)s) limit %(limit)s;

-- name: practices
-- The practices that the caller may see projects of.
select distinct practice from firm.project order by practice;

-- name: practice_hours
-- Capacity, booked and worked hours by practice and week.
select practice, week, people, capacity::float8, booked::float8, worked::float8
from app.practice_hours(%(first_week)s, %(last_week)s)
where %(practice)s::text is null or practice = %(practice)s;
