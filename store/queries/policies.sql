-- name: keep
-- Keep a policy version; one that is there already stays as it is.
insert into workflow.policy_version (sha256, name, body, loaded_by)
values (%(sha256)s, %(name)s, %(body)s, app.me())
on conflict (sha256) do nothing;

-- name: activate
-- Put a policy version in force.
insert into workflow.active_policy (sha256) values (%(sha256)s)
on conflict (singleton) do update set sha256 = excluded.sha256, since = now()
where active_policy.sha256 <> excluded.sha256;

-- name: active_sha256
-- The version in force, or no row.
select sha256 from workflow.active_policy;

-- name: active
-- The policy in force, or no row.
select v.sha256, v.body from workflow.active_policy a join workflow.policy_version v using (sha256);

-- name: version
-- One policy version, in force or not.
select sha256, body from workflow.policy_version where sha256 = %(sha256)s;
