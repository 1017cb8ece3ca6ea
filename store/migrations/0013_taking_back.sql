-- What was signed may go back before it is written, and what was written may be undone. A system that asks to
-- slow down is left alone as a whole, and not for ever.
alter table workflow.effect drop constraint effect_state_check;
alter table workflow.effect add constraint effect_state_check
  check (state in ('ready', 'leased', 'done', 'parked', 'failed', 'returned'));

-- An undo is a write of its own. Each write is undone once, whatever the code believes.
alter table workflow.effect add column undoes bigint references workflow.effect;
alter table workflow.effect add constraint undo_names_its_write check (
  (operation = 'undo_write') = (undoes is not null)
  and (undoes is null or undoes = (body ->> 'effect_id')::bigint));
create unique index effect_undone_once on workflow.effect (undoes) where state not in ('failed', 'returned');

alter table workflow.effect add column slowed_since timestamptz;  -- its system asks to slow down since
alter table workflow.circuit add column rest_until timestamptz not null default '-infinity';

-- What a worker may claim, its circuit aside: it is due, and its turn among those with its ordering key.
create view workflow.claimable with (security_invoker = true) as
select e.* from workflow.effect e
where ((e.state = 'ready' and e.not_before <= now()) or (e.state = 'leased' and e.lease_until < now()))
  and not exists (
    select from workflow.effect b
    where b.system = e.system and b.ordering_key = e.ordering_key and b.effect_id < e.effect_id
      and b.state in ('ready', 'leased', 'parked'));
grant select, update (lease_until) on workflow.claimable to chargehand_worker;

-- What the firm's records said when a version was made: a flat map of field to value. What differs when it is
-- about to be written is shown to those who signed.
create table workflow.basis (
  proposal_id uuid not null,
  version     integer not null,
  fields      jsonb not null check (jsonb_typeof(fields) = 'object'),
  primary key (proposal_id, version),
  foreign key (proposal_id, version) references workflow.proposal_version
);
alter table workflow.basis enable row level security;
create policy trusted on workflow.basis to chargehand_workflow, chargehand_worker using (true) with check (true);
grant select on workflow.basis to chargehand_workflow, chargehand_worker;
grant insert on workflow.basis to chargehand_workflow;

-- Who proposes keeps the basis of the first version, once, before anybody signs.
create function workflow.keep_basis(id uuid, basis jsonb) returns void language plpgsql security definer
  set search_path = pg_catalog, workflow as $$
begin
  insert into workflow.basis (proposal_id, version, fields)
    select p.proposal_id, 1, basis from workflow.proposal p
    where p.proposal_id = id and p.proposer_id = app.me() and p.version = 1 and p.state = 'pending';
  if not found then raise exception 'proposal % takes no basis', id; end if;
end $$;
revoke all on function workflow.keep_basis from public;
grant execute on function workflow.keep_basis to chargehand_agent, chargehand_worker;

-- The proposal that undoes a write, has undone it, or would; whoever may see the write may know.
create index proposal_undo on workflow.proposal (proposal_id) where action_kind = 'undo_write';
create function workflow.open_undo(effect bigint) returns table (proposal_id uuid, state text)
  language sql stable security definer set search_path = pg_catalog, workflow as $$
  select p.proposal_id, p.state from workflow.proposal p
  join workflow.proposal_version v on v.proposal_id = p.proposal_id and v.version = p.version
  where p.action_kind = 'undo_write' and p.state in ('pending', 'approved', 'parked', 'executed')
    and (v.action ->> 'effect_id')::bigint = effect
  limit 1 $$;
revoke all on function workflow.open_undo from public;
grant execute on function workflow.open_undo to chargehand_agent, chargehand_workflow, chargehand_worker;

-- Take the mirror of a record back that an undo, which is done, took back.
create function workflow.unmirror(undo bigint) returns void language sql security definer
  set search_path = pg_catalog, workflow, firm as $$
  delete from firm.assignment a using workflow.effect e
    where e.effect_id = undo and e.state = 'done' and e.body ->> 'operation' = 'create_assignment'
      and e.undoes is not null and a.assignment_id = e.body ->> 'record_id';
  delete from firm.system_record r using workflow.effect e
    where e.effect_id = undo and e.state = 'done' and e.undoes is not null
      and r.system = e.system and r.kind = e.body ->> 'operation' and r.record_id = e.body ->> 'record_id';
  update firm.time_entry t set state = 'submitted' from workflow.effect e
    where e.effect_id = undo and e.state = 'done' and e.body ->> 'operation' = 'return_time_entries'
      and e.undoes is not null and t.entry_id = e.body ->> 'item' and t.state = 'returned' $$;
revoke all on function workflow.unmirror from public;
grant execute on function workflow.unmirror to chargehand_workflow, chargehand_worker;

-- Going back is the deciding role's act: it takes the leases of what was not sent.
grant update (lease_owner, lease_until, slowed_since) on workflow.effect to chargehand_workflow;
grant update (slowed_since) on workflow.effect to chargehand_worker;
