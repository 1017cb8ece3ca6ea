-- name: iterate
-- Go on through the vector index, in exact order, until enough rows have passed the filters; and look at more
-- candidates than by default (40), which costs a millisecond and finds what is hard to find.
select set_config('hnsw.iterative_scan', 'strict_order', true), set_config('hnsw.ef_search', '200', true);

-- name: nearest
-- The visible clauses nearest to a vector, found through the index.
select contract_id, position, number, heading, start_at as start, end_at as end, text,
  1 - (embedding <=> %(vector)s) as similarity
from firm.clause
order by embedding <=> %(vector)s limit %(limit)s;

-- name: nearest_exactly
-- The visible clauses nearest to a vector, of one contract or of all, each of them compared.
select contract_id, position, number, heading, start_at as start, end_at as end, text,
  1 - (embedding <=> %(vector)s) as similarity
from firm.clause
where %(contract_id)s::text is null or contract_id = %(contract_id)s
order by (embedding <=> %(vector)s) + 0 limit %(limit)s;
