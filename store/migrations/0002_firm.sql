-- The firm's records, one table for each file of docs/formats.md, and what the systems of record wrote for us.
create table firm.office (
  office   text primary key,
  timezone text not null default 'UTC'  -- IANA name
);

create table firm.person (
  person_id               text primary key,
  name                    text not null,
  email                   text not null,
  title                   text not null,
  practice                text not null,
  office                  text not null references firm.office,
  manager_id              text references firm.person deferrable initially deferred,
  capacity_hours_per_week numeric(5, 2) not null check (capacity_hours_per_week >= 0),
  starts_on               date not null,
  ends_on                 date
);
create index person_practice on firm.person (practice);
create unique index person_email on firm.person (lower(email));
create index person_name_trgm on firm.person using gin (name gin_trgm_ops);

-- Apart from the person, because only some may see what people cost.
create table firm.person_rate (
  person_id text primary key references firm.person deferrable initially deferred,
  cost_rate numeric(12, 2) not null check (cost_rate >= 0),
  bill_rate numeric(12, 2) not null check (bill_rate >= 0),
  currency  char(3) not null
);

create table firm.skill (
  person_id    text not null references firm.person deferrable initially deferred,
  skill        text not null,
  level        smallint not null check (level between 1 and 5),
  last_used_on date,
  primary key (person_id, skill)
);
create index skill_name on firm.skill (lower(skill));

create table firm.client (
  client_id          text primary key,
  name               text not null,
  industry           text not null,
  country            text not null,
  payment_terms_days integer not null check (payment_terms_days >= 0),
  account_owner_id   text not null references firm.person deferrable initially deferred
);

create table firm.contract (
  contract_id text primary key,
  client_id   text not null references firm.client deferrable initially deferred,
  title       text not null,
  kind        text not null check (kind in ('time_and_materials', 'fixed_price', 'retainer', 'framework')),
  signed_on   date,
  starts_on   date not null,
  ends_on     date,
  value       numeric(16, 2) not null,
  currency    char(3) not null,
  file        text
);

create table firm.contract_document (
  contract_id text primary key references firm.contract deferrable initially deferred,
  text        text not null,
  sha256      text not null,  -- of the file as imported
  embedder    text not null   -- which model made its clauses' vectors: those of two models never mix
);

create table firm.clause (
  contract_id text not null references firm.contract_document deferrable initially deferred,
  position    integer not null,        -- order in the document, from 0
  number      text not null,           -- '7.2', or '' where the document has no numbering
  heading     text not null,
  start_at    integer not null,        -- offsets into contract_document.text, in code points
  end_at      integer not null,
  text        text not null,
  embedding   vector(384) not null,
  primary key (contract_id, position),
  check (end_at - start_at = char_length(text))
);
create index clause_embedding on firm.clause using hnsw (embedding vector_cosine_ops);

create table firm.project (
  project_id    text primary key,
  name          text not null,
  client_id     text not null references firm.client deferrable initially deferred,
  contract_id   text references firm.contract deferrable initially deferred,
  practice      text not null,
  manager_id    text not null references firm.person deferrable initially deferred,
  office        text not null references firm.office,  -- legal entity: that of the manager
  status        text not null,
  starts_on     date not null,
  ends_on       date,
  budget_hours  numeric(12, 2),
  budget_amount numeric(16, 2),
  currency      char(3) not null
);
create index project_practice on firm.project (practice);
create index project_manager on firm.project (manager_id);
create index project_name_trgm on firm.project using gin (name gin_trgm_ops);

create table firm.assignment (
  assignment_id  text primary key,
  person_id      text not null references firm.person deferrable initially deferred,
  project_id     text not null references firm.project deferrable initially deferred,
  role           text not null,
  starts_on      date not null,
  ends_on        date not null,
  hours_per_week numeric(5, 2) not null check (hours_per_week > 0),
  state          text not null check (state in ('hold', 'booked')),
  check (ends_on >= starts_on)
);
create index assignment_person on firm.assignment (person_id, ends_on);
create index assignment_project on firm.assignment (project_id);

