-- name: keep
-- Keep a report; the one of the same kind, day and practice is replaced. New ones have no id that people know.
insert into predict.report (kind, for_date, practice, html, data)
values ('bench', %(for_date)s, %(practice)s, %(html)s, %(data)s)
on conflict (kind, for_date, practice) do update set html = excluded.html, data = excluded.data, created_at = now()
returning report_id;

-- name: tell
-- Tell those who answer for a practice's people that its report is there, once a day.
insert into workflow.notice (person_id, kind, text)
select distinct g.person_id, 'report', %(text)s
from access.role_grant g
where g.role in ('resource_manager', 'practice_lead') and (g.scope_kind = 'firm' or g.scope_id = %(practice)s)
  and not exists (select from workflow.notice n
    where n.person_id = g.person_id and n.kind = 'report' and n.text = %(text)s);

-- name: already_proposed
-- People for whom a move is already proposed and waits, or was refused in the last two weeks.
select distinct v.action ->> 'person_id' as person_id
from workflow.proposal p join workflow.proposal_version v using (proposal_id, version)
where p.action_kind in ('create_assignment', 'plan_development') and not p.planted
  and (p.state = 'pending' or p.state_since > %(now)s::timestamptz - interval '14 days');

-- name: get
-- One report that the caller may see.
select report_id, kind, for_date, practice, html, data, created_at from predict.report
where report_id = %(report_id)s;
