-- The audit log for those who must not have to trust its owner: an identity that signed anchors name, personal
-- data that can be forgotten without breaking the chain, triggers that refuse what the grants already refuse,
-- and a check that goes through a long log in parts.

-- Which log this is. A restored backup keeps it; an anchor of another log is told by it.
create table audit.log (
  singleton boolean primary key default true check (singleton),
  log_id uuid not null default gen_random_uuid()
);
insert into audit.log default values;

-- What the chain holds only as a salted sha256 (in the body, under 'personal', by field). Redacting empties the
-- value and its salt and names the entry that says so; the hash stays in the chain.
create table audit.personal (
  seq         bigint not null references audit.event deferrable initially deferred,
  field       text not null,
  salt        bytea,
  value       text,
  redacted_by bigint references audit.event deferrable initially deferred,
  primary key (seq, field),
  check ((value is null) = (salt is null) and (value is null) = (redacted_by is not null))
);
create index personal_redacted_by on audit.personal (redacted_by) where redacted_by is not null;
create index event_anchored on audit.event (seq) where action = 'audit.anchored';
-- The chain, not an index, says that hashes differ; random keys made this the dearest index of an append.
alter table audit.event drop constraint event_hash_key;

-- Not even the owner, unless the trigger is switched off in so many words. 'always': also as a replica.
create function audit.refuse_change() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  raise exception '% on %.% is refused: the audit log is only ever added to', tg_op, tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete or truncate on audit.event
  for each statement execute function audit.refuse_change();
alter table audit.event enable always trigger append_only;
create trigger forget_only before delete or truncate on audit.personal
  for each statement execute function audit.refuse_change();
create trigger blank_only before update on audit.personal for each row
  when (old.value is null or new.value is not null or (old.seq, old.field) is distinct from (new.seq, new.field))
  execute function audit.refuse_change();
alter table audit.personal enable always trigger forget_only;
alter table audit.personal enable always trigger blank_only;

-- What is hashed of an entry, as text: an export carries it, so that checking needs no jsonb. 'stable', as what
-- it calls is: declared immutable it could not be inlined, and was started anew for every row.
create function audit.canonical(seq bigint, at timestamptz, actor text, surface text, action text, subject text,
                                body jsonb) returns text language sql stable
  return jsonb_build_array(seq, extract(epoch from at), actor, surface, action, subject, body)::text;

create or replace function audit.digest(prev bytea, seq bigint, at timestamptz, actor text, surface text,
                                        action text, subject text, body jsonb) returns bytea language sql stable
  return sha256(prev || convert_to(audit.canonical(seq, at, actor, surface, action, subject, body), 'UTF8'));

create function audit.personal_hash(salt bytea, value text) returns text language sql stable
  return encode(sha256(salt || convert_to(value, 'UTF8')), 'hex');

-- Keep personal fields of an entry beside the chain; their hashes, by field.
create function audit.keep(entry bigint, fields jsonb) returns jsonb language sql
  set search_path = pg_catalog, audit as $$
  with salted as materialized (
    select key, value, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) as salt
    from jsonb_each_text(fields)),
  kept as (insert into audit.personal (seq, field, salt, value) select entry, key, salt, value from salted)
  select coalesce(jsonb_object_agg(key, audit.personal_hash(salt, value)), '{}') from salted $$;

-- All entries of a transaction in one call, in their order: [{action, subject, body, personal?}]. The actor is
-- the transaction's principal: nobody signs with another's name. What serves people does not say that the log
-- was anchored or redacted. The newest sequence number.
create function audit.append_all(entries jsonb) returns bigint
  language plpgsql security definer set search_path = pg_catalog, audit as $$
declare
  me text := app.me();
  surface text := app.surface();
  latest audit.head;
  entry jsonb;
  body jsonb;
  at timestamptz;
  digest bytea;
