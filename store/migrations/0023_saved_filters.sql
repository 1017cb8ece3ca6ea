-- What people narrow their inbox to, by name. The desk's role alone writes them: a filter that an inbox opens with says
-- what its reader does not see first, so the copilot may not set one.
create table workflow.saved_filter (
  person_id text not null,
  name      text not null check (name = btrim(name) and length(name) between 1 and 60),
  narrowed  jsonb not null check (jsonb_typeof(narrowed) = 'object' and length(narrowed::text) <= 2000),
  opens     boolean not null default false,  -- the inbox opens with it
  saved_at  timestamptz not null default now(),
  primary key (person_id, name)
);
create unique index saved_filter_opens on workflow.saved_filter (person_id) where opens;

alter table workflow.saved_filter enable row level security;
create policy own on workflow.saved_filter to chargehand_agent, chargehand_workflow
  using (person_id = (select app.me())) with check (person_id = (select app.me()));
grant select on workflow.saved_filter to chargehand_agent;
grant select, insert, delete, update (narrowed, opens, saved_at) on workflow.saved_filter to chargehand_workflow;

-- The names of a gate's steps beside it: what counts waiting reads them of every proposal that waits, and a gate is a
-- large text that is stored apart.
alter table workflow.proposal_version add column step_names jsonb not null
  generated always as (jsonb_path_query_array(gate, '$.gate.steps[*].name')) stored;

-- As before, but for where the names come from.
create or replace function workflow.waits(since timestamptz)
  returns table (proposal_id uuid, version integer, step integer, rule text, step_name text, practice text,
                 asked text[], started_at timestamptz, ended_at timestamptz)
  language sql stable security definer set search_path = pg_catalog, workflow as $$
  with recent as materialized (
    select p.proposal_id, p.version, p.step, p.state, p.state_since, p.practice
    from workflow.proposal p
    where not p.planted and (p.state = 'pending' or p.state_since >= since) and (
      p.proposer_id = (select app.me())
      or (select app.sees_all_proposals())
      or p.proposal_id in (select s.proposal_id from workflow.asked s where s.person_id = (select app.me()))
      or ((select app.sees_money()) and p.project_id in (select unnest(app.visible_projects()))))),
  versions as materialized (
    select v.proposal_id, v.version, v.rule, v.step_names, v.created_at,
      lead(v.created_at) over (partition by v.proposal_id order by v.version) as superseded_at
    from workflow.proposal_version v join recent r on r.proposal_id = v.proposal_id),
  signed as (
    select d.proposal_id, d.version, d.step, max(d.decided_at) as at
    from workflow.decision d join recent r on r.proposal_id = d.proposal_id group by 1, 2, 3),
  ended as materialized (  -- steps that were signed or rejected
    select s.proposal_id, s.version, s.step, s.at,
      lag(s.at) over (partition by s.proposal_id, s.version order by s.step) as before
    from signed s join recent r using (proposal_id)
    where not (r.state = 'pending' and s.version = r.version and s.step = r.step)),
  last_end as (select e.proposal_id, e.version, max(e.step) as step, max(e.at) as at from ended e group by 1, 2),
  stretches as (
    select e.proposal_id, e.version, e.step, coalesce(e.before, v.created_at) as started_at, e.at as ended_at,
      v.rule, v.step_names
    from ended e join versions v using (proposal_id, version)
    union all  -- the step that an edit, a lapse or the present found open
    select v.proposal_id, v.version,
      case when v.superseded_at is null then r.step else coalesce(l.step + 1, 0) end,
      coalesce(l.at, v.created_at),
      coalesce(v.superseded_at, case when r.state <> 'pending' then r.state_since end), v.rule, v.step_names
    from versions v join recent r using (proposal_id)
    left join last_end l on l.proposal_id = v.proposal_id and l.version = v.version
    where v.superseded_at is not null or r.state in ('pending', 'expired', 'withdrawn')),
  asked as (
    select a.proposal_id, a.version, a.step, array_agg(distinct a.person_id) as people
    from workflow.approver a join recent r on r.proposal_id = a.proposal_id where a.held group by 1, 2, 3)
  select s.proposal_id, s.version, s.step, s.rule, s.step_names ->> s.step, r.practice,
    coalesce(a.people, '{}'), s.started_at, s.ended_at
  from stretches s join recent r using (proposal_id)
  left join asked a on a.proposal_id = s.proposal_id and a.version = s.version and a.step = s.step
  where s.step_names ->> s.step is not null and coalesce(s.ended_at, now()) >= since $$;
