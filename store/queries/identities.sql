-- name: person
-- Whom an account at the provider was linked to, who works here, with all that a principal is made of.
select p.person_id, p.name, p.email, o.timezone,
  coalesce((select jsonb_agg(jsonb_build_object('role', g.role, 'scope_kind', g.scope_kind,
      'scope_id', nullif(g.scope_id, ''))) from access.role_grant g where g.person_id = p.person_id), '[]') as grants
from access.identity i join firm.person a on a.person_id = i.person_id
join firm.person p on p.person_id = access.canonical(a.person_id) join firm.office o on o.office = p.office
where i.issuer = %(issuer)s and i.subject = %(subject)s
  and (a.ends_on is null or a.ends_on >= current_date) and (p.ends_on is null or p.ends_on >= current_date);

-- name: linked
-- Whether an account at the provider was ever linked to somebody.
select exists (select from access.identity where issuer = %(issuer)s and subject = %(subject)s);

-- name: account_of_address
-- The account of somebody who works here with this e-mail address.
select person_id from firm.person
where lower(email) = lower(%(email)s) and (ends_on is null or ends_on >= current_date);

-- name: link
-- Link an account at the provider to a person's, which must not be linked to another one there.
insert into access.identity (issuer, subject, person_id) values (%(issuer)s, %(subject)s, %(person_id)s)
on conflict do nothing;

-- name: unlink
-- Forget which accounts at the provider are a person's.
delete from access.identity where access.canonical(person_id) = access.canonical(%(person_id)s);

-- name: begin_attempt
-- A sign-in that was begun; those that are over go.
with over as (delete from access.sign_in_attempt where expires_at < now())
insert into access.sign_in_attempt (state_sha256, expires_at)
values (%(sha256)s, now() + make_interval(secs => %(seconds)s));

-- name: use_attempt
-- Use an attempt up: of two at once, one deletes the row.
delete from access.sign_in_attempt where state_sha256 = %(sha256)s and expires_at > now();

-- name: drop_group_roles
-- Roles that the person's groups no longer give.
delete from access.role_grant g
where g.person_id = %(person_id)s and g.source = 'groups'
  and (g.role, g.scope_kind, g.scope_id) not in (
    select * from unnest(%(roles)s::text[], %(kinds)s::text[], %(ids)s::text[]))
returning g.role, g.scope_kind, nullif(g.scope_id, '') as scope_id;

-- name: add_group_roles
-- Roles that the person's groups give and that they do not hold yet, from wherever.
insert into access.role_grant (person_id, role, scope_kind, scope_id, source)
select %(person_id)s, role, kind, id, 'groups'
from unnest(%(roles)s::text[], %(kinds)s::text[], %(ids)s::text[]) wanted (role, kind, id)
on conflict do nothing
returning role, scope_kind, nullif(scope_id, '') as scope_id;
