-- name: projects
-- Visible projects whose id or name is like what was said; 'Lighthouse (Meyer AG, PRJ-7)' names its id. That both
-- are called a project makes no two names alike.
select project_id as id, name, client_id, client_name, contract_id, practice, office, manager_id, status,
  starts_on, ends_on, currency, likeness
from (
  select p.*, c.name as client_name,
    case
      when p.project_id = %(said)s or %(said)s like '%%' || p.project_id || ')' then 2
      when lower(p.name) = lower(%(said)s) then 1
      else least(0.99, greatest(word_similarity(bare.name, bare.said), word_similarity(bare.said, bare.name),
        0.7 * word_similarity(bare.said, coalesce(c.name, ''))))
    end as likeness
  from firm.project p left join firm.client c using (client_id)
  cross join lateral (select regexp_replace(p.name, '^project ', '', 'i') as name,
    regexp_replace(%(said)s::text, '^project ', '', 'i') as said) bare) ranked
where likeness >= 0.3
order by likeness desc, status = 'active' desc, starts_on desc limit %(limit)s;

-- name: people
-- People whose id, e-mail or name is like what was said, accents aside.
select person_id as id, name, title, practice, office, likeness
from (
  select p.*,
    case
      when p.person_id = %(said)s or %(said)s like '%%' || p.person_id || ')' then 2
      when lower(p.email) = lower(%(said)s) or lower(p.name) = lower(%(said)s) then 1
      else least(0.99, greatest(
        word_similarity(unaccent(p.name), unaccent(%(said)s)),
        word_similarity(unaccent(%(said)s), unaccent(p.name))))
    end as likeness
  from firm.person p) ranked
where likeness >= 0.4
order by likeness desc, name limit %(limit)s;

-- name: clients
-- Visible clients whose id or name is like what was said.
select client_id as id, name, account_owner_id, likeness
from (
  select c.*,
    case
      when c.client_id = %(said)s or %(said)s like '%%' || c.client_id || ')' then 2
      when lower(c.name) = lower(%(said)s) then 1
      else least(0.99, greatest(word_similarity(c.name, %(said)s), word_similarity(%(said)s, c.name)))
    end as likeness
  from firm.client c) ranked
where likeness >= 0.35
order by likeness desc, name limit %(limit)s;

-- name: practices
-- Practices whose name is like what was said.
select practice as id, practice as name, likeness
from (
  select practice,
    case when lower(practice) = lower(%(said)s) then 2
      else least(0.99, greatest(word_similarity(practice, %(said)s), word_similarity(%(said)s, practice)))
    end as likeness
  from firm.person group by practice) ranked
where likeness >= 0.3
order by likeness desc, practice limit %(limit)s;
