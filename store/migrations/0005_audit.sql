-- Append-only, hash-chained. Only audit.append() writes; it takes the head's lock, so callers append last in
-- their transaction (store.Tx does). Verification compares rows, links and the head.
create table audit.event (
  seq     bigint primary key,
  at      timestamptz not null,
  actor   text not null,
  surface text not null,
  action  text not null,   -- e.g. 'proposal.decided'
  subject text not null,   -- e.g. 'proposal:7f...'
  body    jsonb not null,
  prev    bytea not null,
  hash    bytea not null unique
);
create index event_subject on audit.event (subject, seq);
create index event_at on audit.event (at);

create table audit.head (
  singleton boolean primary key default true check (singleton),
  seq  bigint not null,
  hash bytea not null
);
insert into audit.head values (true, 0, '\x00');

create function audit.digest(prev bytea, seq bigint, at timestamptz, actor text, surface text, action text,
                             subject text, body jsonb) returns bytea language sql immutable
  return sha256(prev || convert_to(
    jsonb_build_array(seq, extract(epoch from at), actor, surface, action, subject, body)::text, 'UTF8'));

-- The actor is the transaction's principal: nobody signs with another's name.
create function audit.append(action text, subject text, body jsonb) returns bigint
  language plpgsql security definer set search_path = pg_catalog, audit as $$
declare
  latest audit.head;
  at timestamptz;
  digest bytea;
begin
  if app.me() is null then raise exception 'audit.append needs a principal'; end if;
  select * into latest from audit.head for update;
  at := clock_timestamp();
  digest := audit.digest(latest.hash, latest.seq + 1, at, app.me(), app.surface(), action, subject, body);
  insert into audit.event
    values (latest.seq + 1, at, app.me(), app.surface(), action, subject, body, latest.hash, digest);
  update audit.head set seq = latest.seq + 1, hash = digest;
  return latest.seq + 1;
end $$;

-- The first thing that does not hold, or no row: (seq, what).
create function audit.verify() returns table (seq bigint, fault text) language sql stable security definer
  set search_path = pg_catalog, audit as $$
  with chain as (
    select e.seq, e.prev, e.hash,
      lag(e.hash, 1, '\x00'::bytea) over w as expected_prev,
      lag(e.seq, 1, 0::bigint) over w as before,
      audit.digest(e.prev, e.seq, e.at, e.actor, e.surface, e.action, e.subject, e.body) as digest
    from audit.event e window w as (order by e.seq)),
  faults as (
    select c.seq, case
      when c.seq <> c.before + 1 then 'rows ' || (c.before + 1) || ' to ' || (c.seq - 1) || ' are missing'
      when c.digest <> c.hash then 'the row was altered'
      else 'the row does not follow the one before it' end as fault
    from chain c where c.seq <> c.before + 1 or c.digest <> c.hash or c.prev <> c.expected_prev
    union all
    select h.seq, 'the log ends at row ' || coalesce(l.seq, 0) || ', its head says ' || h.seq
    from audit.head h left join lateral (select e.seq, e.hash from audit.event e order by e.seq desc limit 1) l on true
    where coalesce(l.seq, 0) <> h.seq or coalesce(l.hash, '\x00'::bytea) <> h.hash)
  select f.seq, f.fault from faults f order by f.seq limit 1 $$;

revoke all on all functions in schema audit from public;
grant execute on function audit.append to
  chargehand_agent, chargehand_workflow, chargehand_worker, chargehand_steward, chargehand_gate;
grant execute on function audit.verify to chargehand_agent, chargehand_worker;
alter table audit.event enable row level security;
grant select on audit.event to chargehand_agent, chargehand_worker;
create policy seen on audit.event to chargehand_agent
  using ((select app.my_roles()) && array['auditor', 'delivery_director', 'admin']);
create policy trusted on audit.event to chargehand_worker using (true);
