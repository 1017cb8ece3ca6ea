-- name: entries
-- Visible time entries that started in some days, with whose they are and what their time bills.
select t.entry_id, t.person_id, p.name as person, t.project_id, j.name as project, j.currency as project_currency,
  t.work_item_id, t.activity, t.started_at, t.ended_at, t.minutes, t.planned_minutes, t.note, t.state,
  r.bill_rate, r.currency
from firm.time_entry t join firm.person p using (person_id) join firm.project j using (project_id)
left join app.work_rates(array(select person_id from firm.person)) r using (person_id)
where t.started_at >= %(since)s and t.started_at < %(until)s::date + 1 and t.state <> 'returned'
  and (%(project_id)s::text is null or t.project_id = %(project_id)s)
order by t.started_at, t.entry_id limit %(limit)s;

-- name: history
-- Time entries of a stretch of days, as the detector is fitted on them.
select entry_id, person_id, project_id, work_item_id, activity, started_at, ended_at, minutes, planned_minutes
from firm.time_entry where started_at >= %(since)s and started_at < %(until)s
order by started_at, entry_id;

-- name: waiting_returns
-- Entries whose return is proposed already and waits.
select item ->> 'entry_id' as entry_id
from workflow.proposal p join workflow.proposal_version v using (proposal_id, version)
cross join lateral jsonb_array_elements(v.action -> 'items') item
where p.action_kind = 'return_time_entries' and p.state = 'pending';
