-- name: persons
-- The roles of who proposes (one's own, or anybody's where a decision is made), and the persons of accounts.
select workflow.roles_of(access.canonical(%(proposer_id)s)) as proposer_roles,
  array(select distinct access.canonical(id) from unnest(%(behind)s::text[]) id order by 1) as behind,
  array(select distinct access.canonical(id) from unnest(%(beneficiaries)s::text[]) id order by 1) as beneficiaries,
  array(select distinct access.canonical(id) from unnest(%(subjects)s::text[]) id order by 1) as subjects;

-- name: persons_of
-- The persons behind accounts.
select array(select access.canonical(id) from unnest(%(ids)s::text[]) id);

-- name: booked
-- What a project's booked work is worth and costs at least, as far as the proposer may know, a row a currency.
select currency, price, cost from workflow.booked_facts(%(project_id)s, %(proposer_id)s);

-- name: cost
-- What an hour with a person costs at most, as far as the proposer may know.
select at_most as amount, currency from workflow.told_costs(array[%(person_id)s], %(proposer_id)s)
where at_most is not null;

-- name: project
-- A project, its client and who answers for them, if the caller may see it or decides.
select project_id, name, practice, office, client_id, client_name, contract_id, contract_kind, contract_value,
  contract_currency, manager_id, account_owner_id
from workflow.project_facts(%(project_id)s);

-- name: project_and_person
-- As `project` and `person`, of what is about both.
select p.project_id as "project.project_id", p.name as "project.name", p.practice as "project.practice",
  p.office as "project.office", p.client_id as "project.client_id", p.client_name as "project.client_name",
  p.contract_id as "project.contract_id", p.contract_kind as "project.contract_kind",
  p.contract_value as "project.contract_value", p.contract_currency as "project.contract_currency",
  p.manager_id as "project.manager_id", p.account_owner_id as "project.account_owner_id",
  q.person_id as "person.person_id", q.name as "person.name", q.practice as "person.practice",
  q.office as "person.office", q.manager_id as "person.manager_id", q.starts_on as "person.starts_on",
  q.ends_on as "person.ends_on"
from (select) one
left join workflow.project_facts(%(project_id)s) p on true
left join workflow.person_facts(%(person_id)s) q on true;

-- name: contract
-- A contract, if the caller may see its client or decides.
select contract_id, client_id, kind, value, currency, ends_on from workflow.contract_facts(%(contract_id)s);

-- name: invoice
-- An invoice, if the caller may see its project or decides.
select invoice_id, customer_id, project_id, amount, currency, paid_on
from workflow.invoice_facts(%(invoice_id)s);

-- name: entries
-- Time entries, those of projects that the caller may see, or all where a decision is made.
select entry_id, person_id, person_name, project_id, minutes, state from workflow.entry_facts(%(entry_ids)s);

-- name: person
-- A person with practice, office and manager.
select person_id, name, practice, office, manager_id, starts_on, ends_on
from workflow.person_facts(%(person_id)s);

-- name: people
-- Who works here today of those whom the sources of a gate name: holders of a role over a practice, an office or the
-- firm, those who sign for contracts or answer for projects' budgets by the records, and people by name.
select l.lookup, f.person_id, f.name, f.scope
from jsonb_to_recordset(%(lookups)s::jsonb) l (
  lookup integer, people text[], role text, practice text, office text, duty text, subject text)
cross join lateral (
  select h.person_id, h.name, h.scope_id as scope from workflow.holders(l.role, l.practice, l.office) h
  where l.role is not null
  union all
  select r.person_id, r.name, null from workflow.responsible(l.duty, array[l.subject]) r where l.duty is not null
  union all
  select w.person_id, w.name, null from workflow.working_people(l.people) w where l.people <> '{}') f;

-- name: working
-- Those of the people who work here today, by the account that was asked for.
select asked, person_id, name from workflow.working_people(%(person_ids)s);
