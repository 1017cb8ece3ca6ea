-- name: contract
-- A project's contract with its text, as far as the caller may see it.
select c.contract_id, c.title, c.kind, c.starts_on, c.ends_on, c.value, c.currency, d.text
from firm.project p join firm.contract c using (contract_id) join firm.contract_document d using (contract_id)
where p.project_id = %(project_id)s;

-- name: clauses
-- A contract's clauses, in their order.
select number, heading, start_at as start, end_at as "end", text from firm.clause
where contract_id = %(contract_id)s order by position;

-- name: billed
-- What was invoiced under a contract so far, in its currency, over the projects that the caller may see.
select coalesce(sum(i.amount), 0) from firm.invoice i join firm.project p using (project_id)
join firm.contract c using (contract_id)
where p.contract_id = %(contract_id)s and i.currency = c.currency;

-- name: usual_roles
-- The roles of a project, by the hours booked on it, most first.
select a.role, sum(a.hours_per_week * ((a.ends_on - a.starts_on) / 7.0)) as hours
from firm.assignment a where a.project_id = %(project_id)s and a.state = 'booked'
group by a.role order by hours desc, a.role;

-- name: cost_rates
-- What an hour of people with a title costs on average, by title and currency; nothing for those who may not
-- see rates. The caller says which day counts for who works here.
select p.title, r.currency, avg(r.cost_rate) as cost_rate, count(*) as people
from firm.person p join app.work_rates(array(select person_id from firm.person)) r using (person_id)
where lower(p.title) = any (%(titles)s) and p.starts_on <= %(day)s and (p.ends_on is null or p.ends_on >= %(day)s)
group by p.title, r.currency order by p.title, r.currency;
