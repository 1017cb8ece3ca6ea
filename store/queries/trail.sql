-- name: page
-- Audit entries before a sequence number, newest first: of one action or of all that begin with it, about one thing, by
-- some people, in a time, where these are named.
select e.seq, e.at, e.actor, e.surface, e.action, e.subject, e.body - 'personal' as body,
  encode(e.hash, 'hex') as hash,
  (select coalesce(jsonb_object_agg(h.field, p.value), '{}') from jsonb_object_keys(e.body -> 'personal') h (field)
   left join audit.personal p on p.seq = e.seq and p.field = h.field) as personal
from audit.event e
where e.seq < %(before)s
  and (%(action)s::text is null or e.action = %(action)s or starts_with(e.action, %(action)s || '.'))
  and (%(subject)s::text is null or e.subject = %(subject)s)
  and (%(actors)s::text[] is null or e.actor = any (%(actors)s))
  and (%(since)s::timestamptz is null or e.at >= %(since)s)
  and (%(until)s::timestamptz is null or e.at < %(until)s)
order by e.seq desc limit %(limit)s;

-- name: named
-- People of whose name this is a part, or whose id it is.
select person_id from firm.person where person_id = %(said)s or strpos(lower(name), lower(%(said)s)) > 0 limit 200;

-- name: entries
-- Entries about one thing, oldest first, with what was hashed of each.
select e.seq, e.at, e.actor, e.surface, e.action, e.subject, e.body - 'personal' as body,
  encode(e.prev, 'hex') as prev, encode(e.hash, 'hex') as hash,
  jsonb_build_array(e.seq, extract(epoch from e.at), e.actor, e.surface, e.action, e.subject, e.body)::text as text,
  (select coalesce(jsonb_object_agg(h.field, p.value), '{}') from jsonb_object_keys(e.body -> 'personal') h (field)
   left join audit.personal p on p.seq = e.seq and p.field = h.field) as personal
from audit.event e
where (%(seq)s::bigint is null or e.seq = %(seq)s) and (%(subject)s::text is null or e.subject = %(subject)s)
order by e.seq limit %(limit)s;

-- name: policies
-- Every version of the policy, the newest first, and whether it is in force.
select v.sha256, v.name, v.body, v.loaded_by, v.loaded_at, a.since as in_force_since
from workflow.policy_version v left join workflow.active_policy a using (sha256)
order by v.loaded_at desc limit %(limit)s;

-- name: holders
-- Who holds some roles today, and over what.
select r.role, h.name, h.scope_kind, coalesce(h.scope_id, '') as scope
from unnest(%(roles)s::text[]) r (role)
cross join (select practice, null as office from firm.person group by practice
  union all select null, office from firm.office) place
cross join lateral workflow.holders(r.role, place.practice, place.office) h
group by 1, 2, 3, 4 order by 1, 2, 3, 4;
