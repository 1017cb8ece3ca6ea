-- Since when the firm's records are as they are, for everybody who reads one: the runs themselves name people and files.
create function app.records_as_of() returns timestamptz language sql stable security definer
  set search_path = pg_catalog, firm as $$
  select max(r.imported_at) from firm.import_run r where app.me() is not null $$;
revoke all on function app.records_as_of from public;
grant execute on function app.records_as_of to chargehand_agent;
