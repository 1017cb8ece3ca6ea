-- name: take_turn
-- One import at a time: waits for another one to end; freed with the transaction.
select pg_advisory_xact_lock(4849465044);

-- name: create_staging
-- An empty temporary table for each file of the firm, with the types of the table it goes to; and memory to
-- compare large tables in.
set local work_mem = '256MB';
create temporary table people (line integer, like firm.person, cost_rate numeric(12, 2), bill_rate numeric(12, 2),
  currency char(3)) on commit drop;
create temporary table skills (line integer, like firm.skill) on commit drop;
create temporary table clients (line integer, like firm.client) on commit drop;
create temporary table contracts (line integer, like firm.contract) on commit drop;
create temporary table projects (line integer, like firm.project) on commit drop;
alter table pg_temp.projects alter office drop not null;
create temporary table assignments (line integer, like firm.assignment) on commit drop;
create temporary table role_requests (line integer, like firm.role_request) on commit drop;
create temporary table time_entries (line integer, like firm.time_entry) on commit drop;
create temporary table status_reports (line integer, like firm.status_report) on commit drop;
create temporary table invoices (line integer, like firm.invoice) on commit drop;
create temporary table opportunities (line integer, like firm.opportunity) on commit drop;
create temporary table leave (line integer, like firm.leave) on commit drop;
create temporary table roles (line integer, person_id text, role text, scope_kind text, scope_id text) on commit drop;
create temporary table responsibilities (line integer, kind text, subject_id text, person_id text) on commit drop;
create temporary table same_persons (line integer, like access.same_person) on commit drop;
create temporary table documents (like firm.contract_document) on commit drop;
create temporary table clauses (like firm.clause) on commit drop;

-- name: copy
-- Template: rows into a staging table.
copy pg_temp.{staged} ({columns}) from stdin;

-- name: dangling
-- References in the staged files to what is neither in them nor in the database yet. Kinds in `unknowable` are
-- not judged: the file that would bring them could not be read.
with known (kind, id) as (
  select 'person', person_id from pg_temp.people union all select 'person', person_id from firm.person
  union all select 'office', office from pg_temp.people union all select 'office', office from firm.person
  union all select 'practice', practice from pg_temp.people union all select 'practice', practice from firm.person
  union all select 'practice', practice from pg_temp.projects
  union all select 'practice', practice from firm.project
  union all select 'client', client_id from pg_temp.clients union all select 'client', client_id from firm.client
  union all select 'contract', contract_id from pg_temp.contracts
  union all select 'contract', contract_id from firm.contract
  union all select 'project', project_id from pg_temp.projects
  union all select 'project', project_id from firm.project),
refers (file, line, column_name, kind, id) as (
  select 'people', line, 'manager_id', 'person', manager_id from pg_temp.people
  union all select 'skills', line, 'person_id', 'person', person_id from pg_temp.skills
  union all select 'clients', line, 'account_owner_id', 'person', account_owner_id from pg_temp.clients
  union all select 'contracts', line, 'client_id', 'client', client_id from pg_temp.contracts
  union all select 'projects', line, 'client_id', 'client', client_id from pg_temp.projects
  union all select 'projects', line, 'contract_id', 'contract', contract_id from pg_temp.projects
  union all select 'projects', line, 'manager_id', 'person', manager_id from pg_temp.projects
  union all select 'assignments', line, 'person_id', 'person', person_id from pg_temp.assignments
  union all select 'assignments', line, 'project_id', 'project', project_id from pg_temp.assignments
  union all select 'role_requests', line, 'project_id', 'project', project_id from pg_temp.role_requests
  union all select 'role_requests', line, 'requested_by', 'person', requested_by from pg_temp.role_requests
  union all select 'time_entries', line, 'person_id', 'person', person_id from pg_temp.time_entries
  union all select 'time_entries', line, 'project_id', 'project', project_id from pg_temp.time_entries
  union all select 'status_reports', line, 'project_id', 'project', project_id from pg_temp.status_reports
  union all select 'status_reports', line, 'author_id', 'person', author_id from pg_temp.status_reports
  union all select 'invoices', line, 'customer_id', 'client', customer_id from pg_temp.invoices
  union all select 'invoices', line, 'project_id', 'project', project_id from pg_temp.invoices
  union all select 'opportunities', line, 'client_id', 'client', client_id from pg_temp.opportunities
  union all select 'opportunities', line, 'owner_id', 'person', owner_id from pg_temp.opportunities
  union all select 'opportunities', line, 'contract_id', 'contract', contract_id from pg_temp.opportunities
  union all select 'leave', line, 'person_id', 'person', person_id from pg_temp.leave
  union all select 'roles', line, 'person_id', 'person', person_id from pg_temp.roles
  union all select 'roles', line, 'scope_id', scope_kind, scope_id from pg_temp.roles
    where scope_kind in ('office', 'practice')
  union all select 'responsibilities', line, 'person_id', 'person', person_id from pg_temp.responsibilities
  union all select 'responsibilities', line, 'subject_id',
    case kind when 'budget_owner' then 'project' else 'contract' end, subject_id from pg_temp.responsibilities
  union all select 'same_persons', line, 'person_id', 'person', person_id from pg_temp.same_persons
  union all select 'same_persons', line, 'same_as', 'person', same_as from pg_temp.same_persons)
