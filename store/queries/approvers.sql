-- name: quality
-- How people decided in a period: verdicts, how many were quicker than the card can be skimmed, and the approvals since
-- their last rejection by kind. One's own row, and everybody's for those who may read the audit log.
with verdicts as materialized (select * from workflow.verdicts(%(since)s)),
timed as (
  select v.*, v.seconds < least(%(most_seconds)s,
      greatest(%(least_seconds)s, v.characters / %(characters_a_second)s)) as quick,
    v.verdict = 'approve' and v.decided_at > coalesce(
      max(v.decided_at) filter (where v.verdict = 'reject') over (partition by v.approver_id), '-infinity') as in_run
  from verdicts v where %(person_id)s::text is null or v.approver_id = %(person_id)s),
runs as (
  select approver_id, jsonb_object_agg(kind, n) as run
  from (select approver_id, kind, count(*) as n from timed where in_run group by 1, 2) r group by 1)
select t.approver_id as person_id, coalesce(n.name, t.approver_id) as name, count(*)::integer as verdicts,
  count(*) filter (where t.verdict = 'reject')::integer as rejects,
  count(t.seconds)::integer as timed, count(*) filter (where t.quick)::integer as quick,
  percentile_cont(0.5) within group (order by t.seconds)::float8 as median_seconds,
  coalesce(r.run, '{}') as run
from timed t left join runs r using (approver_id) left join firm.person n on n.person_id = t.approver_id
group by t.approver_id, n.name, r.run order by name, t.approver_id;

-- name: edits
-- How often people rewrote a proposal of somebody else in a period.
select v.author_id as person_id, count(*)::integer as edits
from workflow.proposal_version v join workflow.proposal p using (proposal_id)
where v.version > 1 and v.author_id <> p.proposer_id and v.created_at >= %(since)s and not p.planted
  and (%(person_id)s::text is null or v.author_id = %(person_id)s)
group by 1;

-- name: base_rates
-- Verdicts and rejections by kind, of everybody.
select kind, decisions, rejects from workflow.base_rates(%(since)s);

-- name: reasons
-- The words of rejections, edits and left-out items in a period, for sorting them into categories.
select d.reason from workflow.decision d join workflow.proposal p using (proposal_id)
where d.verdict = 'reject' and d.decided_at >= %(since)s and not p.planted
  and (%(person_id)s::text is null or d.approver_id = %(person_id)s)
union all
select v.note from workflow.proposal_version v join workflow.proposal p using (proposal_id)
where v.version > 1 and v.author_id <> p.proposer_id and v.created_at >= %(since)s and not p.planted
  and (%(person_id)s::text is null or v.author_id = %(person_id)s)
union all
select i.reason from (
  select distinct i.proposal_id, i.version, i.declined_by, i.reason from workflow.declined_item i
  where i.declined_at >= %(since)s) i
where %(person_id)s::text is null or i.declined_by = %(person_id)s;
