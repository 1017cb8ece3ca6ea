-- name: submit
-- Store a new proposal as the caller, with its approvers and their cards; timers run from now.
select workflow.submit(
  id => %(proposal_id)s, tool => %(tool)s, tool_version => %(tool_version)s, thread => %(thread_id)s,
  title => %(title)s, kind => %(action_kind)s, project => %(project_id)s, practice => %(practice)s,
  client => %(client_id)s, amount => %(amount)s, currency => %(currency)s, canonical => %(canonical)s,
  content_hash => %(content_hash)s, policy => %(policy_sha256)s, rule => %(rule)s, gate => %(gate)s,
  facts => %(facts)s, explanation => %(explanation)s, approvers => %(approvers)s::jsonb,
  expires => now() + make_interval(hours => %(expires_after_hours)s),
  remind => now() + make_interval(hours => %(remind_after_hours)s),
  escalate => now() + make_interval(hours => %(escalate_after_hours)s),
  on_behalf => %(on_behalf_of)s, why => %(why)s);

-- name: document
-- The text that a quote must stand in, as far as the caller may see it.
select case %(document)s
  when 'contract' then (select text from firm.contract_document where contract_id = %(id)s)
  when 'status_report' then (select text from firm.status_report where report_id = %(id)s)
  when 'message' then (select text from talk.message where message_id::text = %(id)s)
end;

-- name: names
-- The names of people, projects and clients by their ids, as far as the caller may see them, whoever's role reads.
select person_id as id, name from firm.person where person_id = any (%(ids)s) and app.sees_people()
union all select project_id, name from firm.project
  where project_id = any (%(ids)s) and project_id in (select unnest(app.visible_projects()))
union all select client_id, name from firm.client
  where client_id = any (%(ids)s) and client_id in (select unnest(app.visible_clients()));

-- name: waiting_alike
-- The caller's oldest proposal of exactly this action that waits for signatures.
select p.proposal_id from workflow.proposal p join workflow.proposal_version v using (proposal_id, version)
where p.proposer_id = app.me() and p.state = 'pending' and v.action = %(action)s
order by p.created_at, p.proposal_id limit 1;

-- name: lock
-- Take the proposal's lock and say whether the caller may see it. What it holds is read afterwards, by another
-- statement: this one may have waited, and would join yesterday's version to today's proposal.
select app.sees_proposal(proposal_id) from workflow.proposal where proposal_id = %(proposal_id)s for update;

-- name: current
-- A proposal with its current version, who was asked to sign it, stand-ins after those who sign for themselves, and
-- what they said, oldest first. A policy's digest tells whether one that was read before is still what is stored.
select p.proposal_id, p.proposer_id, nullif(p.on_behalf_of, '') as on_behalf_of, p.title, p.amount,
  p.currency::text as currency, p.state, p.state_since, p.version, p.step, p.expires_at, p.escalated_at, p.planted,
  v.author_id, v.canonical, v.content_hash, v.policy_sha256, v.rule, v.gate, v.explanation,
  v.created_at as version_at, clock_timestamp() as now,
  (select b.digest from workflow.policy_version b where b.sha256 = v.policy_sha256) as policy_digest,
  (select coalesce(jsonb_agg(a order by a.step, a.fallback, a.stands_in_for is not null, a.name, a.person_id,
      a.stands_in_for_name), '[]')
    from workflow.seat a where a.proposal_id = p.proposal_id and a.version = p.version) as seats,
  (select coalesce(jsonb_agg(s order by s.decided_at, s.decision_id), '[]')
    from workflow.signature s where s.proposal_id = p.proposal_id and s.version = p.version) as signatures
from workflow.proposal p join workflow.proposal_version v using (proposal_id, version)
where p.proposal_id = %(proposal_id)s;

-- name: add_version
-- A new version of a proposal.
insert into workflow.proposal_version (proposal_id, version, author_id, canonical, content_hash, policy_sha256,
  rule, gate, facts, explanation, note, why)
values (%(proposal_id)s, %(version)s, %(author_id)s, %(canonical)s, %(content_hash)s, %(policy_sha256)s,
  %(rule)s, %(gate)s, %(facts)s, %(explanation)s, %(note)s, %(why)s);

-- name: put_version
-- Make a new version the current one: back to the gate's first step, all timers start again.
update workflow.proposal set version = %(version)s, step = 0, title = %(title)s, amount = %(amount)s,
  currency = %(currency)s, escalated_at = null,
  expires_at = now() + make_interval(hours => %(expires_after_hours)s),
  remind_at = now() + make_interval(hours => %(remind_after_hours)s),
  escalate_at = now() + make_interval(hours => %(escalate_after_hours)s)
where proposal_id = %(proposal_id)s;

-- name: add_approvers
-- Those who may sign a version's steps; who is there already stays. Nobody joins a planted one: others did not agree.
insert into workflow.approver (proposal_id, version, step, person_id, why, fallback, stands_in_for)
select %(proposal_id)s, %(version)s, a.step, a.person_id, a.why, a.fallback, a.stands_in_for
from jsonb_to_recordset(%(approvers)s::jsonb)
  a (step integer, person_id text, why text, fallback boolean, stands_in_for text)
where not exists (select from workflow.proposal p where p.proposal_id = %(proposal_id)s and p.planted)
on conflict do nothing;

-- name: next_step
-- The step is signed: on to the next one, whose people have their own time, within the time of all of them.
update workflow.proposal p set step = p.step + 1, escalated_at = null,
  expires_at = least(now() + make_interval(hours => %(expires_after_hours)s),
    v.created_at + make_interval(hours => %(gate_expires_after_hours)s)),
  remind_at = now() + make_interval(hours => %(remind_after_hours)s),
  escalate_at = now() + make_interval(hours => %(escalate_after_hours)s)
