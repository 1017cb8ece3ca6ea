-- Versions of prompts and baselines of suites that were put in force, one row each and never altered: the last one
-- of a name is in force. No role of ours can write them; the one way is a proposal of the kind 'promote_version' that
-- was signed to the end.
create table workflow.promotion (
  promotion_id bigint generated always as identity primary key,
  what         text not null check (what in ('prompt', 'baseline')),
  name         text not null,   -- of the prompt, or the suite
  version      text not null,   -- 'v2', or the run's id
  sha256       text not null,   -- of the prompt's file, or the run's
  text         text not null,   -- the prompt's whole file; empty for a baseline
  suite        text not null,
  run_id       text not null,   -- of the run that spoke for it
  run_sha256   text not null,
  proposal_id  uuid not null unique references workflow.proposal,
  promoted_at  timestamptz not null default now(),
  constraint is_its_text check (
    case what when 'prompt' then sha256 = encode(sha256(convert_to(text, 'UTF8')), 'hex')
    else text = '' and sha256 = run_sha256 end)
);
create index promotion_in_force on workflow.promotion (what, name, promotion_id desc);

alter table workflow.promotion enable row level security;
create policy trusted on workflow.promotion to chargehand_workflow, chargehand_steward using (true);
create policy seen on workflow.promotion to chargehand_agent  -- how everybody is answered is no secret of anybody's
  using ((select app.me()) is not null);
grant select on workflow.promotion to chargehand_agent, chargehand_workflow, chargehand_steward;

-- Put in force what a proposal says that was signed to the end; false when something else was put in force since it
-- was proposed.
create function workflow.promote(id uuid) returns boolean language plpgsql
  security definer set search_path = pg_catalog, workflow as $$
declare
  p workflow.proposal;
  v workflow.proposal_version;
  a jsonb;
  now_in_force bigint;
begin
  select * into p from workflow.proposal where proposal_id = id for update;
  select * into v from workflow.proposal_version where proposal_id = id and version = p.version;
  a := v.action;
  if p.state is distinct from 'approved' or a ->> 'kind' is distinct from 'promote_version'
     or v.content_hash is distinct from encode(sha256(convert_to(v.canonical, 'UTF8')), 'hex') then
    raise exception 'proposal % is no approved promotion', id using errcode = 'check_violation';
  end if;
  -- Signed by a person, in a person's place, who neither proposed nor wrote it, whichever account they used.
  if not exists (
    select from workflow.decision d
    where d.proposal_id = p.proposal_id and d.version = p.version and d.verdict = 'approve'
      and d.content_hash = v.content_hash
      and not array[access.canonical(d.approver_id), access.canonical(d.seat)]
        && array[access.canonical(p.proposer_id), access.canonical(v.author_id)]) then
    raise exception 'a promotion needs the signature of somebody other than who proposed it'
      using errcode = 'check_violation';
  end if;
  lock table workflow.promotion in exclusive mode;  -- one at a time; reading goes on
  select max(o.promotion_id) into now_in_force from workflow.promotion o
  where o.what = a ->> 'what' and o.name = a ->> 'name';
  if now_in_force is distinct from (a #>> '{replaces,promotion}')::bigint then return false; end if;
  insert into workflow.promotion (what, name, version, sha256, text, suite, run_id, run_sha256, proposal_id)
  values (a ->> 'what', a ->> 'name', a ->> 'version', a ->> 'sha256', a ->> 'text', a #>> '{measured,suite}',
    a #>> '{measured,run_id}', a #>> '{measured,sha256}', p.proposal_id);
  return true;
end $$;
revoke all on function workflow.promote from public;
grant execute on function workflow.promote to chargehand_workflow;
