-- name: promote
-- Put in force what a signed proposal promotes; false when something else was put in force since it was proposed.
select workflow.promote(%(proposal_id)s);

-- name: in_force
-- What was promoted last under a name, or no row.
select promotion_id, what, name, version, sha256, text, suite, run_id, run_sha256, proposal_id, promoted_at
from workflow.promotion where what = %(what)s and name = %(name)s order by promotion_id desc limit 1;

-- name: history
-- All that was ever promoted of a kind, the last first; of one name where it is given.
select promotion_id, what, name, version, sha256, text, suite, run_id, run_sha256, proposal_id, promoted_at
from workflow.promotion where what = %(what)s and (%(name)s::text is null or name = %(name)s)
order by promotion_id desc;
