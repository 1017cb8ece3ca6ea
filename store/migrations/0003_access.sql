-- Roles and ways in. Tokens are kept only as sha256.
create table access.role_grant (
  person_id  text not null references firm.person deferrable initially deferred,
  role       text not null check (role in ('consultant', 'project_manager', 'resource_manager',
    'practice_lead', 'account_owner', 'delivery_director', 'finance', 'data_scientist', 'auditor', 'admin')),
  scope_kind text not null check (scope_kind in ('firm', 'practice', 'office', 'none')),
  scope_id   text not null default '',  -- '' for firm and none
  granted_at timestamptz not null default now(),
  primary key (person_id, role, scope_kind, scope_id),
  check ((scope_id = '') = (scope_kind in ('firm', 'none')))
);
create index role_grant_role on access.role_grant (role, scope_kind, scope_id);

create table access.sign_in_link (
  token_sha256 bytea primary key,
  person_id    text not null references firm.person,
  expires_at   timestamptz not null,
  used_at      timestamptz
);

create table access.session (
  token_sha256 bytea primary key,
  person_id    text not null references firm.person,
  csrf         text not null,
  created_at   timestamptz not null default now(),
  seen_at      timestamptz not null default now(),
  expires_at   timestamptz not null
);

create table access.api_token (
  token_id     uuid primary key default gen_random_uuid(),
  token_sha256 bytea not null unique,
  name         text not null,
  person_id    text not null references firm.person,
  scopes       text[] not null,
  created_by   text not null,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz not null,
  revoked_at   timestamptz
);

grant select, insert, update, delete on access.role_grant to chargehand_steward;
grant select on access.role_grant to chargehand_gate, chargehand_workflow, chargehand_worker;
grant select, insert, update, delete on access.sign_in_link, access.session, access.api_token
  to chargehand_gate;
