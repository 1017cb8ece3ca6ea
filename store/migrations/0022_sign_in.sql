-- Signing in through the firm's identity provider, sessions that change their secret, and accounts that end
-- (docs/decisions/0011-signing-in-creates-nobody.md).

-- --- who somebody is at the provider
create table access.identity (
  issuer    text not null,
  subject   text not null,
  person_id text not null references firm.person,  -- the account whose verified address it was linked by
  linked_at timestamptz not null default now(),
  primary key (issuer, subject),
  unique (issuer, person_id)  -- an address that gets a new owner at the provider links nobody anew
);

-- A sign-in that was begun: what the browser's secret for it gives, hashed. It is used up by coming back.
create table access.sign_in_attempt (
  state_sha256 bytea primary key,
  expires_at   timestamptz not null
);
create index sign_in_attempt_expires on access.sign_in_attempt (expires_at);

-- --- roles by group
-- What groups at the provider give follows them at each sign-in; what the firm's records say stays.
alter table access.role_grant add column source text not null default 'records'
  check (source in ('records', 'groups'));
-- Merging accounts keeps whence a role is.
create or replace function access.move_grants() returns trigger language plpgsql security definer
  set search_path = pg_catalog, access as $$
begin
  with moved as (delete from access.role_grant g where g.person_id = new.person_id
                 returning g.role, g.scope_kind, g.scope_id, g.source)
  insert into access.role_grant (person_id, role, scope_kind, scope_id, source)
  select new.same_as, m.role, m.scope_kind, m.scope_id, m.source from moved m on conflict do nothing;
  return null;
end $$;
drop policy trusted on access.role_grant;
create policy trusted on access.role_grant for select
  to chargehand_gate, chargehand_workflow, chargehand_worker using (true);
create policy group_given on access.role_grant for insert to chargehand_gate with check (source = 'groups');
create policy group_taken on access.role_grant for delete to chargehand_gate using (source = 'groups');
grant insert, delete on access.role_grant to chargehand_gate;

-- --- sessions
alter table access.session
  add column session_id      uuid not null default gen_random_uuid() unique,
  add column previous_sha256 bytea unique,  -- the secret before this one, good until previous_until
  add column previous_until  timestamptz,
  add column renewed_at      timestamptz not null default now(),
  add column rights          bytea not null default '',  -- hash of what the person held when it was renewed
  add column browser         text not null default '',   -- as its owner knows it, e.g. 'Firefox on Linux'
  add column issuer          text not null default '';   -- of the provider that vouched; '' for a link
create index session_person on access.session (person_id);
alter table access.api_token add column last_used_at timestamptz;

-- --- accounts that end
-- A row ends an account, and the database does all of it. What the records say about when the person leaves is
-- kept here, because until the account is active again the person counts as having left.
create table access.deactivated (
  person_id      text primary key references firm.person,
  ends_on        date,
  deactivated_at timestamptz not null default now()
);

create function access.keep_ended() returns trigger language plpgsql security definer
  set search_path = pg_catalog, access as $$
begin
  update access.deactivated d set ends_on = new.ends_on where d.person_id = new.person_id;
  if found then
    new.ends_on := least(new.ends_on, current_date - 1);
  end if;
  return new;
end $$;
create trigger keep_ended before update of ends_on on firm.person
  for each row execute function access.keep_ended();

create function access.end_account() returns trigger language plpgsql security definer
  set search_path = pg_catalog, access, firm as $$
begin
  update firm.person p set ends_on = p.ends_on where p.person_id = new.person_id;
  delete from access.session s where s.person_id = new.person_id;
  delete from access.sign_in_link l where l.person_id = new.person_id;
  delete from access.pass p where p.person_id = new.person_id;
  delete from access.role_grant g where g.person_id = new.person_id;
  update access.api_token t set revoked_at = now() where t.person_id = new.person_id and t.revoked_at is null;
  return null;
end $$;
create trigger end_account after insert on access.deactivated
  for each row execute function access.end_account();

create function access.begin_account() returns trigger language plpgsql security definer
  set search_path = pg_catalog, access, firm as $$
begin
  update firm.person p set ends_on = old.ends_on where p.person_id = old.person_id;
  return null;
end $$;
create trigger begin_account after delete on access.deactivated
  for each row execute function access.begin_account();
revoke all on function access.keep_ended, access.end_account, access.begin_account from public;

-- --- who may what
alter table access.identity enable row level security;
alter table access.sign_in_attempt enable row level security;
alter table access.deactivated enable row level security;
create policy gate on access.identity to chargehand_gate using (true) with check (true);
create policy gate on access.sign_in_attempt to chargehand_gate using (true) with check (true);
create policy steward on access.deactivated to chargehand_steward using (true) with check (true);
create policy steward on access.identity to chargehand_steward using (true);
grant select, insert on access.identity to chargehand_gate;
grant select, insert, delete on access.sign_in_attempt to chargehand_gate;
grant select, delete on access.identity to chargehand_steward;
grant select, insert, delete on access.deactivated to chargehand_steward;
