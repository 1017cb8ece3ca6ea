-- name: projects
-- Projects that go on: what most gates are about.
select project_id from firm.project where ends_on is null or ends_on >= current_date order by project_id;

-- name: people
-- Who works here, by practice and office.
select person_id from firm.person where ends_on is null or ends_on >= current_date
order by practice, office, person_id;

-- name: currencies
-- The currencies that the firm's records are in.
select array(select currency::text from firm.contract union select currency::text from firm.project
  union select currency::text from firm.invoice union select currency::text from firm.person_rate order by 1);

-- name: names
-- What the firm's practices, offices, clients, contracts' kinds and people are called.
select array(select distinct practice from firm.person) as practice,
  array(select office from firm.office) as office,
  array(select client_id from firm.client) as client,
  array(select person_id from firm.person) as person;
