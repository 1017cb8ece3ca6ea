-- name: newest_waiting
-- The least that a page of waiting proposals could be: one table, no names, nothing about who may sign.
select proposal_id, title, action_kind, state, created_at from workflow.proposal
where state = 'pending' order by expires_at, proposal_id limit %(limit)s;

-- name: shifted_clauses
-- More clauses to search: those there are once more, their vectors moved by the same bit.
insert into firm.clause (contract_id, position, number, heading, start_at, end_at, text, embedding)
select contract_id, position + %(shift)s, number, heading, start_at, end_at, text, embedding + %(noise)s
from firm.clause where position < %(below)s;
