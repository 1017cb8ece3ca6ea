-- name: candidates
-- People who could take the role: some of the skills, or a title like it, and employed all the time. What is
-- known of their skills, rates and past work comes along; rates only for those who may see them, costs as
-- exactly as they may.
select p.person_id, p.name, p.title, p.practice, p.office, p.capacity_hours_per_week,
  greatest(similarity(lower(p.title), lower(%(role)s)), word_similarity(lower(%(role)s), lower(p.title))) as role_likeness,
  coalesce(s.skills, '[]'::jsonb) as skills,
  r.cost_rate, r.bill_rate, r.currency, r.exact,
  coalesce(w.weeks_with_client, 0) as weeks_with_client, coalesce(w.weeks_in_role, 0) as weeks_in_role
from firm.person p
left join app.work_rates(array(select person_id from firm.person)) r using (person_id)
left join lateral (
  select jsonb_agg(jsonb_build_object('skill', k.skill, 'level', k.level, 'last_used_on', k.last_used_on)) as skills,
    count(*) as matched, sum(k.level) as levels
  from firm.skill k
  where k.person_id = p.person_id and lower(k.skill) = any (%(skills)s)) s on true
left join lateral (
  select sum((a.ends_on - a.starts_on) / 7) filter (where j.client_id = %(client_id)s)::integer as weeks_with_client,
    sum((a.ends_on - a.starts_on) / 7) filter (where similarity(lower(a.role), lower(%(role)s)) > 0.5)::integer as weeks_in_role
  from firm.assignment a join firm.project j using (project_id)
  where a.person_id = p.person_id and a.ends_on < %(starts_on)s) w on true
where p.starts_on <= %(starts_on)s and (p.ends_on is null or p.ends_on >= %(ends_on)s)
  and p.capacity_hours_per_week > 0
  and (%(office)s::text is null or lower(p.office) = lower(%(office)s))
  and (%(person_id)s::text is null or p.person_id = %(person_id)s)
  and (%(person_id)s::text is not null or s.matched > 0
    or (cardinality(%(skills)s::text[]) = 0 and similarity(lower(p.title), lower(%(role)s)) > 0.3))
order by coalesce(s.matched, 0) desc, coalesce(s.levels, 0) desc, role_likeness desc, p.person_id
limit %(limit)s;

-- name: skill_names
-- The firm's own name for each skill that was said: the most alike one, or no row.
select said, skill, likeness from unnest(%(said)s::text[]) said
cross join lateral (
  select skill, greatest(similarity(lower(skill), lower(said)), 0.9 * word_similarity(lower(said), lower(skill))) as likeness
  from (select distinct skill from firm.skill) k
  order by lower(skill) = lower(said) desc, likeness desc, skill limit 1) best
where likeness >= 0.5;

-- name: booked_hours
-- Hours booked, held and on leave by person and week, without saying on what.
select person_id, week, booked_hours, held_hours, leave_days
from app.booked_hours(%(people)s, %(starts_on)s, %(ends_on)s) order by person_id, week;

-- name: request
-- An open role request of a project that is like the role asked for.
select request_id, role, skills, starts_on, ends_on, hours_per_week, max_cost_rate
from firm.role_request
where project_id = %(project_id)s and starts_on <= %(ends_on)s and ends_on >= %(starts_on)s
  and similarity(lower(role), lower(%(role)s)) > 0.4
order by similarity(lower(role), lower(%(role)s)) desc, requested_on desc limit 1;
