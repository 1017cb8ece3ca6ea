-- name: cases
-- What the audit log says of each proposal in a period: verdicts, when the last fell, whether it was carried out; with
-- what it was about. Only for who may read the log.
select p.proposal_id, p.action_kind as kind, e.verdicts, e.last_at, e.entries,
  case when p.state in ('approved', 'executed', 'parked', 'failed', 'rejected') and e.decided_at is not null
    then (extract(epoch from e.decided_at - p.created_at) / 86400)::float8 end as days,
  case when e.executed then p.amount end as amount, p.currency::text as currency
from (
  select substr(a.subject, 10)::uuid as proposal_id, count(*)::integer as entries, max(a.at) as last_at,
    count(*) filter (where a.action = 'proposal.decided')::integer as verdicts,
    max(a.at) filter (where a.action = 'proposal.decided') as decided_at,
    bool_or(a.action = 'proposal.executed') as executed
  from audit.event a
  where a.at >= %(since)s and a.action in ('proposal.decided', 'proposal.executed')
  group by a.subject) e
join workflow.proposal p using (proposal_id)
where not p.planted and (%(practice)s::text is null or p.practice = %(practice)s)
order by e.last_at desc;
