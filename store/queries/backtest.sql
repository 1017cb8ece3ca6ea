-- name: past
-- Proposals made in a time, with the facts and the gate of their current version as they were stored, who was
-- asked, and what became of them. Changes of the policy itself are left out.
select p.proposal_id::text as proposal_id, p.created_at, coalesce(p.client_id, p.project_id, p.practice, '') as unit,
  p.proposer_id, v.author_id, p.project_id, v.facts, v.gate, v.rule, p.state = 'rejected' as rejected,
  exists (select from workflow.proposal_version e
          where e.proposal_id = p.proposal_id and e.author_id <> p.proposer_id)
    or exists (select from workflow.declined_item i where i.proposal_id = p.proposal_id) as edited,
  (select (extract(epoch from max(d.decided_at) - v.created_at) / 3600)::float8
   from workflow.decision d where d.proposal_id = p.proposal_id and d.version = p.version
     and p.state not in ('pending', 'expired', 'withdrawn')) as hours,
  coalesce((select jsonb_agg(jsonb_build_array(a.step, a.person_id, a.fallback)) from workflow.approver a
    where a.proposal_id = p.proposal_id and a.version = p.version and a.stands_in_for is null), '[]') as asked
from workflow.proposal p join workflow.proposal_version v using (proposal_id, version)
where p.created_at >= %(since)s and p.created_at < %(until)s and p.action_kind not in ('change_policy', 'promote_version')
order by p.created_at, p.proposal_id;
