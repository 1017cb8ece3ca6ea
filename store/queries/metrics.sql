-- name: verdicts
-- Verdicts so far, by kind.
select p.action_kind as kind, d.verdict, count(*)::float8 as count
from workflow.decision d join workflow.proposal p using (proposal_id) where not p.planted group by 1, 2 order by 1, 2;

-- name: ended
-- How proposals ended so far, by kind: approved, whatever became of the writes; rejected, expired, withdrawn.
select action_kind as kind,
  case when state in ('executed', 'parked', 'failed') then 'approved' else state end as outcome,
  count(*)::float8 as count
from workflow.proposal where state <> 'pending' and not planted group by 1, 2 order by 1, 2;

-- name: decision_seconds
-- How long decisions took so far, by kind, spread over the bounds (seconds) that are handed in: from the proposal to
-- the last verdict of what was approved or rejected.
select t.kind, sum(t.seconds)::float8 as total,
  array(select count(x) filter (where width_bucket(x, %(bounds)s::float8[]) <= b)::float8
        from generate_series(0, cardinality(%(bounds)s::float8[])) b
        cross join unnest(array_agg(t.seconds)) x group by b order by b) as cumulative
from (
  select p.action_kind as kind, extract(epoch from max(d.decided_at) - p.created_at)::float8 as seconds
  from workflow.proposal p join workflow.decision d using (proposal_id)
  where p.state in ('approved', 'executed', 'parked', 'failed', 'rejected') and not p.planted
  group by p.proposal_id) t
group by 1 order by 1;

-- name: effects
-- The effects of each system by state, and how long the oldest of them has been there.
select system, state, count(*)::float8 as count,
  extract(epoch from now() - min(created_at))::float8 as oldest_seconds
from workflow.effect group by 1, 2 order by 1, 2;

-- name: surfaces
-- What waits on the surfaces: handed in and not yet worked, to be sent, and shown as it was.
select 'received' as what, surface, state, count(*)::float8 as count,
  extract(epoch from now() - min(received_at))::float8 as oldest_seconds
from talk.inbound where state <> 'done' group by 2, 3
union all
select 'to_send', surface, state, count(*)::float8, greatest(extract(epoch from now() - min(not_before)), 0)::float8
from workflow.delivery where state in ('ready', 'leased', 'parked') group by 2, 3
union all
select 'outdated', surface, 'ready', count(*)::float8, extract(epoch from now() - min(stale_since))::float8
from workflow.post where stale_since is not null and gone_at is null group by 2
order by 1, 2, 3;
