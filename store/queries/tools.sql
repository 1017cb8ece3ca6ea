-- name: limit
-- No statement of this transaction may run longer.
select set_config('statement_timeout', %(milliseconds)s::text, true);

-- name: record
-- Record a tool call of the transaction's principal, whatever became of it.
insert into talk.tool_call (thread_id, person_id, tool, version, arguments, outcome, detail, milliseconds)
values (%(thread_id)s, app.me(), %(tool)s, %(version)s, %(arguments)s, %(outcome)s, %(detail)s, %(milliseconds)s);