create table firm.role_request (
  request_id     text primary key,
  project_id     text not null references firm.project deferrable initially deferred,
  role           text not null,
  skills         jsonb not null default '{}',  -- {name: level}
  starts_on      date not null,
  ends_on        date not null,
  hours_per_week numeric(5, 2) not null,
  max_cost_rate  numeric(12, 2),
  office         text,
  requested_by   text not null references firm.person deferrable initially deferred,
  requested_on   date not null
);
create index role_request_project on firm.role_request (project_id);

create table firm.time_entry (
  entry_id        text primary key,
  person_id       text not null references firm.person deferrable initially deferred,
  project_id      text not null references firm.project deferrable initially deferred,
  work_item_id    text,
  activity        text,
  started_at      timestamptz not null,
  ended_at        timestamptz not null,
  minutes         integer not null,
  planned_minutes numeric(10, 2),
  note            text,
  submitted_at    timestamptz,
  state           text not null
);
create index time_entry_started on firm.time_entry (started_at);
create index time_entry_project on firm.time_entry (project_id, started_at);
create index time_entry_person on firm.time_entry (person_id, started_at);

create table firm.status_report (
  report_id   text primary key,
  project_id  text not null references firm.project deferrable initially deferred,
  reported_on date not null,
  author_id   text not null references firm.person deferrable initially deferred,
  text        text not null,
  rag         text check (rag in ('green', 'amber', 'red'))
);
create index status_report_project on firm.status_report (project_id, reported_on);
create index status_report_on on firm.status_report (reported_on);

create table firm.invoice (
  invoice_id  text primary key,
  customer_id text not null references firm.client deferrable initially deferred,
  project_id  text not null references firm.project deferrable initially deferred,
  issued_on   date not null,
  due_on      date not null,
  amount      numeric(16, 2) not null,
  currency    char(3) not null,
  paid_on     date
);
create index invoice_customer on firm.invoice (customer_id, issued_on);
create index invoice_project on firm.invoice (project_id);
create index invoice_open on firm.invoice (due_on) where paid_on is null;

create table firm.opportunity (
  opportunity_id text primary key,
  client_id      text not null references firm.client deferrable initially deferred,
  name           text not null,
  stage          text not null,
  value          numeric(16, 2) not null,
  currency       char(3) not null,
  closes_on      date not null,
  owner_id       text not null references firm.person deferrable initially deferred,
  contract_id    text references firm.contract deferrable initially deferred
);

create table firm.leave (
  person_id text not null references firm.person deferrable initially deferred,
  starts_on date not null,
  ends_on   date not null,
  kind      text not null,
  primary key (person_id, starts_on, kind),
  check (ends_on >= starts_on)
);

-- What a system of record wrote for an approved proposal and the firm's files have no table for:
-- change orders, risks, reminders, holds, development plans.
create table firm.system_record (
  system       text not null check (system in ('crm', 'psa', 'erp', 'hris')),
  record_id    text not null,
  kind         text not null,
  project_id   text,
  body         jsonb not null,
  proposal_id  uuid not null,
  recorded_at  timestamptz not null default now(),
  primary key (system, kind, record_id)
);
create index system_record_project on firm.system_record (project_id);

create table firm.import_run (
  run_id      bigint generated always as identity primary key,
  imported_by text not null,
  imported_at timestamptz not null default now(),
  files       jsonb not null  -- {file: {"sha256": ..., "rows": ...}}
);

grant select, insert, update, delete on all tables in schema firm to chargehand_steward;
grant select on all tables in schema firm to chargehand_agent, chargehand_workflow, chargehand_worker;
revoke select on firm.import_run from chargehand_agent, chargehand_workflow, chargehand_worker;
grant select on firm.person, firm.office to chargehand_gate;
-- What the worker mirrors once a system of record has confirmed a write.
grant insert on firm.assignment, firm.system_record to chargehand_worker;
grant update (state) on firm.time_entry to chargehand_worker;
