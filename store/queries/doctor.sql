-- name: server
-- What the database server is, and what time it has.
select current_setting('server_version_num')::integer as version,
  (select extversion from pg_extension where extname = 'vector') as pgvector, clock_timestamp() as now;

-- name: people
-- How many people the firm's records hold.
select count(*) from firm.person;

-- name: heartbeat
-- When a worker last said that it lives, or null.
select max(last_heartbeat) from jobs.procrastinate_workers;

-- name: ledger
-- What lies in the effect ledger: parked for a person, and due for minutes although nothing stands in the way.
select count(*) filter (where e.state = 'parked') as parked,
  count(*) filter (where c.state = 'closed' and (
    (e.state = 'ready' and e.not_before < now() - interval '5 minutes')
    or (e.state = 'leased' and e.lease_until < now() - interval '5 minutes'))) as overdue
from workflow.effect e join workflow.circuit c using (system);
