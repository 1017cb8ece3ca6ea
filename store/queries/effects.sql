-- name: enqueue
-- Enter the writes of a signed version, in their turn. Where their system is down or paused they wait from the start.
select system, waits_since
from workflow.enter_effects(%(proposal_id)s, %(version)s, %(content_hash)s, %(writes)s::jsonb);

-- name: claim
-- Lease the oldest effect of one of the systems: one that has something to claim, that does not rest, and whose
-- circuit is closed, or open and this is the one probe. Whoever moves probe_at on first has the probe. A lease that
-- ran out belongs to a worker that died: what it had sent may have arrived until then.
with turn as (
  select c.system, c.state, c.state <> 'closed' or c.failures > 0 as troubled from workflow.circuit c
  where c.system = any (%(systems)s) and c.rest_until <= now()
    and (c.state = 'closed' or (c.state = 'open' and c.probe_at <= now()))
    and exists (select from workflow.claimable e where e.system = c.system)
  order by random() limit 1),
probe as (
  update workflow.circuit c set probe_at = now() + make_interval(secs => %(probe_seconds)s)
  where c.system = (select system from turn) and c.state = 'open' and c.probe_at <= now()
  returning 1),
due as (
  select e.effect_id, case when e.state = 'leased' then greatest(e.sent_at, e.lease_until) else e.sent_at end as sent_at
  from workflow.claimable e
  where e.system = (select system from turn)
    and ((select state from turn) = 'closed' or exists (select from probe))
  order by e.effect_id limit 1 for update of e skip locked)
update workflow.effect e set state = 'leased', lease_owner = %(worker_id)s, fence = e.fence + 1,
  lease_until = now() + make_interval(secs => %(lease_seconds)s), attempts = e.attempts + 1,
  sent_at = case when e.sent_at is not null then due.sent_at end
from due where e.effect_id = due.effect_id
returning e.effect_id, e.idempotency_key, e.proposal_id, e.version, e.content_hash, e.system, e.operation, e.item,
  e.body, e.attempts, e.max_attempts, e.fence, e.sent_at, e.slowed_since, (select troubled from turn) as troubled,
  clock_timestamp() as claimed_at;

-- name: extend_lease
-- The worker is still at it.
update workflow.effect set lease_until = now() + make_interval(secs => %(lease_seconds)s)
where effect_id = %(effect_id)s and fence = %(fence)s and state = 'leased';

-- name: mark_sent
-- From now on it may have reached the system.
update workflow.effect set sent_at = clock_timestamp()
where effect_id = %(effect_id)s and fence = %(fence)s and state = 'leased';

-- name: release
-- Give an effect back to be tried later. `reached`: this attempt may have reached the system; else what is known
-- of earlier ones stays.
update workflow.effect set state = 'ready', lease_owner = null, lease_until = null, last_error = %(error)s,
  attempts = attempts - case when %(give_back)s then 1 else 0 end,
  not_before = now() + make_interval(secs => %(after_seconds)s),
  sent_at = case when %(reached)s then clock_timestamp() else %(sent_before)s end,
  waits_since = case when %(waits)s then coalesce(waits_since, now()) end,
  slowed_since = case when %(slowed)s then coalesce(slowed_since, now()) end
where effect_id = %(effect_id)s and fence = %(fence)s and state = 'leased';

-- name: settle
-- It is in the system of record. The proposal's lock is taken before the effect's own row is touched.
with locked as materialized (
  select p.proposal_id from workflow.proposal p
  where p.proposal_id = (select proposal_id from workflow.effect where effect_id = %(effect_id)s) for update)
update workflow.effect e set state = 'done', external_ref = %(external_ref)s, result = %(result)s, last_error = null,
  lease_owner = null, lease_until = null, waits_since = null, slowed_since = null, settled_at = now()
from locked
where e.effect_id = %(effect_id)s and e.proposal_id = locked.proposal_id and e.fence = %(fence)s and e.state = 'leased';

-- name: stop
-- It goes no further: parked for a person, or failed for good. Locks as in settle.
with locked as materialized (
  select p.proposal_id from workflow.proposal p
  where p.proposal_id = (select proposal_id from workflow.effect where effect_id = %(effect_id)s) for update)
update workflow.effect e set state = %(state)s, last_error = %(error)s, lease_owner = null, lease_until = null,
  waits_since = null, slowed_since = null, settled_at = case when %(state)s = 'failed' then now() end
