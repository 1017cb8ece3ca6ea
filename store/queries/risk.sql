-- name: reports
-- Status reports of visible projects between two days, the project's newest only.
select distinct on (r.project_id) r.report_id, r.project_id, p.name as project, p.client_id, p.manager_id,
  p.practice, r.reported_on, r.author_id, r.text, r.rag
from firm.status_report r join firm.project p using (project_id)
where r.reported_on between %(since)s and %(until)s
  and (%(project_id)s::text is null or r.project_id = %(project_id)s)
order by r.project_id, r.reported_on desc, r.report_id
limit %(limit)s;

-- name: newest_day
-- The day of the newest visible report, of one project if it is named.
select max(r.reported_on) from firm.status_report r
where %(project_id)s::text is null or r.project_id = %(project_id)s;

-- name: on_register
-- What stands on the risk registers of projects already.
select project_id, body ->> 'statement' as statement from firm.system_record
where kind = 'register_risk' and project_id = any (%(projects)s);

-- name: labelled
-- Every rated report, as the risk model is fitted on them.
select r.report_id, r.project_id, p.practice as organisation, r.reported_on, r.text, r.rag
from firm.status_report r join firm.project p using (project_id)
where r.rag is not null order by r.reported_on, r.report_id;