begin
  if me is null then raise exception 'audit.append needs a principal'; end if;
  select * into latest from audit.head for update;
  for entry in select value from jsonb_array_elements(entries) loop
    latest.seq := latest.seq + 1;
    body := entry -> 'body';
    if entry ->> 'action' like 'audit.%' and session_user like 'chargehand\_%'
       and session_user not in ('chargehand_worker', 'chargehand_steward') then
      raise exception '% may not log %', session_user, entry ->> 'action' using errcode = 'insufficient_privilege';
    end if;
    if body ? 'personal' then raise exception '"personal" in an audit entry is kept for the hashes'; end if;
    if entry ? 'personal' then
      body := body || jsonb_build_object('personal', audit.keep(latest.seq, entry -> 'personal'));
    end if;
    at := clock_timestamp();
    digest := audit.digest(latest.hash, latest.seq, at, me, surface, entry ->> 'action', entry ->> 'subject', body);
    insert into audit.event values
      (latest.seq, at, me, surface, entry ->> 'action', entry ->> 'subject', body, latest.hash, digest);
    latest.hash := digest;
  end loop;
  update audit.head set seq = latest.seq, hash = latest.hash;
  return latest.seq;
end $$;

-- For processes of the version before this one.
create or replace function audit.append(action text, subject text, body jsonb) returns bigint
  language sql security definer set search_path = pg_catalog, audit as $$
  select audit.append_all(jsonb_build_array(
    jsonb_build_object('action', action, 'subject', subject, 'body', body))) $$;

-- What is wrong with the personal fields of an entry, or with the count of what it redacted; null: nothing.
create function audit.personal_fault(entry bigint, action text, body jsonb) returns text language sql stable
  set search_path = pg_catalog, audit as $$
  select coalesce(
    (select fault from (
      select h.key, case
        when p.seq is null then 'its personal field ' || h.key || ' is gone'
        when p.value is null and not exists (
          select from audit.event r
          where r.seq = p.redacted_by and r.action in ('audit.redacted', 'audit.retained'))
          then 'its personal field ' || h.key || ' was emptied without a redaction'
        when audit.personal_hash(p.salt, p.value) <> h.value
          then 'its personal field ' || h.key || ' was altered'
        end as fault
      from jsonb_each_text(body -> 'personal') h
      left join audit.personal p on p.seq = entry and p.field = h.key) f
     where fault is not null order by key limit 1),
    (select 'it redacted ' || (body ->> 'fields') || ' fields, ' || count(*) || ' say so'
     from audit.personal p where p.redacted_by = entry and action in ('audit.redacted', 'audit.retained')
     having action in ('audit.redacted', 'audit.retained') and count(*) <> (body ->> 'fields')::bigint)) $$;

-- Check up to `batch` rows after one, up to another: how far it came, and the first thing that does not hold.
-- `after_hash`: the hash of row `after`; null: not known, so the first row's link is not checked.
create function audit.check_rows(after bigint, after_hash bytea, upto bigint, batch bigint)
  returns table (checked bigint, last_seq bigint, last_hash bytea, seq bigint, fault text)
  language sql stable security definer set search_path = pg_catalog, audit as $$
  with part as materialized (
    select e.seq, e.prev, e.hash, e.action, e.body,
      audit.digest(e.prev, e.seq, e.at, e.actor, e.surface, e.action, e.subject, e.body) as digest
    from audit.event e where e.seq > after and e.seq <= upto order by e.seq limit batch),
  chain as (
    select p.*, lag(p.hash, 1, after_hash) over w as expected, lag(p.seq, 1, after) over w as before
    from part p window w as (order by p.seq)),
  faults as (
    select c.seq, case
      when c.seq <> c.before + 1 then 'rows ' || (c.before + 1) || ' to ' || (c.seq - 1) || ' are missing'
      when c.digest <> c.hash then 'the row was altered'
      when c.prev <> c.expected then 'the row does not follow the one before it'
      when c.body ? 'personal' or c.action in ('audit.redacted', 'audit.retained')
        then audit.personal_fault(c.seq, c.action, c.body)
      end as fault
    from chain c)
  select (select count(*) from part), l.seq, l.hash, f.seq, f.fault
  from (select p.seq, p.hash from part p order by p.seq desc limit 1) l
  left join (select * from faults where fault is not null order by seq limit 1) f on true $$;

-- What the head says and how the rows end, in one snapshot.
create function audit.tip() returns table (seq bigint, hash bytea, last_seq bigint, last_hash bytea)
  language sql stable security definer set search_path = pg_catalog, audit as $$
  select h.seq, h.hash, coalesce(l.seq, 0), coalesce(l.hash, '\x00'::bytea)
  from audit.head h
  left join lateral (select e.seq, e.hash from audit.event e order by e.seq desc limit 1) l on true $$;

