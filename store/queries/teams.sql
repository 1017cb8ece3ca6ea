-- name: projects
-- Projects for which the caller may want a change request, those that they run first.
select p.project_id, p.name from firm.project p
left join firm.assignment a on a.project_id = p.project_id and a.person_id = app.me()
where p.status = 'active'
group by p.project_id, p.name, p.manager_id, p.starts_on
order by (p.manager_id = app.me()) desc nulls last, bool_or(a.person_id is not null) desc, p.starts_on desc, p.name
limit %(limit)s;
