-- name: nobody_away
-- Nobody is on leave: in a copy of a firm that is measured in, gates must not hang on the day of measuring.
delete from firm.leave;

-- name: plant_leave
-- A person is on leave from yesterday for a week.
insert into firm.leave (person_id, starts_on, ends_on, kind)
values (%(person_id)s, current_date - 1, current_date + 6, 'annual');

-- name: plant_departure
-- A person has left the firm.
update firm.person set ends_on = current_date - 1 where person_id = %(person_id)s;

-- name: plant_person_name
-- A person is called otherwise.
update firm.person set name = %(text)s where person_id = %(person_id)s;

-- name: plant_second_account
-- A person has another account, as the directory lists it: declared as theirs, with the roles they hold.
with made as (
  insert into firm.person (person_id, name, email, title, practice, office, manager_id, capacity_hours_per_week,
    starts_on, ends_on)
  select %(account)s, name, %(account)s || '@second.example', title, practice, office, manager_id,
    capacity_hours_per_week, starts_on, ends_on
  from firm.person where person_id = %(person_id)s),
declared as (
  insert into access.same_person (person_id, same_as) values (%(account)s, %(person_id)s))
insert into access.role_grant (person_id, role, scope_kind, scope_id)
select %(account)s, role, scope_kind, scope_id from access.role_grant where person_id = %(person_id)s;

-- name: plant_role
-- A person holds a role over a part of the firm.
insert into access.role_grant (person_id, role, scope_kind, scope_id)
values (%(person_id)s, %(role)s, %(scope_kind)s, %(scope_id)s);

-- name: plant_account_owner
-- A client has another account owner.
update firm.client set account_owner_id = %(person_id)s where client_id = %(client_id)s;

-- name: plant_manager
-- A project has another manager.
update firm.project set manager_id = %(person_id)s where project_id = %(project_id)s;

-- name: plant_line_manager
-- A person has another line manager.
update firm.person set manager_id = %(manager_id)s where person_id = %(person_id)s;

-- name: plant_contract_value
-- A contract is worth another amount, in its currency.
update firm.contract set value = (%(amount)s::text)::numeric where contract_id = %(contract_id)s;

-- name: plant_project_name
-- A project is called otherwise.
update firm.project set name = %(text)s where project_id = %(project_id)s;

-- name: plant_client_name
-- A client is called otherwise.
update firm.client set name = %(text)s where client_id = %(client_id)s;

-- name: plant_report
-- A project's latest status report goes on with a text.
update firm.status_report set text = text || E'\n\n' || %(text)s
where report_id = (select report_id from firm.status_report where project_id = %(project_id)s
  order by reported_on desc, report_id limit 1);

-- name: plant_note
-- A time entry has another note.
update firm.time_entry set note = %(text)s where entry_id = %(entry_id)s;

-- name: plant_clause
-- A contract ends with one more clause, which is found like the one before it.
with document as (
  update firm.contract_document set text = text || E'\n\n' || %(text)s where contract_id = %(contract_id)s
  returning contract_id, char_length(text) as length)
insert into firm.clause (contract_id, position, number, heading, start_at, end_at, text, embedding)
select c.contract_id, c.position + 1, '99', 'Further terms', d.length - char_length(%(text)s), d.length, %(text)s,
  c.embedding
from firm.clause c join document d using (contract_id)
order by c.position desc limit 1;

-- name: recognised
-- Which of these words are ids or cost rates of the firm's records, and which names of them stand in a text, as far as
-- the caller sees the records.
with words as (select unnest(%(words)s::text[]) as word)
select word as mark from words where word in (
  select project_id from firm.project union all select client_id from firm.client
  union all select contract_id from firm.contract union all select invoice_id from firm.invoice
  union all select report_id from firm.status_report union all select request_id from firm.role_request
  union all select opportunity_id from firm.opportunity union all select assignment_id from firm.assignment
  union all select person_id from firm.person union all select cost_rate::text from firm.person_rate)
union select entry_id from firm.time_entry where entry_id = any (%(words)s::text[])
union select name from firm.project where position(name in %(text)s::text) > 0
union select name from firm.client where position(name in %(text)s::text) > 0
union select name from firm.person where position(name in %(text)s::text) > 0
order by 1;

-- name: powers
-- Who may do what: roles, delegations in force, accounts that are one person, and the policy in force.
select 'role ' || g.person_id || ' ' || g.role || ' ' || g.scope_kind || ' ' || g.scope_id as power
from access.role_grant g
union select 'delegation ' || d.delegator_id || ' ' || d.delegate_id from workflow.delegation d
  where d.revoked_at is null
union select 'policy ' || p.sha256 from workflow.active_policy p
order by 1;
