-- name: people
-- People who can be billed (they have a bill rate above zero) and work here in the whole window.
select p.person_id, p.name, p.title, p.practice, p.office, p.capacity_hours_per_week as capacity,
  coalesce(s.skills, '[]'::jsonb) as skills
from firm.person p
left join lateral (
  select jsonb_agg(jsonb_build_object('skill', k.skill, 'level', k.level, 'last_used_on', k.last_used_on)
    order by k.level desc, k.skill) as skills
  from firm.skill k where k.person_id = p.person_id) s on true
where p.starts_on <= %(starts_on)s and (p.ends_on is null or p.ends_on >= %(ends_on)s)
  and p.capacity_hours_per_week > 0
  and exists (select from firm.assignment a where a.person_id = p.person_id
    union all select from firm.skill k where k.person_id = p.person_id)
  and (%(practice)s::text is null or p.practice = %(practice)s)
order by p.practice, p.person_id;

-- name: open_requests
-- Role requests of visible projects that start in the window and that no assignment of a like role fills.
select r.request_id, r.project_id, p.name as project, p.client_id, p.practice, p.currency, r.role, r.skills,
  r.starts_on, r.ends_on, r.hours_per_week, r.office
from firm.role_request r join firm.project p using (project_id)
where r.ends_on >= %(starts_on)s and r.starts_on <= %(ends_on)s
  and not exists (
    select from firm.assignment a
    where a.project_id = r.project_id and a.ends_on >= r.starts_on and a.starts_on <= r.ends_on
      and abs(a.starts_on - r.starts_on) <= 21 and similarity(lower(a.role), lower(r.role)) > 0.4)
order by r.starts_on, r.request_id;

-- name: rolling_off
-- The last booked day of each person, with the project it is on where the caller may see it.
select distinct on (a.person_id) a.person_id, a.ends_on, a.project_id, p.name as project, a.role
from firm.assignment a left join firm.project p using (project_id)
where a.person_id = any (%(people)s) and a.state = 'booked' and a.ends_on >= %(starts_on)s
order by a.person_id, a.ends_on desc;

-- name: monthly_hours
-- Hours of these people in each of the last whole months, as far as the caller may see them.
select p.person_id, m.month::date as month, coalesce(sum(t.minutes), 0) / 60.0 as hours
from generate_series(date_trunc('month', %(today)s::date) - make_interval(months => %(months)s),
                     date_trunc('month', %(today)s::date) - interval '1 month', interval '1 month') as m (month)
join firm.person p on p.person_id = any (%(people)s) and p.starts_on <= m.month::date
left join firm.time_entry t on t.person_id = p.person_id
  and t.started_at >= m.month and t.started_at < m.month + interval '1 month'
group by 1, 2 order by 1, 2;

-- name: all_monthly_hours
-- Hours of everyone in each of the last whole months, as the bench model is fitted on them. A person who works
-- here and logs nothing in a month has a row of zero hours.
select p.person_id, m.month::date as month, coalesce(sum(t.minutes), 0) / 60.0 as hours
from generate_series(date_trunc('month', %(today)s::date) - make_interval(months => %(months)s),
                     date_trunc('month', %(today)s::date) - interval '1 month', interval '1 month') as m (month)
join firm.person p on p.starts_on <= m.month::date
  and (p.ends_on is null or p.ends_on >= (m.month + interval '1 month')::date)
  and exists (select from firm.assignment a where a.person_id = p.person_id)
left join firm.time_entry t on t.person_id = p.person_id
  and t.started_at >= m.month and t.started_at < m.month + interval '1 month'
group by 1, 2 order by 1, 2;
