-- name: known
-- What is stored of people, and whether their account is active; with the person whose account it is.
select p.person_id, p.name, p.email, p.title, p.practice, p.office, p.manager_id,
  d.person_id is null as active, access.canonical(p.person_id) as person
from firm.person p left join access.deactivated d using (person_id);

-- name: free_address
-- E-mail addresses are unique at every moment: those about to change hands are given up first.
update firm.person set email = person_id || '@moves.invalid' where person_id = %(person_id)s;

-- name: add
-- Somebody new, who begins today and works full time until the firm's records say otherwise.
insert into firm.person (person_id, name, email, title, practice, office, manager_id, capacity_hours_per_week,
  starts_on)
values (%(person_id)s, %(name)s, %(email)s, %(title)s, %(practice)s, %(office)s, %(manager_id)s, 40, current_date);

-- name: update
-- What the directory says about somebody.
update firm.person set name = %(name)s, email = %(email)s, title = %(title)s, practice = %(practice)s,
  office = %(office)s, manager_id = %(manager_id)s
where person_id = %(person_id)s;

-- name: add_office
-- An office that somebody works in for the first time.
insert into firm.office (office, timezone) values (%(office)s, %(timezone)s) on conflict do nothing;

-- name: deactivate
-- The account ends, with all that lets somebody in by it.
insert into access.deactivated (person_id) values (%(person_id)s) on conflict do nothing;

-- name: activate
-- The account begins again.
delete from access.deactivated where person_id = %(person_id)s;

-- name: drop_roles
-- Roles on record that are not among these.
delete from access.role_grant g
where g.person_id = %(person_id)s and g.source = 'records'
  and (g.role, g.scope_kind, g.scope_id) not in (
    select * from unnest(%(roles)s::text[], %(kinds)s::text[], %(ids)s::text[]));

-- name: add_roles
-- Roles that are on record from now on, also where a group gave them until now.
insert into access.role_grant as g (person_id, role, scope_kind, scope_id, source)
select %(person_id)s, role, kind, id, 'records'
from unnest(%(roles)s::text[], %(kinds)s::text[], %(ids)s::text[]) wanted (role, kind, id)
on conflict (person_id, role, scope_kind, scope_id) do update set source = 'records' where g.source <> 'records';

-- name: administrators
-- How many who work here may manage access.
select count(distinct g.person_id) from access.role_grant g join firm.person p using (person_id)
where g.role = 'admin' and (p.ends_on is null or p.ends_on >= current_date);
