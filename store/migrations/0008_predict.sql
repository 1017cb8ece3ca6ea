-- Fitted models with their cards, and the nightly reports.
create table predict.model (
  name       text not null,     -- 'invoice-delay', 'time-anomaly', ...
  version    integer not null,
  state      text not null check (state in ('serving', 'refused', 'retired')),
  card       jsonb not null,    -- data hash, time range, metrics beside the baseline, code version
  artifact   bytea not null,    -- joblib; written by the steward and the worker only
  sha256     text not null,
  created_at timestamptz not null default now(),
  primary key (name, version),
  check (sha256 = encode(sha256(artifact), 'hex'))
);
create unique index model_serving on predict.model (name) where state = 'serving';

create table predict.report (
  report_id  uuid primary key default gen_random_uuid(),
  kind       text not null check (kind in ('bench')),
  for_date   date not null,
  practice   text not null,
  html       text not null,
  data       jsonb not null,
  created_at timestamptz not null default now(),
  unique (kind, for_date, practice)
);

alter table predict.report enable row level security;
grant select on predict.model to chargehand_agent;
grant select, insert on predict.model to chargehand_worker, chargehand_steward;
grant update (state) on predict.model to chargehand_worker, chargehand_steward;
grant select on predict.report to chargehand_agent;
grant select, insert, update, delete on predict.report to chargehand_worker;
create policy trusted on predict.report to chargehand_worker using (true) with check (true);
create policy seen on predict.report to chargehand_agent
  using ((select app.sees_firm()) or practice = any ((select app.my_practices())::text[]));
