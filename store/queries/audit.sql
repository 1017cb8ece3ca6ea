-- name: append
-- Append entries [{action, subject, body, personal?}] to the hash chain as the transaction's principal; takes
-- the head's lock.
select audit.append_all(%(entries)s);

-- name: tip
-- What the head says and how the rows end, in one snapshot.
select seq, encode(hash, 'hex') as hash, last_seq, encode(last_hash, 'hex') as last_hash from audit.tip();

-- name: check_rows
-- Check some rows after one, up to another: how far it came and the first fault.
select checked, last_seq, encode(last_hash, 'hex') as last_hash, seq, fault
from audit.check_rows(%(after)s, decode(%(after_hash)s, 'hex'), %(upto)s, %(batch)s);

-- name: hashes
-- The hashes of some entries.
select seq, encode(hash, 'hex') as hash from audit.event where seq = any (%(seqs)s);

-- name: log_id
-- Which log this is.
select log_id from audit.log;

-- name: anchored
-- What the log says of the anchors that were written, newest first.
select seq as entry, at, body ->> 'name' as name, (body ->> 'seq')::bigint as seq, body ->> 'hash' as hash
from audit.event where action = 'audit.anchored' order by audit.event.seq desc limit %(limit)s;

-- name: one_anchors
-- Hold off whoever else would write an anchor, until the transaction ends.
select pg_advisory_xact_lock(%(key)s);

-- name: of_subject
-- The entries about one thing, oldest first; a personal field that was redacted is null.
select e.seq, e.at, e.actor, e.surface, e.action, e.subject, e.body - 'personal' as body,
  (select coalesce(jsonb_object_agg(h.field, p.value), '{}') from jsonb_object_keys(e.body -> 'personal') h (field)
   left join audit.personal p on p.seq = e.seq and p.field = h.field) as personal
from audit.event e where e.subject = %(subject)s order by e.seq;

-- name: export
-- Some entries after one, up to another, as they were hashed; personal values only where they are asked for.
select e.seq, encode(e.prev, 'hex') as prev, encode(e.hash, 'hex') as hash,
  audit.canonical(e.seq, e.at, e.actor, e.surface, e.action, e.subject, e.body) as text,
  case when %(personal)s and e.body ? 'personal' then (
    select jsonb_object_agg(p.field, jsonb_build_object('salt', encode(p.salt, 'hex'), 'value', p.value))
    from audit.personal p where p.seq = e.seq and p.value is not null) end as personal
from audit.event e where e.seq > %(after)s and e.seq <= %(upto)s order by e.seq limit %(batch)s;

-- name: redact
-- Forget the personal fields of entries about one thing, or of one entry; how many there were.
select audit.redact(%(about)s, %(entry)s, %(reason)s);

-- name: retain
-- Forget the personal fields of entries older than so many days; how many there were.
select audit.retain(%(days)s);

-- name: about_person
-- What the log holds of a person: what they did, what was done about them, and free text that is left.
select e.action, e.actor = %(person_id)s as by_them, count(*) as entries, min(e.at) as first, max(e.at) as last,
  sum((select count(*) from audit.personal p where p.seq = e.seq and p.value is not null))::bigint as personal
from audit.event e where e.actor = %(person_id)s or e.subject = 'person:' || %(person_id)s
group by 1, 2 order by 2 desc, 1;