from locked
where e.effect_id = %(effect_id)s and e.proposal_id = locked.proposal_id and e.fence = %(fence)s and e.state = 'leased';

-- name: lock_proposal
-- Take the lock of an effect's proposal: always before the effect's own row.
select p.proposal_id from workflow.proposal p
where p.proposal_id = (select proposal_id from workflow.effect where effect_id = %(effect_id)s) for update;

-- name: progress
-- How the effects of a proposal stand, with what its people are told.
select p.proposal_id, p.proposer_id, p.title, p.state, p.version,
  array(select e.state from workflow.effect e where e.proposal_id = p.proposal_id and e.version = p.version)
    as effects,
  array(select upper(e.system) || ' ' || e.external_ref from workflow.effect e
        where e.proposal_id = p.proposal_id and e.state = 'done' order by e.effect_id) as written,
  array(select e.last_error from workflow.effect e where e.proposal_id = p.proposal_id
        and e.state in ('parked', 'failed') and e.last_error is not null order by e.effect_id) as errors,
  array(select d.approver_id from workflow.decision d
        where d.proposal_id = p.proposal_id and d.version = p.version) as signers
from workflow.proposal p where p.proposal_id = %(proposal_id)s;

-- name: signed_content
-- What an effect's version says, who asked for it, who was asked to sign it before anybody's fallback, who did and
-- as what (who took a seat over may be of the fallback), and what the firm's records said then. A policy's digest tells whether one that was read before is still what is stored.
select v.canonical, v.policy_sha256, v.rule, v.author_id, p.proposer_id, p.planted,
  nullif(p.on_behalf_of, '') as on_behalf_of, p.state,
  (select b.digest from workflow.policy_version b where b.sha256 = v.policy_sha256) as policy_digest,
  a.sha256 as active_sha256,
  (select b.digest from workflow.policy_version b where b.sha256 = a.sha256) as active_digest,
  coalesce((select b.fields from workflow.basis b where b.proposal_id = v.proposal_id and b.version = v.version),
    '{}') as basis,
  (select coalesce(jsonb_agg(jsonb_build_object('step', d.step, 'seat', d.seat, 'name', n.name,
      'commented', d.reason <> '', 'why', r.why, 'fallback', r.fallback or h.to_id is not null) order by d.decided_at), '[]')
    from workflow.decision d
    join workflow.approver r on r.proposal_id = d.proposal_id and r.version = d.version and r.step = d.step
      and r.person_id = d.approver_id and r.seat = d.seat
    left join workflow.handover h on h.proposal_id = d.proposal_id and h.version = d.version and h.step = d.step
      and h.to_id = d.seat
    left join firm.person n on n.person_id = d.approver_id
    where d.proposal_id = v.proposal_id and d.version = v.version and d.content_hash = v.content_hash
      and d.verdict = 'approve') as signatures,
  (select coalesce(jsonb_agg(jsonb_build_object('step', r.step, 'seat', r.seat)), '[]') from workflow.approver r
    where r.proposal_id = v.proposal_id and r.version = v.version and not r.fallback and r.stands_in_for is null)
    as asked,
  (select extract(epoch from clock_timestamp() - max(d.decided_at))::float8 / 3600 from workflow.decision d
    where d.proposal_id = v.proposal_id and d.version = v.version) as hours_since_signed
from workflow.proposal_version v join workflow.proposal p using (proposal_id)
left join workflow.active_policy a on true
where v.proposal_id = %(proposal_id)s and v.version = %(version)s;

-- name: stopped
-- One effect for a person's hand, its row locked.
select effect_id, proposal_id, system, operation, item, state, body
from workflow.effect where effect_id = %(effect_id)s for update;

-- name: retry
-- A parked effect goes on from the start; what it may have sent stays known.
update workflow.effect set state = 'ready', attempts = 0, not_before = now(), settled_at = null, slowed_since = null
where effect_id = %(effect_id)s and state = 'parked';

-- name: settle_by_hand
-- A person saw that it is done, or gave it up.
update workflow.effect set state = %(state)s, external_ref = %(external_ref)s, settled_at = now()
where effect_id = %(effect_id)s and state = 'parked';