select r.file, r.line, r.column_name as column,
  'there is no ' || r.kind || ' ' || r.id || ', neither in these files nor taken before' as reason
from refers r
where r.id is not null and r.kind <> all (%(unknowable)s)
  and not exists (select from known k where k.kind = r.kind and k.id = r.id);

-- name: contradictions
-- What no single value shows: periods that end before they start, an address that two people share, a grant
-- whose scope does not go with its kind, an account of an account.
select 'people' as file, line, 'ends_on' as column, 'ends before it starts' as reason
from pg_temp.people where ends_on < starts_on
union all select 'contracts', line, 'ends_on', 'ends before it starts' from pg_temp.contracts where ends_on < starts_on
union all select 'projects', line, 'ends_on', 'ends before it starts' from pg_temp.projects where ends_on < starts_on
union all select 'assignments', line, 'ends_on', 'ends before it starts'
from pg_temp.assignments where ends_on < starts_on
union all select 'assignments', line, 'hours_per_week', 'must be more than 0'
from pg_temp.assignments where hours_per_week = 0
union all select 'role_requests', line, 'ends_on', 'ends before it starts'
from pg_temp.role_requests where ends_on < starts_on
union all select 'leave', line, 'ends_on', 'ends before it starts' from pg_temp.leave where ends_on < starts_on
union all select 'roles', line, 'scope_id',
  case when scope_kind in ('firm', 'none') then 'must be empty where scope_kind is ' || scope_kind
  else 'names no ' || scope_kind end
from pg_temp.roles where (scope_id is null) <> (scope_kind in ('firm', 'none'))
union all select 'same_persons', s.line, 'same_as',
  case when s.same_as = s.person_id then 'is the same account'
  else s.same_as || ' is another account itself: name the person' end
from pg_temp.same_persons s
where s.same_as = s.person_id or s.same_as in (select o.person_id from pg_temp.same_persons o)
union all select 'people', s.line, 'email', s.email || ' belongs to ' || o.person_id || ' already'
from pg_temp.people s join lateral (
  select p.person_id from pg_temp.people p where lower(p.email) = lower(s.email) and p.line < s.line
  union all select p.person_id from firm.person p
  where lower(p.email) = lower(s.email) and p.person_id not in (select person_id from pg_temp.people)
  limit 1) o on true;

-- name: new_offices
-- Offices of staged people that are not known yet.
select distinct s.office from pg_temp.people s
where not exists (select from firm.office o where o.office = s.office) order by s.office;

-- name: add_office
-- A new office with its time zone.
insert into firm.office (office, timezone) values (%(office)s, %(timezone)s);

