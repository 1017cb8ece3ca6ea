-- name: contract
-- A contract's document, as far as the caller may see it.
select c.contract_id as document_id, c.title, coalesce(l.name, '') as party, c.signed_on as dated, d.text
from firm.contract c join firm.contract_document d using (contract_id) left join firm.client l using (client_id)
where c.contract_id = %(document_id)s;

-- name: status_report
-- A status report, as far as the caller may see it.
select r.report_id as document_id, p.name as title, coalesce(a.name, '') as party, r.reported_on as dated, r.text
from firm.status_report r join firm.project p using (project_id) left join firm.person a on a.person_id = r.author_id
where r.report_id = %(document_id)s;

-- name: message
-- A message that the caller handed to a tool in a conversation, by the first digits of its digest.
select %(document_id)s as document_id, '' as title, '' as party, t.called_at::date as dated,
  t.arguments ->> 'message' as text
from talk.tool_call t
where t.thread_id = %(thread_id)s and t.person_id = app.me()
  and encode(sha256(convert_to(t.arguments ->> 'message', 'UTF8')), 'hex') like %(document_id)s || '%%'
order by t.called_at limit 1;

-- name: record
-- A record of the firm as it was last imported, by its kind and id, as far as the caller may see it. Of skills and
-- leave, all that the person has.
select to_json(r) as fields from firm.person r where %(record)s = 'person' and person_id = %(id)s
union all select to_json(r) from firm.client r where %(record)s = 'client' and client_id = %(id)s
union all select to_json(r) from firm.contract r where %(record)s = 'contract' and contract_id = %(id)s
union all select to_json(r) from firm.project r where %(record)s = 'project' and project_id = %(id)s
union all select to_json(r) from firm.assignment r where %(record)s = 'assignment' and assignment_id = %(id)s
union all select to_json(r) from firm.role_request r where %(record)s = 'role_request' and request_id = %(id)s
union all select to_json(r) from firm.time_entry r where %(record)s = 'time_entry' and entry_id = %(id)s
union all select to_json(r) from firm.invoice r where %(record)s = 'invoice' and invoice_id = %(id)s
union all select to_json(r) from firm.opportunity r where %(record)s = 'opportunity' and opportunity_id = %(id)s
union all select fields from (select to_json(r) as fields
  from (select skill, level, last_used_on from firm.skill
    where %(record)s = 'skill' and person_id = %(id)s order by level desc, skill) r) skills
union all select fields from (select to_json(r) as fields
  from (select kind, starts_on, ends_on from firm.leave
    where %(record)s = 'leave' and person_id = %(id)s order by starts_on) r) leaves
union all select to_json(r) from (select name, version, state, card, created_at from predict.model
  where %(record)s = 'model' and name = %(id)s order by version desc limit 1) r;

-- name: as_of
-- When the firm's records were last imported; null where they never were.
select app.records_as_of();
