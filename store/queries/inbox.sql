-- name: mine
-- A page of what waits for the caller's signature, by a key that grows; `after` is the last line of the page before.
with seats as materialized (
  select distinct on (s.proposal_id) s.proposal_id, s.seat from workflow.asked s
  where s.person_id = app.me() and s.waits and (s.seat = s.person_id or s.seat = any (array(
    select d.seat from (select distinct seat from workflow.asked where person_id = app.me() and waits) d
    where d.seat <> app.me() and workflow.stands_in(app.me(), d.seat))))
  order by s.proposal_id, s.seat <> s.person_id),
found as materialized (
  select p.proposal_id, s.seat, case %(order)s
      when 'rank' then extract(epoch from p.ranked_at)
      when 'deadline' then extract(epoch from p.expires_at)
      when 'newest' then -extract(epoch from p.created_at)
      else -coalesce(p.stake, 0) end as key
  from seats s join workflow.proposal p on p.proposal_id = s.proposal_id
  where (%(states)s::text[] is null or p.state = any (%(states)s))
    and (%(kinds)s::text[] is null or p.action_kind = any (%(kinds)s))
    and (%(project_id)s::text is null or p.project_id = %(project_id)s)
    and (%(practice)s::text is null or p.practice = %(practice)s)
    and (%(min_amount)s::numeric is null or p.stake >= %(min_amount)s)
    and (%(due_within_hours)s::integer is null
      or p.state = 'pending' and p.expires_at <= now() + make_interval(hours => %(due_within_hours)s::integer))
    and (%(proposer_id)s::text is null or p.proposer_id = %(proposer_id)s)
    and (%(rule)s::text is null or exists (select from workflow.proposal_version r
      where r.proposal_id = p.proposal_id and r.version = p.version and r.rule = %(rule)s))
    and (%(text)s::text is null or p.title ilike %(text)s)),
page as materialized (
  select proposal_id, seat, key from found
  where %(after_key)s::numeric is null or (key, proposal_id) > (%(after_key)s, %(after_id)s::uuid)
  order by key, proposal_id limit %(limit)s)
select page.key, p.proposal_id, p.title, p.action_kind, p.state, p.version, p.amount,
  p.currency::text as currency, p.project_id, p.practice, p.proposer_id, n.name as proposer_name, p.created_at,
  p.state_since, p.expires_at, p.risk, p.ranked_at, p.step, jsonb_array_length(v.gate -> 'gate' -> 'steps') as steps_total,
  a.why as why_you, v.rule, coalesce(p.project_id, p.client_id) as place
from page
join workflow.proposal p on p.proposal_id = page.proposal_id
join workflow.proposal_version v on v.proposal_id = p.proposal_id and v.version = p.version
join workflow.approver a on a.proposal_id = p.proposal_id and a.version = p.version and a.step = p.step
  and a.person_id = app.me() and a.seat = page.seat
left join firm.person n on n.person_id = p.proposer_id
order by page.key, page.proposal_id;

-- name: newest
-- A page of the proposals that the caller may see, or made, newest first; `after` is the last line of the page before.
with page as materialized (
  select p.proposal_id, p.created_at as key
  from workflow.proposal p
  where (not %(own)s or p.proposer_id = app.me())
    and (%(states)s::text[] is null or p.state = any (%(states)s))
    and (%(kinds)s::text[] is null or p.action_kind = any (%(kinds)s))
    and (%(project_id)s::text is null or p.project_id = %(project_id)s)
    and (%(practice)s::text is null or p.practice = %(practice)s)
    and (%(min_amount)s::numeric is null or p.stake >= %(min_amount)s)
    and (%(due_within_hours)s::integer is null
      or p.state = 'pending' and p.expires_at <= now() + make_interval(hours => %(due_within_hours)s::integer))
    and (%(proposer_id)s::text is null or p.proposer_id = %(proposer_id)s)
    and (%(rule)s::text is null or exists (select from workflow.proposal_version r
      where r.proposal_id = p.proposal_id and r.version = p.version and r.rule = %(rule)s))
    and (%(text)s::text is null or p.title ilike %(text)s)
    and (%(after_key)s::timestamptz is null or (p.created_at, p.proposal_id) < (%(after_key)s, %(after_id)s::uuid))
  order by p.created_at desc, p.proposal_id desc limit %(limit)s)
select page.key, p.proposal_id, p.title, p.action_kind, p.state, p.version, p.amount,
  p.currency::text as currency, p.project_id, p.practice, p.proposer_id, n.name as proposer_name, p.created_at,
  p.state_since, p.expires_at, p.risk, p.ranked_at, p.step, jsonb_array_length(v.gate -> 'gate' -> 'steps') as steps_total,
  a.why as why_you, v.rule, coalesce(p.project_id, p.client_id) as place
from page
join workflow.proposal p on p.proposal_id = page.proposal_id
join workflow.proposal_version v on v.proposal_id = p.proposal_id and v.version = p.version
left join lateral (
  select s.why from workflow.open_seat s where s.proposal_id = p.proposal_id and s.person_id = app.me()
  order by s.stands_in_for is not null limit 1) a on true
left join firm.person n on n.person_id = p.proposer_id
order by page.key desc, page.proposal_id desc;

-- name: alike
-- What waits for the caller and is like one proposal: the same kind of action, project or client, rule and proposer.
-- That proposal comes first, then the most pressing. Rules are looked up in that order, and only until there are enough.
with one as materialized (
  select p.proposal_id, p.action_kind, p.proposer_id, coalesce(p.project_id, p.client_id, '') as place, v.rule
  from workflow.proposal p join workflow.proposal_version v using (proposal_id, version)
  where p.proposal_id = %(proposal_id)s),
seats as materialized (
  select distinct s.proposal_id from workflow.asked s
  where s.person_id = app.me() and s.waits and (s.seat = s.person_id or s.seat = any (array(
    select d.seat from (select distinct seat from workflow.asked where person_id = app.me() and waits) d
    where d.seat <> app.me() and workflow.stands_in(app.me(), d.seat))))),
near as materialized (
  select p.proposal_id, p.version, p.proposal_id <> one.proposal_id as other, p.ranked_at
  from one join workflow.proposal p on p.action_kind = one.action_kind and p.proposer_id = one.proposer_id
    and coalesce(p.project_id, p.client_id, '') = one.place
  join seats s on s.proposal_id = p.proposal_id
  order by 3, 4, 1)
select near.proposal_id
from near cross join one cross join lateral (
  select from workflow.proposal_version v
  where v.proposal_id = near.proposal_id and v.version = near.version and v.rule = one.rule offset 0) v
order by near.other, near.ranked_at, near.proposal_id  -- as they come, from PostgreSQL 17 on: nothing is sorted again
limit %(limit)s;

-- name: waiting
-- How many proposals wait for the caller's signature.
select count(distinct s.proposal_id) from workflow.asked s
where s.person_id = app.me() and s.waits and (s.seat = s.person_id or s.seat = any (array(
  select d.seat from (select distinct seat from workflow.asked where person_id = app.me() and waits) d
  where d.seat <> app.me() and workflow.stands_in(app.me(), d.seat))));

-- name: proposers
-- Who proposed what waits for the caller, those of most first, as far as so many of it tell: to narrow the list to one.
select p.proposer_id as person_id, n.name
from (select proposal_id from workflow.asked where person_id = app.me() and waits limit 1000) s
join workflow.proposal p using (proposal_id)
left join firm.person n on n.person_id = p.proposer_id
group by 1, 2 order by count(*) desc, 2 limit %(limit)s;