-- The first thing that does not hold in the whole log, or no row: (seq, what). For processes of the version before
-- this one, and for whoever has no more than a database client.
create or replace function audit.verify() returns table (seq bigint, fault text) language sql stable
  security definer set search_path = pg_catalog, audit as $$
  select f.seq, f.fault from (
    select c.seq, c.fault from audit.check_rows(0, '\x00', 9223372036854775807, null) c where c.fault is not null
    union all
    select t.seq, 'the log ends at row ' || t.last_seq || ', its head says ' || t.seq
    from audit.tip() t where t.last_seq <> t.seq or t.last_hash <> t.hash) f
  order by f.seq limit 1 $$;

-- Empty the personal fields of some entries, and say so in the log; how many. Rows first, then the head: a
-- second one waits for the rows and finds them empty.
create function audit.blank(chosen bigint[], action text, subject text, body jsonb, why text) returns bigint
  language plpgsql set search_path = pg_catalog, audit as $$
declare
  fields bigint;
  entry bigint;
begin
  perform from audit.personal p where p.seq = any (chosen) and p.value is not null
    order by p.seq, p.field for update;
  get diagnostics fields = row_count;
  if fields = 0 then return 0; end if;
  entry := audit.append_all(jsonb_build_array(jsonb_build_object(
    'action', action, 'subject', subject, 'body', body || jsonb_build_object('fields', fields),
    'personal', jsonb_build_object('reason', why))));
  update audit.personal p set value = null, salt = null, redacted_by = entry
    where p.seq = any (chosen) and p.value is not null;
  return fields;
end $$;

-- Forget what was said in entries about one thing (of a person: also what they said themselves), or in one entry;
-- why something was redacted is only forgotten when its entry is named.
create function audit.redact(about text, entry bigint, why text) returns bigint
  language plpgsql security definer set search_path = pg_catalog, audit as $$
begin
  if about is null and entry is null then raise exception 'audit.redact needs to know what'; end if;
  return audit.blank(
    array(select e.seq from audit.event e
          where (entry is null or e.seq = entry)
            and (about is null or e.subject = about or 'person:' || e.actor = about)
            and (entry is not null or e.action <> 'audit.redacted')),
    'audit.redacted', coalesce(about, 'entry:' || entry), '{}', why);
end $$;

-- Forget what is older than so many days. Not fewer than 30: who may only call this cannot wipe what just happened.
create function audit.retain(days integer) returns bigint
  language plpgsql security definer set search_path = pg_catalog, audit as $$
begin
  if days < 30 then raise exception 'personal data in the audit log is kept for at least 30 days'; end if;
  return audit.blank(
    array(select p.seq from audit.personal p join audit.event e on e.seq = p.seq
          where p.value is not null and e.at < clock_timestamp() - make_interval(days => days)),
    'audit.retained', 'audit:log', jsonb_build_object('days', days), 'retention');
end $$;

revoke all on function audit.refuse_change, audit.canonical, audit.personal_hash, audit.keep, audit.append_all,
  audit.personal_fault, audit.check_rows, audit.tip, audit.blank, audit.redact, audit.retain from public;
grant execute on function audit.append_all to
  chargehand_agent, chargehand_workflow, chargehand_worker, chargehand_steward, chargehand_gate;
grant execute on function audit.check_rows, audit.tip to chargehand_agent, chargehand_worker;
grant execute on function audit.canonical to chargehand_worker;  -- exports
grant execute on function audit.redact to chargehand_steward;    -- an operator's hand, nothing that serves
grant execute on function audit.retain to chargehand_worker;     -- a job, and never what is recent

alter table audit.log enable row level security;
grant select on audit.log to chargehand_agent, chargehand_worker;
create policy seen on audit.log to chargehand_agent, chargehand_worker using (true);
alter table audit.personal enable row level security;
grant select on audit.personal to chargehand_agent, chargehand_worker;
create policy seen on audit.personal to chargehand_agent
  using ((select app.my_roles()) && array['auditor', 'delivery_director', 'admin']);
create policy trusted on audit.personal to chargehand_worker using (true);
