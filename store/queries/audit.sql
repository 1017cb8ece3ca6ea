-- name: append
-- Append one entry to the hash chain as the transaction's principal; takes the head's lock.
select audit.append(%(action)s, %(subject)s, %(body)s);

-- name: verify
-- The first fault of the chain, or no row.
select seq, fault from audit.verify();

-- name: head
-- The newest sequence number and its hash.
select seq, encode(hash, 'hex') as hash from audit.event order by seq desc limit 1;

-- name: of_subject
-- The entries about one thing, oldest first.
select seq, at, actor, surface, action, subject, body
from audit.event where subject = %(subject)s order by seq;

-- name: hash_of
-- The hash of one entry, or no row.
select encode(hash, 'hex') from audit.event where seq = %(seq)s;
