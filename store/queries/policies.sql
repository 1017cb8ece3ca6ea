-- name: bootstrap
-- Put the first policy in force; false when there is one.
select workflow.bootstrap_policy(%(sha256)s, %(policy)s);

-- name: enact
-- Put in force what a signed proposal changes the policy to; false when another was put in force since.
select workflow.enact_policy(%(proposal_id)s);

-- name: active_sha256
-- The version in force, or no row.
select sha256 from workflow.active_policy;

-- name: active
-- The policy in force, or no row.
select v.sha256, v.body from workflow.active_policy a join workflow.policy_version v using (sha256);

-- name: version
-- One policy version, in force or not.
select sha256, body from workflow.policy_version where sha256 = %(sha256)s;

-- name: rules
-- The names of the rules of the policy in force, in their order.
select r.rule ->> 'name' as name from workflow.active_policy a join workflow.policy_version v using (sha256)
cross join jsonb_array_elements(v.body -> 'rules') with ordinality r (rule, place) order by r.place;
