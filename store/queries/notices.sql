-- name: tell
-- Tell people about a proposal, each once an event; whoever asked hears it in the conversation they asked in.
-- Services have nobody to tell.
insert into workflow.notice (person_id, proposal_id, thread_id, kind, event, text)
select who, p.proposal_id, case when who = p.proposer_id then p.thread_id end, %(kind)s, %(event)s, %(text)s
from workflow.proposal p cross join (select distinct unnest(%(people)s::text[])) as people (who)
where p.proposal_id = %(proposal_id)s and who not like 'service:%%'
on conflict on constraint heard_once do nothing;

-- name: mine
-- What the principal was told, newest first: cards to sign are in the inbox and left out.
select notice_id, kind, text, proposal_id, thread_id, created_at, read_at
from workflow.notice
where person_id = app.me() and kind not in ('card', 'digest') and notice_id < %(before)s
  and (not %(unread_only)s or read_at is null)
order by notice_id desc limit %(limit)s;

-- name: unread
-- How many of them the principal has not read.
select count(*) from workflow.notice where person_id = app.me() and kind not in ('card', 'digest') and read_at is null;

-- name: mark_read
-- Note that the principal has read everything up to one notice.
update workflow.notice set read_at = now()
where person_id = app.me() and notice_id <= %(up_to)s and read_at is null;
