-- name: session
-- A session that is neither over nor idle too long, by its secret or, for a moment, by the one before.
select person_id, csrf, rights, token_sha256 = %(sha256)s as current,
  seen_at < now() - interval '1 minute' as stale,
  renewed_at < now() - make_interval(secs => %(renewal_seconds)s) as due
from access.session
where (token_sha256 = %(sha256)s or (previous_sha256 = %(sha256)s and previous_until > now()))
  and expires_at > now() and seen_at > now() - make_interval(secs => %(idle_seconds)s);

-- name: touch_session
-- The session was used.
update access.session set seen_at = now() where token_sha256 = %(sha256)s or previous_sha256 = %(sha256)s;

-- name: renew_session
-- A new secret: of two requests at once, one finds the old one still in place.
update access.session set token_sha256 = %(new_sha256)s, previous_sha256 = token_sha256,
  previous_until = now() + make_interval(secs => %(grace_seconds)s), renewed_at = now(), rights = %(rights)s
where token_sha256 = %(sha256)s;

-- name: add_session
-- A new session.
insert into access.session (token_sha256, person_id, csrf, expires_at, rights, browser, issuer)
values (%(sha256)s, %(person_id)s, %(csrf)s, now() + make_interval(secs => %(seconds)s), %(rights)s, %(browser)s,
  %(issuer)s);

-- name: drop_session
-- Sign out; who had vouched.
delete from access.session where token_sha256 = %(sha256)s or previous_sha256 = %(sha256)s returning issuer;

-- name: sessions
-- A person's sessions, the one used last first.
select session_id, browser, issuer, created_at, seen_at, expires_at,
  token_sha256 = %(sha256)s or coalesce(previous_sha256 = %(sha256)s, false) as here
from access.session
where person_id = %(person_id)s and expires_at > now()
  and seen_at > now() - make_interval(secs => %(idle_seconds)s)
order by seen_at desc, session_id;

-- name: end_session
-- End one of a person's sessions.
delete from access.session where session_id = %(session_id)s and person_id = %(person_id)s;

-- name: end_sessions
-- End all of a person's sessions.
delete from access.session where person_id = %(person_id)s;

-- name: sweep_sessions
-- Remove what is long over: sessions, and links that can no longer be used.
with links as (delete from access.sign_in_link where expires_at < now() - interval '30 days')
delete from access.session
where expires_at < now() or seen_at < now() - make_interval(secs => %(idle_seconds)s);

-- name: person
-- The person of an account, who works here, with all that a principal is made of.
select p.person_id, p.name, p.email, o.timezone,
  coalesce((select jsonb_agg(jsonb_build_object('role', g.role, 'scope_kind', g.scope_kind,
      'scope_id', nullif(g.scope_id, ''))) from access.role_grant g where g.person_id = p.person_id), '[]') as grants
from firm.person p join firm.office o using (office)
where p.person_id = access.canonical(%(person_id)s) and (p.ends_on is null or p.ends_on >= current_date);

-- name: person_said
-- A person by the id, the e-mail address or the full name of any account of theirs, whatever the case; none where
-- several people have the name.
select min(access.canonical(person_id)) from firm.person
where (ends_on is null or ends_on >= current_date)
  and (person_id = %(said)s or lower(email) = lower(%(said)s) or lower(name) = lower(%(said)s))
having count(distinct access.canonical(person_id)) = 1;

-- name: add_link
-- A link that signs a person in once.
insert into access.sign_in_link (token_sha256, person_id, expires_at)
values (%(sha256)s, %(person_id)s, now() + make_interval(secs => %(seconds)s))
returning expires_at;

-- name: link
-- Whom a link would sign in that can still be used; looking does not use it.
select person_id from access.sign_in_link
where token_sha256 = %(sha256)s and used_at is null and expires_at > now();

-- name: use_link
-- Use a link up: of two at once, one touches the row.
update access.sign_in_link set used_at = now()
where token_sha256 = %(sha256)s and used_at is null and expires_at > now();

-- name: token
-- A token that is neither over nor revoked.
select person_id, scopes, coalesce(last_used_at < now() - interval '1 minute', true) as stale from access.api_token
where token_sha256 = %(sha256)s and expires_at > now() and revoked_at is null;

-- name: touch_token
-- The token was used.
update access.api_token set last_used_at = now() where token_sha256 = %(sha256)s;

-- name: add_token
-- A new bearer token.
insert into access.api_token (token_sha256, name, person_id, scopes, created_by, expires_at)
values (%(sha256)s, %(name)s, %(person_id)s, %(scopes)s, app.me(), now() + make_interval(days => %(days)s))
returning token_id, name, person_id, scopes, created_by, created_at, expires_at, revoked_at, last_used_at;

-- name: tokens
-- A person's tokens, or everyone's, the newest first.
select token_id, name, person_id, scopes, created_by, created_at, expires_at, revoked_at, last_used_at
from access.api_token where %(person_id)s::text is null or person_id = %(person_id)s
order by created_at desc, token_id;

-- name: revoke_token
-- Revoke a token of a person, or of anyone; none where there is no such token.
update access.api_token set revoked_at = coalesce(revoked_at, now())
where token_id = %(token_id)s and (%(person_id)s::text is null or person_id = %(person_id)s)
returning token_id, name, person_id, scopes, created_by, created_at, expires_at, revoked_at, last_used_at;

-- name: add_pass
-- A pass for a caller of the copilot; those that are over go. Nobody waits for the disk: a pass that a crash of
-- the server loses is made anew.
with over as (delete from access.pass where expires_at < now()),
  quick as (select set_config('synchronous_commit', 'off', true))
insert into access.pass (token_sha256, person_id, surface, scopes, expires_at)
select %(sha256)s, %(person_id)s, %(surface)s, %(scopes)s::text[], now() + make_interval(secs => %(seconds)s)
from quick;

-- name: end_pass
-- A turn is over, and so is its pass.
with quick as (select set_config('synchronous_commit', 'off', true))
delete from access.pass using quick where token_sha256 = %(sha256)s;

-- name: admitted
-- Whom the pass of this transaction admits.
select person_id, name, email, timezone, grants, surface, scopes from access.admitted();

-- name: signed_in_as
-- The database role that this process signed in as.
select session_user;
