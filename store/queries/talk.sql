-- name: open_thread
-- A new conversation of the transaction's principal; its id.
insert into talk.thread (owner_id, surface, title) values (app.me(), app.surface(), %(title)s)
returning thread_id;

-- name: owns_thread
-- Whether the thread is there and the principal's own.
select exists (select from talk.thread where thread_id = %(thread_id)s and owner_id = app.me());

-- name: threads
-- The principal's conversations, the last used first.
select thread_id, surface, title, created_at, updated_at
from talk.thread where owner_id = app.me() order by updated_at desc limit %(limit)s;

-- name: threads_like
-- The principal's conversations in which these words were said, the last used first; all of them without words.
select t.thread_id, t.surface, t.title, t.created_at, t.updated_at
from talk.thread t
where t.owner_id = app.me() and (%(words)s = '' or strpos(lower(t.title), lower(%(words)s)) > 0 or exists (
  select from talk.message m where m.thread_id = t.thread_id and strpos(lower(m.text), lower(%(words)s)) > 0))
order by t.updated_at desc limit %(limit)s;

-- name: add_message
-- Append to a conversation of the principal; the message's number.
insert into talk.message (thread_id, author, text, payload)
values (%(thread_id)s, %(author)s, %(text)s, %(payload)s)
returning message_id;

-- name: touch_thread
-- Note that the thread was used; the first words said become its title where it has none.
update talk.thread
set updated_at = now(), title = case when title = '' then %(title)s else title end
where thread_id = %(thread_id)s and owner_id = app.me();

-- name: history
-- The newest messages of a conversation, oldest first, with what the conversation was told of its proposals. Such
-- an outcome is a message of the copilot with a negative number; a question that was asked back has its answer.
select message_id, author, text, payload, created_at
from (
  select message_id, author, text, payload, created_at from talk.message where thread_id = %(thread_id)s
  union all
  select -n.notice_id, 'copilot', n.text, jsonb_strip_nulls(jsonb_build_object('outcome', n.kind,
      'proposals', jsonb_build_array(n.proposal_id),
      'question', case when q.question_id is not null then jsonb_build_object('question_id', q.question_id,
        'proposal_id', q.proposal_id, 'answer', a.answer, 'open', a.question_id is null and p.state = 'pending') end)),
    n.created_at
  from workflow.notice n
  left join workflow.question q on n.event = 'question:' || q.question_id
  left join workflow.answer a on a.question_id = q.question_id
  left join workflow.proposal p on p.proposal_id = q.proposal_id
  where n.thread_id = %(thread_id)s and n.person_id = app.me()
  order by created_at desc, message_id desc limit %(limit)s) newest
order by created_at, message_id;

-- name: try_hold
-- Be the caller for the rest of this session, and hold a thread; false when another turn holds it.
select pg_try_advisory_lock(hashtextextended('talk.thread:' || %(thread_id)s::text, 0)) as held,
  set_config('chargehand.principal', %(principal)s, false), set_config('chargehand.pass', %(pass_token)s, false);

-- name: known_names
-- The names the principal may say and see: what a sentence can be linked to.
select 'project' as kind, project_id as id, p.name, coalesce(c.name, '') as detail
from firm.project p left join firm.client c using (client_id)
union all select 'client', client_id, name, '' from firm.client
union all select 'person', person_id, name, title from firm.person
union all select distinct 'practice', practice, practice, '' from firm.person
union all select 'office', office, office, '' from firm.office
union all select distinct 'skill', skill, skill, '' from firm.skill
union all select distinct 'role', role, role, ''
  from (select title as role from firm.person union select role from firm.assignment
        union select role from firm.role_request) roles
union all select 'invoice', invoice_id, invoice_id, '' from firm.invoice where paid_on is null;