from workflow.proposal_version v
where p.proposal_id = %(proposal_id)s and v.proposal_id = p.proposal_id and v.version = p.version;

-- name: set_state
-- Move a proposal on; since when.
update workflow.proposal set state = %(state)s, state_since = now() where proposal_id = %(proposal_id)s
returning state_since;

-- name: due
-- Proposals whose timer has rung, the longest overdue first.
select proposal_id from workflow.proposal
where state = 'pending' and least(expires_at, remind_at, escalate_at) <= %(now)s
order by least(expires_at, remind_at, escalate_at) limit %(limit)s;

-- name: timers
-- The timers of a proposal.
select expires_at, remind_at, escalate_at from workflow.proposal where proposal_id = %(proposal_id)s;

-- name: remind_again
-- Set the next reminder.
update workflow.proposal set remind_at = %(at)s where proposal_id = %(proposal_id)s;

-- name: mark_escalated
-- From now on the fallback of the current step may sign too.
update workflow.proposal set escalated_at = %(now)s, escalate_at = null where proposal_id = %(proposal_id)s;

-- name: cards
-- What the cards of these proposals say: its current version, every version, who was asked to sign it and what they said, seats
-- that changed hands, what was left out of a batch, questions and answers, and its effects, who undoes them, and what
-- they wait behind: the oldest of those with their ordering key.
select p.proposal_id, p.proposer_id, n.name as proposer_name, p.tool, p.tool_version, p.thread_id, p.title,
  p.state, p.version, p.step, p.project_id, p.amount, p.currency::text as currency, p.created_at, p.state_since,
  p.expires_at, v.author_id, v.content_hash, v.action, v.evidence, v.explanation, v.policy_sha256, v.gate,
  v.why, (v.canonical::jsonb ->> 'confidence')::numeric as confidence,
  nullif(p.on_behalf_of, '') as on_behalf_of, b.name as on_behalf_of_name,
  coalesce(v.canonical::jsonb -> 'returned' -> 'differences', '[]') as differences,
  (select i.flaw from workflow.planted_item i where i.proposal_id = p.proposal_id and p.state <> 'pending')
    as planted_flaw, now() as now,
  (select coalesce(jsonb_agg(a order by a.step, a.fallback, a.stands_in_for is not null, a.name, a.person_id,
      a.stands_in_for_name), '[]')
    from workflow.seat a where a.proposal_id = p.proposal_id and a.version = p.version) as seats,
  (select coalesce(jsonb_agg(s order by s.decided_at, s.decision_id), '[]')
    from workflow.signature s where s.proposal_id = p.proposal_id and s.version = p.version) as signatures,
  case when p.version > 1 then (select jsonb_agg(s order by s.decided_at, s.decision_id)
    from workflow.signature s where s.proposal_id = p.proposal_id and s.version < p.version) end as earlier,
  (select coalesce(jsonb_agg(q order by q.asked_at, q.question_id), '[]')
    from workflow.question_and_answer q where q.proposal_id = p.proposal_id) as questions,
  (select coalesce(jsonb_agg(x order by x.version), '[]') from (
    select w.version, w.author_id, m.name as author_name, w.note, w.created_at, w.content_hash, w.action
    from workflow.proposal_version w left join firm.person m on m.person_id = w.author_id
    where w.proposal_id = p.proposal_id) x) as versions,
  (select coalesce(jsonb_agg(x order by x.version, x.item_id), '[]') from (
    select d.version, d.item_id, d.declined_by, m.name as declined_by_name, d.reason, d.declined_at
    from workflow.declined_item d left join firm.person m on m.person_id = d.declined_by
    where d.proposal_id = p.proposal_id) x) as declined_items,
  (select coalesce(jsonb_agg(x order by x.handed_at, x.from_id), '[]') from (
    select h.step, h.from_id, g.name as from_name, h.to_id, t.name as to_name, h.handed_by, m.name as handed_by_name,
      h.reason, h.handed_at
    from workflow.handover h
    left join firm.person g on g.person_id = h.from_id
    left join firm.person t on t.person_id = h.to_id
    left join firm.person m on m.person_id = h.handed_by
    where h.proposal_id = p.proposal_id and h.version = p.version) x) as handovers,
  (select coalesce(jsonb_agg(x order by x.effect_id), '[]') from (
    select e.effect_id, e.system, e.operation, e.item, e.state, e.attempts, e.external_ref, e.last_error,
      e.waits_since, e.settled_at, e.idempotency_key, e.body, u.proposal_id as undone_by, u.state as undo_state,
      case when e.state in ('ready', 'leased') then (
        select b.state from workflow.effect b
        where b.system = e.system and b.ordering_key = e.ordering_key and b.effect_id < e.effect_id
          and b.state in ('ready', 'leased', 'parked') order by b.effect_id limit 1) end as waits_behind
    from workflow.effect e left join lateral workflow.open_undo(e.effect_id) u on true
    where e.proposal_id = p.proposal_id) x) as effects
from workflow.proposal p
join workflow.proposal_version v using (proposal_id, version)
left join firm.person n on n.person_id = p.proposer_id
left join firm.person b on b.person_id = p.on_behalf_of
where p.proposal_id = any (%(proposals)s);

-- name: queue_health
-- How long proposals wait at each step, from when it was its turn, of what the caller may see.
select w.rule, w.step_name as step, count(*)::integer as waiting,
  (extract(epoch from now() - min(w.started_at)) / 3600)::float8 as oldest_hours,
  (extract(epoch from percentile_cont(0.5) within group (order by now() - w.started_at)) / 3600)::float8
    as median_hours
from workflow.waits(now()) w where w.ended_at is null
group by 1, 2 order by oldest_hours desc;
