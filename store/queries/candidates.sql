-- name: said
-- What was said to the copilot just before it made each proposal, and the arguments with which its tool was called.
select p.proposal_id, m.text as said, p.tool, c.arguments
from workflow.proposal p
join lateral (select text, created_at from talk.message
              where thread_id = p.thread_id and author = 'person' and created_at <= p.created_at
              order by message_id desc limit 1) m on true
left join lateral (select arguments from talk.tool_call
                   where thread_id = p.thread_id and tool = p.tool and outcome = 'ok' and called_at >= m.created_at
                   order by abs(extract(epoch from called_at - p.created_at)) limit 1) c on true
where p.proposal_id = any (%(proposals)s) and not p.planted;

-- name: rephrased
-- Messages that led to no tool's finding, whose author said the next one, which did.
with said as (
  select thread_id, message_id, text, created_at,
    lead(created_at) over (partition by thread_id order by message_id) as until
  from talk.message
  where author = 'person' and (%(since)s::timestamptz is null or created_at >= %(since)s)),
turn as (
  select s.*, c.tool, c.arguments
  from said s left join lateral (
    select tool, arguments from talk.tool_call c
    where c.thread_id = s.thread_id and c.outcome = 'ok' and c.called_at >= s.created_at
      and (s.until is null or c.called_at < s.until)
    order by c.called_at limit 1) c on true),
pair as (
  select message_id, text as said, created_at as at, tool as found_by, lead(text) over then_ as then_said,
    lead(tool) over then_ as tool, lead(arguments) over then_ as arguments
  from turn window then_ as (partition by thread_id order by message_id))
select message_id, said, then_said, tool, arguments, at from pair
where found_by is null and tool is not null order by message_id;
