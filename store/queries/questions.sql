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
select question_id, version, asker_id, asker_name, asked_of, question, asked_at, answered_by, answered_by_name, answer,
  answered_at
from workflow.question_and_answer where proposal_id = %(proposal_id)s order by asked_at, question_id;