-- name: free_addresses
-- E-mail addresses are unique at every moment: those about to change hands are given up first.
update firm.person p set email = p.person_id || '@moves.invalid'
from pg_temp.people s
where s.person_id = p.person_id and lower(s.email) <> lower(p.email)
  and exists (select from pg_temp.people o where o.person_id <> p.person_id and lower(o.email) = lower(p.email));

-- name: upsert
-- Template: the staged rows that differ from what is there. A row inserted has no deleting transaction (xmax),
-- one updated has ours.
with written as (
  insert into {target} as t ({columns})
  select {columns} from pg_temp.{staged} except select {columns} from {target}
  on conflict ({key}) do update set ({columns}) = row ({excluded})
  returning t.xmax = 0 as added)
select count(*) filter (where added) as added, count(*) filter (where not added) as updated from written;

-- name: office_of_projects
-- A project belongs to the office, and so to the legal entity, of its manager.
update pg_temp.projects s set office = p.office from firm.person p where p.person_id = s.manager_id;

-- name: projects_follow
-- Projects whose manager has moved to another office, by a newer people.csv.
update firm.project j set office = p.office
from firm.person p where p.person_id = j.manager_id and p.office <> j.office;

-- name: remove_grants
-- Grants of the persons in roles.csv that it does not name: it says all that these persons hold, but for what
-- groups at the identity provider give.
delete from access.role_grant g
where g.source = 'records' and g.person_id in (select access.canonical(person_id) from pg_temp.roles)
  and not exists (select from pg_temp.roles s where access.canonical(s.person_id) = g.person_id and s.role = g.role
    and s.scope_kind = g.scope_kind and coalesce(s.scope_id, '') = g.scope_id);

-- name: add_grants
-- Grants in roles.csv that are not held yet.
insert into access.role_grant (person_id, role, scope_kind, scope_id)
select distinct access.canonical(person_id), role, scope_kind, coalesce(scope_id, '') from pg_temp.roles
on conflict (person_id, role, scope_kind, scope_id) do update set source = 'records'
  where role_grant.source <> 'records';

-- name: remove_responsibilities
-- Who answers no longer for a contract or project in responsibilities.csv: it says all who answer for these.
delete from firm.responsibility r
where (r.kind, r.subject_id) in (select kind, subject_id from pg_temp.responsibilities)
  and not exists (select from pg_temp.responsibilities s
    where (s.kind, s.subject_id, s.person_id) = (r.kind, r.subject_id, r.person_id));

-- name: remove_same_persons
-- Accounts that same_persons.csv does not name: it says all of them.
delete from access.same_person p
where not exists (select from pg_temp.same_persons s where s.person_id = p.person_id);

-- name: add_same_persons
-- Accounts in same_persons.csv that are not known yet as that person's.
insert into access.same_person as p (person_id, same_as)
select person_id, same_as from pg_temp.same_persons
on conflict (person_id) do update set same_as = excluded.same_as where p.same_as <> excluded.same_as;

-- name: documents
-- What is known of each contract's document: the file's hash, and the model that embedded its clauses.
select contract_id, sha256, embedder from firm.contract_document;

-- name: remove_clauses
-- The clauses of documents that are replaced, or whose contract names a file no longer.
delete from firm.clause c
where c.contract_id in (select contract_id from pg_temp.documents)
   or c.contract_id in (select contract_id from pg_temp.contracts where file is null);

-- name: remove_documents
-- The documents of contracts that name a file no longer.
delete from firm.contract_document d
where d.contract_id in (select contract_id from pg_temp.contracts where file is null);

-- name: add_clauses
-- The clauses of the staged documents.
insert into firm.clause (contract_id, position, number, heading, start_at, end_at, text, embedding)
select contract_id, position, number, heading, start_at, end_at, text, embedding from pg_temp.clauses;

-- name: check_references
-- Check the deferred foreign keys now, and not while the audit log's head is held.
set constraints all immediate;

-- name: add_run
-- The record of this import.
insert into firm.import_run (imported_by, files) values (%(imported_by)s, %(files)s) returning run_id;
