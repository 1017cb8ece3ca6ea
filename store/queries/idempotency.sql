-- name: claim
-- Claim an idempotency key for the request that is about to work. No row: somebody claimed it before. A claim
-- whose request died is taken over when it is older than any request may take.
insert into workflow.idempotent_reply as r (person_id, key, request_sha256, status, reply)
values (app.me(), %(key)s, %(request_sha256)s, null, null)
on conflict (person_id, key) do update set created_at = now(), request_sha256 = excluded.request_sha256
  where r.status is null and r.created_at < now() - make_interval(secs => %(dead_after_seconds)s)
returning key;

-- name: claimed
-- What became of a key that was claimed before.
select request_sha256, status, reply from workflow.idempotent_reply
where person_id = app.me() and key = %(key)s;

-- name: keep
-- The answer that every repeat gets.
update workflow.idempotent_reply set status = %(status)s, reply = %(reply)s
where person_id = app.me() and key = %(key)s and status is null;

-- name: release
-- The request failed on our side: a repeat may try again.
delete from workflow.idempotent_reply where person_id = app.me() and key = %(key)s and status is null;

-- name: sweep
-- Forget what the caller will not repeat any more.
delete from workflow.idempotent_reply
where person_id = app.me() and created_at < now() - make_interval(days => %(days)s);
