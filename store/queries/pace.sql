-- name: opened
-- The caller has the cards of these versions before them; the first time is kept.
insert into workflow.reading (person_id, proposal_id, version)
select app.me(), o.proposal_id, o.version
from unnest(%(proposals)s::uuid[], %(versions)s::integer[]) o (proposal_id, version) on conflict do nothing;

-- name: last_approvals
-- What the caller approved within the last hour, the newest first, up to the last rejection.
select d.proposal_id, r.opened_at, d.decided_at, v.action, v.evidence
from workflow.decision d
join workflow.proposal_version v on v.proposal_id = d.proposal_id and v.version = d.version
left join workflow.reading r on r.proposal_id = d.proposal_id and r.version = d.version
  and r.person_id = d.approver_id
where d.approver_id = app.me() and d.verdict = 'approve' and d.decided_at > now() - interval '1 hour'
  and not exists (select from workflow.decision no where no.approver_id = d.approver_id and no.verdict = 'reject'
                  and no.decided_at > d.decided_at)
order by d.decided_at desc, d.decision_id limit %(limit)s;
