-- name: mine
-- The caller's saved filters, by name.
select name, narrowed, opens from workflow.saved_filter where person_id = app.me() order by lower(name), name;

-- name: count
-- How many filters other than this one the caller keeps.
select count(*) from workflow.saved_filter where person_id = app.me() and name <> %(name)s;

-- name: close
-- The inbox opens with none of the caller's filters.
update workflow.saved_filter set opens = false where person_id = app.me() and opens;

-- name: save
-- Keep a filter of the caller's under a name, in the place of what has that name.
insert into workflow.saved_filter (person_id, name, narrowed, opens)
values (app.me(), %(name)s, %(narrowed)s::jsonb, %(opens)s)
on conflict (person_id, name) do update set narrowed = excluded.narrowed, opens = excluded.opens, saved_at = now();

-- name: forget
-- Drop a filter of the caller's.
delete from workflow.saved_filter where person_id = app.me() and name = %(name)s returning name;
