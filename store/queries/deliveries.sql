-- name: enable
-- Switch a surface on or off: from now on what people hear is entered for it too.
update workflow.surface set enabled = %(enabled)s where surface = %(surface)s and enabled <> %(enabled)s;

-- name: claim
-- Lease the oldest message of a surface that is due, in its turn among those about the same thing for the same
-- person. A lease that ran out belongs to a worker that died: it may have sent it until then. `still_news`: a
-- card or a reminder that the person need not act on any more is not sent at all, nor is a mail about what the
-- person heard in chat.
with due as (
  select d.delivery_id,
    case when d.state = 'leased' then greatest(d.sent_at, d.lease_until) else d.sent_at end as sent_at
  from workflow.delivery d join workflow.surface s using (surface)
  where d.surface = %(surface)s and s.enabled and s.resume_at <= now()
    and ((d.state = 'ready' and d.not_before <= now()) or (d.state = 'leased' and d.lease_until < now()))
    and not exists (
      select from workflow.delivery b
      where b.surface = d.surface and b.ordering_key = d.ordering_key and b.delivery_id < d.delivery_id
        and b.state in ('ready', 'leased'))
  order by d.delivery_id limit 1 for update of d skip locked)
update workflow.delivery d set state = 'leased', fence = d.fence + 1, attempts = d.attempts + 1,
  lease_until = now() + make_interval(secs => %(lease_seconds)s),
  sent_at = case when d.sent_at is not null then due.sent_at end
from due, workflow.notice n
left join workflow.proposal p on p.proposal_id = n.proposal_id
left join firm.person who on who.person_id = n.person_id
left join firm.office o on o.office = who.office
where d.delivery_id = due.delivery_id and n.notice_id = d.notice_id
returning d.delivery_id, d.fence, d.attempts, d.sent_at, n.notice_id, n.person_id, n.kind, n.text, n.proposal_id,
  n.thread_id, n.created_at, coalesce(who.name, n.person_id) as name, who.email, coalesce(o.timezone, 'UTC') as timezone,
  p.title,
  (n.kind not in ('card', 'reminder') or exists (
    select from workflow.open_seat a where a.proposal_id = n.proposal_id and a.person_id = n.person_id))
  and not (d.surface = 'mail' and exists (
    select from workflow.delivery heard where heard.notice_id = n.notice_id and heard.surface <> 'mail'
      and heard.state = 'sent')) as still_news;

-- name: mark_sent
-- From now on it may have left.
update workflow.delivery set sent_at = clock_timestamp()
where delivery_id = %(delivery_id)s and fence = %(fence)s and state = 'leased';

-- name: settle
-- It was sent, dropped or parked for good.
update workflow.delivery set state = %(state)s, reference = %(reference)s, last_error = %(error)s,
  lease_until = null, settled_at = now()
where delivery_id = %(delivery_id)s and fence = %(fence)s and state = 'leased';

-- name: release
-- Try it later. `reached`: this attempt may have left; else what is known of earlier ones stays.
update workflow.delivery set state = 'ready', lease_until = null, last_error = %(error)s,
  attempts = attempts - case when %(give_back)s then 1 else 0 end,
  not_before = now() + make_interval(secs => %(after_seconds)s),
  sent_at = case when %(reached)s then clock_timestamp() else %(sent_before)s end
where delivery_id = %(delivery_id)s and fence = %(fence)s and state = 'leased';

-- name: pause
-- The surface is down: leave it alone for a while.
update workflow.surface set resume_at = now() + make_interval(secs => %(after_seconds)s)
where surface = %(surface)s;

-- name: choices
-- What the caller hears where, and when: their own choice, or the installation's.
select s.surface, coalesce(w.kinds, s.kinds) as kinds, coalesce(w.digest, '{}') as digest,
  coalesce(w.weekends, false) as weekends, w.kinds is not null as chosen
from workflow.surface s left join workflow.subscription w on w.surface = s.surface and w.person_id = app.me()
where s.enabled order by s.surface;

-- name: subscribe
-- What the caller wants to hear on a surface from now on, at once or once a day.
insert into workflow.subscription (person_id, surface, kinds, digest, weekends)
values (app.me(), %(surface)s, %(kinds)s, %(digest)s, %(weekends)s)
on conflict (person_id, surface) do update
set kinds = excluded.kinds, digest = excluded.digest, weekends = excluded.weekends;
