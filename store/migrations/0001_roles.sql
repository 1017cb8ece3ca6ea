-- Extensions, login roles and schemas. Least privilege from the first migration:
--   chargehand_agent     serves people and the copilot: reads under row-level security, may submit proposals
--   chargehand_workflow  decides proposals
--   chargehand_worker    claims and settles effects, runs jobs
--   chargehand_steward   imports the firm's records, registers models, loads policies
--   chargehand_gate      signs people in: sessions, links and tokens, nothing else
-- Roles belong to the cluster, not the database: another Chargehand database may have made them already.
create extension if not exists vector;
create extension if not exists pg_trgm;
create extension if not exists unaccent;

do $$
declare r text;
begin
  foreach r in array array['agent', 'workflow', 'worker', 'steward', 'gate'] loop
    begin
      execute format('create role %I login noinherit', 'chargehand_' || r);
    exception when duplicate_object or unique_violation then null;
    end;
    execute format('grant connect on database %I to %I', current_database(), 'chargehand_' || r);
  end loop;
end $$;

revoke all on schema public from public;
grant usage on schema public to
  chargehand_agent, chargehand_workflow, chargehand_worker, chargehand_steward, chargehand_gate;

create schema app;       -- who is asking, and what they may see
create schema access;    -- roles, sessions, links, tokens
create schema firm;      -- the firm's records, mirrored from its systems of record
create schema talk;      -- threads, messages, tool calls
create schema workflow;  -- policies, proposals, decisions, effects
create schema audit;     -- the hash-chained log
create schema predict;   -- fitted models and their cards
grant usage on schema app, firm, workflow, audit to
  chargehand_agent, chargehand_workflow, chargehand_worker, chargehand_steward;
grant usage on schema access to
  chargehand_gate, chargehand_agent, chargehand_workflow, chargehand_worker, chargehand_steward;
grant usage on schema app, firm, audit to chargehand_gate;
grant usage on schema talk to chargehand_agent, chargehand_workflow, chargehand_worker;
grant usage on schema predict to chargehand_agent, chargehand_worker, chargehand_steward;

-- The caller of this transaction, set by store.tx(); without one there is no transaction of ours.
create function app.me() returns text language sql stable
  return nullif(current_setting('chargehand.principal', true), '');

create function app.surface() returns text language sql stable
  return coalesce(nullif(current_setting('chargehand.surface', true), ''), 'job');

create function app.is_service() returns boolean language sql stable
  return coalesce(app.me() like 'service:%', false);
