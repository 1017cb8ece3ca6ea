-- name: all
-- What people changed of what was proposed: rejections; edits, which are versions of another's proposal with another
-- action; and batches accepted in part. The action before, and after where there is one.
select d.proposal_id, d.version, 'reject' as event, p.action_kind as kind, v.rule,
  v.gate -> 'gate' -> 'steps' -> d.step ->> 'name' as step, v.policy_sha256 as policy, v.action as before,
  null::jsonb as after, v.facts, d.reason, d.decided_at as at
from workflow.decision d join workflow.proposal p using (proposal_id)
join workflow.proposal_version v on v.proposal_id = d.proposal_id and v.version = d.version
where d.verdict = 'reject' and not p.planted and (%(since)s::timestamptz is null or d.decided_at >= %(since)s)
union all
select v.proposal_id, v.version, case when i.reason is null then 'edit' else 'accept_part' end, p.action_kind, b.rule,
  null, b.policy_sha256, b.action, v.action, b.facts, coalesce(i.reason, v.note), v.created_at
from workflow.proposal_version v join workflow.proposal p using (proposal_id)
join workflow.proposal_version b on b.proposal_id = v.proposal_id and b.version = v.version - 1
left join lateral (select min(d.reason) as reason from workflow.declined_item d
                   where d.proposal_id = v.proposal_id and d.version = v.version) i on true
where v.action <> b.action and (i.reason is not null or v.author_id <> p.proposer_id) and not p.planted
  and (%(since)s::timestamptz is null or v.created_at >= %(since)s)
order by at, proposal_id, version;

-- name: known
-- Ids and names that identify somebody or something of the firm.
select 'person' as what, person_id as id, name from firm.person
union all select 'person', person_id, split_part(email, '@', 1) from firm.person where email <> ''
union all select 'client', client_id, name from firm.client
union all select 'project', project_id, name from firm.project
union all select 'contract', contract_id, title from firm.contract
union all select 'invoice', invoice_id, null from firm.invoice
union all select 'office', office, office from firm.office;
