-- name: proposals
-- Every proposal, the oldest first: what it would write, what holds it, and who may sign it in which step.
select p.proposal_id, p.proposer_id, p.thread_id, p.tool, p.title, p.state, p.version, v.action, v.rule, v.gate,
  (select coalesce(jsonb_agg(jsonb_build_object('step', a.step, 'person_id', a.person_id, 'fallback', a.fallback)
      order by a.step, a.fallback, a.person_id), '[]')
    from workflow.approver a where a.proposal_id = p.proposal_id and a.version = p.version) as seats
from workflow.proposal p join workflow.proposal_version v using (proposal_id, version)
order by p.created_at, p.proposal_id;

-- name: decisions
-- Every decision, in order.
select proposal_id, version, approver_id, verdict from workflow.decision order by decided_at, decision_id;

-- name: effects
-- Every write in the ledger, in order.
select effect_id, proposal_id, version, system, operation, item, state from workflow.effect order by effect_id;

-- name: audit
-- What was entered in the audit log after an entry, in order.
select seq, actor, action, subject from audit.event where seq > %(after)s order by seq;

-- name: audit_end
-- The last entry of the audit log.
select coalesce(max(seq), 0) from audit.event;

-- name: calls
-- Every call of a tool that was recorded, in order.
select person_id, tool, arguments, outcome, detail from talk.tool_call order by called_at, call_id;

-- name: now
-- A transaction's number, from which later ones count up.
select pg_current_xact_id()::text::bigint;

-- name: records
-- How many rows each table of the firm's records has, and how many of them were written from a transaction on.
select t.name, t.rows, t.written from (
  select 'assignment' as name, count(*) as rows, count(*) filter (where xmin::text::bigint >= %(since)s) as written
    from firm.assignment
  union all select 'clause', count(*), count(*) filter (where xmin::text::bigint >= %(since)s) from firm.clause
  union all select 'client', count(*), count(*) filter (where xmin::text::bigint >= %(since)s) from firm.client
  union all select 'contract', count(*), count(*) filter (where xmin::text::bigint >= %(since)s) from firm.contract
  union all select 'contract_document', count(*), count(*) filter (where xmin::text::bigint >= %(since)s)
    from firm.contract_document
  union all select 'invoice', count(*), count(*) filter (where xmin::text::bigint >= %(since)s) from firm.invoice
  union all select 'leave', count(*), count(*) filter (where xmin::text::bigint >= %(since)s) from firm.leave
  union all select 'opportunity', count(*), count(*) filter (where xmin::text::bigint >= %(since)s)
    from firm.opportunity
  union all select 'person', count(*), count(*) filter (where xmin::text::bigint >= %(since)s) from firm.person
  union all select 'person_rate', count(*), count(*) filter (where xmin::text::bigint >= %(since)s)
    from firm.person_rate
  union all select 'project', count(*), count(*) filter (where xmin::text::bigint >= %(since)s) from firm.project
  union all select 'responsibility', count(*), count(*) filter (where xmin::text::bigint >= %(since)s)
    from firm.responsibility
  union all select 'role_request', count(*), count(*) filter (where xmin::text::bigint >= %(since)s)
    from firm.role_request
  union all select 'skill', count(*), count(*) filter (where xmin::text::bigint >= %(since)s) from firm.skill
  union all select 'status_report', count(*), count(*) filter (where xmin::text::bigint >= %(since)s)
    from firm.status_report
  union all select 'system_record', count(*), count(*) filter (where xmin::text::bigint >= %(since)s)
    from firm.system_record
  union all select 'time_entry', count(*), count(*) filter (where xmin::text::bigint >= %(since)s)
    from firm.time_entry) t
order by t.name;

-- name: of_project
-- By what somebody would know that they were told of a project: its id, its name, and the ids of what belongs to it.
select project_id as mark from firm.project where project_id = any (%(projects)s)
union select name from firm.project where project_id = any (%(projects)s)
union select contract_id from firm.project where project_id = any (%(projects)s) and contract_id is not null
union select invoice_id from firm.invoice where project_id = any (%(projects)s)
union select report_id from firm.status_report where project_id = any (%(projects)s)
union select request_id from firm.role_request where project_id = any (%(projects)s)
union select entry_id from firm.time_entry where project_id = any (%(projects)s)
order by 1;

-- name: change_invoice
-- The customer pays, or the amount is put right.
update firm.invoice set paid_on = coalesce(%(paid_on)s, paid_on), amount = coalesce(%(amount)s, amount)
where invoice_id = %(id)s;

-- name: change_project
-- A project gets another manager, or ends on another day.
update firm.project set manager_id = coalesce(%(manager_id)s, manager_id), ends_on = coalesce(%(ends_on)s, ends_on)
where project_id = %(id)s;

-- name: change_time_entry
-- A time entry is approved, or sent back.
update firm.time_entry set state = %(state)s where entry_id = %(id)s;