-- name: mirror_assignment
-- What the PSA booked.
insert into firm.assignment (assignment_id, person_id, project_id, role, starts_on, ends_on, hours_per_week, state)
values (%(record_id)s, %(person_id)s, %(project_id)s, %(role)s, %(starts_on)s, %(ends_on)s, %(hours_per_week)s,
  %(state)s)
on conflict (assignment_id) do nothing;

-- name: mirror_returned_entry
-- What the PSA sent back to its owner.
update firm.time_entry set state = 'returned' where entry_id = %(entry_id)s;

-- name: mirror_record
-- What a system of record holds that the firm's files have no table for.
insert into firm.system_record (system, record_id, kind, project_id, body, proposal_id)
values (%(system)s, %(record_id)s, %(kind)s, %(project_id)s, %(body)s, %(proposal_id)s)
on conflict (system, kind, record_id) do nothing;

-- name: circuits
-- Every system's circuit and how many of its effects wait for it.
select c.system, c.state, c.since, c.failures, c.reason, c.changed_by,
  (select count(*)::integer from workflow.effect e where e.system = c.system and e.waits_since is not null) as waiting
from workflow.circuit c order by c.system;

-- name: count_failure
-- One more failure in a row; the row where this one opens the circuit.
update workflow.circuit set failures = failures + 1, reason = %(reason)s,
  state = case when failures + 1 >= %(trip_after)s then 'open' else state end,
  since = case when state = 'closed' and failures + 1 >= %(trip_after)s then now() else since end,
  probe_at = now() + make_interval(secs => %(probe_seconds)s), changed_by = app.me()
where system = %(system)s and state <> 'paused'
returning state = 'open' and failures = %(trip_after)s;

-- name: close_circuit
-- The system answers again.
update workflow.circuit set failures = 0, state = 'closed', reason = '', changed_by = app.me(),
  since = case when state = 'open' then now() else since end
where system = %(system)s and state <> 'paused' and (failures > 0 or state = 'open')
returning 1;

-- name: rest
-- A system asked to be left alone for a while.
update workflow.circuit set rest_until = greatest(rest_until, now() + make_interval(secs => %(seconds)s))
where system = %(system)s;

-- name: set_circuit
-- Pause a system or let it go on, by hand.
update workflow.circuit set state = %(state)s, since = now(), failures = 0, reason = %(reason)s,
  rest_until = '-infinity', changed_by = app.me()
where system = %(system)s and state <> %(state)s
returning 1;

-- name: start_waiting
-- What is to be written to a system waits for it from now on.
update workflow.effect set waits_since = now()
where system = %(system)s and state = 'ready' and waits_since is null;

-- name: stop_waiting
-- Nothing waits for a system any more. What is leased says so itself when it is settled: its row may be locked by
-- a worker that waits for the circuit this transaction holds.
update workflow.effect set waits_since = null
where system = %(system)s and state = 'ready' and waits_since is not null;

-- name: done
-- A write that is in its system of record, if the caller may see its proposal.
select e.proposal_id, e.system, e.operation, e.item, e.external_ref as record_id, e.ordering_key, e.body as record,
  e.settled_at, v.action, v.evidence, clock_timestamp() as now
from workflow.effect e join workflow.proposal_version v using (proposal_id, version)
where e.effect_id = %(effect_id)s and e.state = 'done' and e.external_ref is not null;

-- name: take_undo_turn
-- Who proposes to undo the same write comes one after the other.
select pg_advisory_xact_lock(hashtextextended('undo/' || %(effect_id)s::text, 0));

-- name: open_undo
-- The proposal that undoes a write, has undone it, or would.
select proposal_id, state from workflow.open_undo(%(effect_id)s);

-- name: unmirror
-- What an undo took back is not mirrored any more.
select workflow.unmirror(%(effect_id)s);

-- name: behind
-- Proposals with a write that waits behind this one.
select distinct p.proposal_id, p.proposer_id, p.title
from workflow.effect b
join workflow.effect e on e.system = b.system and e.ordering_key = b.ordering_key and e.effect_id > b.effect_id
  and e.state in ('ready', 'leased')
join workflow.proposal p on p.proposal_id = e.proposal_id and p.proposal_id <> b.proposal_id
where b.effect_id = %(effect_id)s;

-- name: hands
-- Who lets go on what stopped: the firm's administrators.
select person_id from workflow.holders('admin', null, null);
