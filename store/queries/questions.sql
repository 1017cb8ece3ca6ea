-- name: ask
-- A question about exactly what was read; its id.
insert into workflow.question (proposal_id, version, step, content_hash, asker_id, seat, asked_of, question, surface)
values (%(proposal_id)s, %(version)s, %(step)s, %(content_hash)s, app.me(), %(seat)s, %(asked_of)s, %(question)s,
  app.surface())
returning question_id;

-- name: answer
-- The answer to a question: there is one.
insert into workflow.answer (question_id, asker_id, answered_by, answer, surface)
values (%(question_id)s, %(asker_id)s, app.me(), %(answer)s, app.surface());

-- name: of_proposal
-- The questions about a proposal and their answers, oldest first.
select q.question_id, q.version, q.asker_id, n.name as asker_name, q.asked_of, q.question, q.asked_at,
  a.answered_by, m.name as answered_by_name, a.answer, a.answered_at
from workflow.question q
left join workflow.answer a on a.question_id = q.question_id
left join firm.person n on n.person_id = q.asker_id
left join firm.person m on m.person_id = a.answered_by
where q.proposal_id = %(proposal_id)s order by q.asked_at, q.question_id;
