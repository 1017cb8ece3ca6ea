-- name: enter
-- Enter the digests that are due now, in each person's own zone: once a person and day. Weekends are for who asked.
with due as (
  select p.person_id, (%(now)s::timestamptz at time zone o.timezone)::date as day
  from workflow.subscription w
  join workflow.surface s on s.surface = w.surface and s.enabled
  join firm.person p on p.person_id = w.person_id
  join firm.office o on o.office = p.office
  where w.surface = 'mail' and w.digest <> '{}'
    and (%(now)s::timestamptz at time zone o.timezone)::time >= %(morning)s
    and (w.weekends or extract(isodow from %(now)s::timestamptz at time zone o.timezone) < 6)
    and (p.ends_on is null or p.ends_on >= (%(now)s::timestamptz at time zone o.timezone)::date)),
entered as (
  insert into workflow.digest (person_id, day, entered_at) select person_id, day, %(now)s from due
  on conflict do nothing returning person_id, day)
insert into workflow.notice (person_id, kind, text, created_at)
select person_id, 'digest', 'The digest of ' || day, %(now)s from entered;

-- name: kinds
-- What the caller hears once a day.
select digest from workflow.subscription where surface = 'mail' and person_id = app.me();

-- name: news
-- What the caller was told since the digest before the one entered at a moment, newest first, with how many there
-- are; nothing about what they may not see any more.
select n.kind, n.text, n.proposal_id, n.created_at, count(*) over () as total
from workflow.notice n
where n.person_id = app.me() and n.kind = any (%(kinds)s) and n.created_at <= %(at)s
  and n.created_at > coalesce(
    (select max(d.entered_at) from workflow.digest d where d.person_id = app.me() and d.entered_at < %(at)s),
    %(at)s::timestamptz - interval '1 day')
  and (n.proposal_id is null or exists (
    select from workflow.proposal p where p.proposal_id = n.proposal_id))
order by n.notice_id desc limit %(limit)s;

-- name: forget
-- Whose digest was entered long ago is of no use.
delete from workflow.digest where day < current_date - %(days)s::integer;
