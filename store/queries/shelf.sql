-- name: newest
-- The serving version of a model, or the newest refused one when none serves.
select version, state, card from predict.model
where name = %(name)s and state in ('serving', 'refused')
order by state = 'serving' desc, version desc limit 1;

-- name: artifact
-- The pickled model.
select artifact from predict.model where name = %(name)s and version = %(version)s;

-- name: retire
-- Take the serving version out of service.
update predict.model set state = 'retired' where name = %(name)s and state = 'serving';

-- name: put
-- Add the next version of a model.
insert into predict.model (name, version, state, card, artifact, sha256)
select %(name)s, coalesce(max(version), 0) + 1, %(state)s, %(card)s, %(artifact)s,
  encode(sha256(%(artifact)s), 'hex')
from predict.model where name = %(name)s
returning version;

-- name: cards
-- Every model with its card, newest first.
select name, version, state, card, created_at from predict.model order by name, version desc;

-- name: versions
-- How many versions of a model there are, served or not.
select count(*) from predict.model where name = %(name)s;
