-- name: tell
-- Tell people about a proposal, each once an event; whoever asked hears it in the conversation they asked in.
-- Services have nobody to tell.
insert into workflow.notice (person_id, proposal_id, thread_id, kind, event, text)
select who, p.proposal_id, case when who = p.proposer_id then p.thread_id end, %(kind)s, %(event)s, %(text)s
from workflow.proposal p cross join (select distinct unnest(%(people)s::text[])) as people (who)
where p.proposal_id = %(proposal_id)s and who not like 'service:%%'
on conflict on constraint heard_once do nothing;
