-- name: changed
-- Of these proposals, those that the caller may see, and how they stand. `turns`: signatures, questions, answers and
-- handovers so far, by which a page tells that it is behind.
select p.proposal_id, p.state, p.version, exists (
    select from workflow.open_seat s
    where s.proposal_id = p.proposal_id and s.person_id = app.me()) as waits_for_me,
  (select count(*) from workflow.decision d where d.proposal_id = p.proposal_id and d.version = p.version)
  + (select count(*) + count(a.question_id) from workflow.question q left join workflow.answer a using (question_id)
     where q.proposal_id = p.proposal_id)
  + (select count(*) from workflow.handover h where h.proposal_id = p.proposal_id and h.version = p.version) as turns
from workflow.proposal p where p.proposal_id = any (%(proposals)s);

-- name: parked
-- Effects that wait for a person's hand, the oldest first, as far as the caller may see them.
select e.effect_id, e.proposal_id, p.title, e.system, e.operation, e.item, e.state, e.attempts, e.last_error,
  e.idempotency_key, e.created_at, p.state_since as parked_since, e.body
from workflow.effect e join workflow.proposal p using (proposal_id)
where e.state = 'parked' order by e.effect_id limit %(limit)s;

-- name: reports
-- Nightly reports that the caller may see, the newest first.
select report_id, kind, for_date, practice, created_at
from predict.report order by for_date desc, practice limit %(limit)s;

-- name: report
-- One nightly report.
select report_id, kind, for_date, practice, created_at, html, data
from predict.report where report_id = %(report_id)s;

-- name: names
-- The names of people, projects and clients by their ids, as far as the caller may see them.
select person_id as id, name from firm.person where person_id = any (%(ids)s)
union all select project_id, name from firm.project where project_id = any (%(ids)s)
union all select client_id, name from firm.client where client_id = any (%(ids)s);

-- name: projects
-- The projects that the caller may see, by name: to narrow a list to one of them, or to a practice.
select project_id as id, name, practice from firm.project order by name, project_id limit %(limit)s;

-- name: briefs
-- How proposals stand and who may sign them next, as far as the caller may see them.
select p.proposal_id, p.title, p.action_kind, p.state, p.amount, p.currency::text as currency, p.state_since,
  p.expires_at, array(select distinct n.name from workflow.approver a join firm.person n using (person_id)
    where a.proposal_id = p.proposal_id and a.version = p.version and a.step = p.step and p.state = 'pending'
      and not a.fallback and not exists (select from workflow.decision d where d.proposal_id = p.proposal_id
        and d.version = p.version and d.approver_id = a.person_id)
    order by n.name limit 4) as waits_for
from workflow.proposal p where p.proposal_id = any (%(ids)s);

-- name: titles
-- The titles of proposals by their ids, as far as the caller may see them.
select proposal_id, title from workflow.proposal where proposal_id = any (%(ids)s);

-- name: contract_value
-- What a contract is worth and until when it runs.
select value as amount, currency::text as currency, title, ends_on from firm.contract
where contract_id = %(contract_id)s;

-- name: own_projects
-- Projects that the caller runs or works on, for examples of what can be asked; running ones first.
select p.name from firm.project p
left join firm.assignment a on a.project_id = p.project_id and a.person_id = app.me()
where p.status = 'active' and (p.manager_id = app.me() or a.person_id is not null or app.sees_firm()
  or p.practice = any (app.my_practices()))
order by (p.manager_id = app.me()) desc, p.starts_on desc limit 1;
