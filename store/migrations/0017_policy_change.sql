-- The policy in force changes by signatures only. The very first one is loaded; from then on no role of ours can
-- write these tables, and the one way is a proposal of the kind 'change_policy' that at least two people signed.
revoke insert on workflow.policy_version from chargehand_steward;
revoke insert, update on workflow.active_policy from chargehand_steward;

-- Keep a version of the policy: the text must be what its sha256 says. One that is there already stays as it is.
create function workflow.keep_policy(sha text, policy text, by_whom text) returns void language plpgsql
  set search_path = pg_catalog, workflow as $$
begin
  if sha is distinct from encode(sha256(convert_to(policy, 'UTF8')), 'hex') then
    raise exception 'the policy is not the one of version %', sha using errcode = 'check_violation';
  end if;
  insert into workflow.policy_version (sha256, name, body, loaded_by)
    values (sha, policy::jsonb ->> 'name', policy::jsonb, by_whom) on conflict (sha256) do nothing;
end $$;

-- The first policy of an installation; false when there is one already.
create function workflow.bootstrap_policy(sha text, policy text) returns boolean language plpgsql
  security definer set search_path = pg_catalog, workflow as $$
begin
  lock table workflow.active_policy in exclusive mode;
  if exists (select from workflow.active_policy) then return false; end if;
  perform workflow.keep_policy(sha, policy, app.me());
  insert into workflow.active_policy (sha256) values (sha);
  return true;
end $$;

-- Put in force what a proposal says that was signed to the end. It is compared with the version it is pinned to:
-- false when that is not in force any more.
create function workflow.enact_policy(id uuid) returns boolean language plpgsql
  security definer set search_path = pg_catalog, workflow as $$
declare
  p workflow.proposal;
  v workflow.proposal_version;
  in_force text;
  signers integer;
begin
  select * into p from workflow.proposal where proposal_id = id for update;
  select * into v from workflow.proposal_version where proposal_id = id and version = p.version;
  if p.state is distinct from 'approved' or v.action ->> 'kind' is distinct from 'change_policy'
     or v.content_hash is distinct from encode(sha256(convert_to(v.canonical, 'UTF8')), 'hex') then
    raise exception 'proposal % is no approved change of the policy', id using errcode = 'check_violation';
  end if;
  -- Two people, not accounts, and in two people's places: who stands in for somebody adds no second signature to
  -- theirs.
  select least(count(distinct s.signer), count(distinct s.seat)) into signers
  from (select access.canonical(d.approver_id) as signer, access.canonical(d.seat) as seat
        from workflow.decision d
        where d.proposal_id = id and d.version = p.version and d.verdict = 'approve'
          and d.content_hash = v.content_hash) s
  where array[s.signer, s.seat] && array[access.canonical(p.proposer_id), access.canonical(v.author_id)] is false;
  if signers < 2 then
    raise exception 'a change of the policy needs two signatures by others than who proposed it'
      using errcode = 'check_violation';
  end if;
  select a.sha256 into in_force from workflow.active_policy a for update;
  if in_force is distinct from v.policy_sha256 then return false; end if;
  perform workflow.keep_policy(v.action ->> 'sha256', v.action ->> 'policy', p.proposer_id);
  update workflow.active_policy set sha256 = v.action ->> 'sha256', since = now() where singleton;
  return true;
end $$;

revoke all on function workflow.keep_policy, workflow.bootstrap_policy, workflow.enact_policy from public;
grant execute on function workflow.bootstrap_policy to chargehand_steward;
grant execute on function workflow.enact_policy to chargehand_workflow;
