-- name: plant
-- Store a planted proposal for one person, as a service would have proposed it.
select workflow.plant(
  id => %(proposal_id)s, source => %(source_id)s, person => %(person_id)s, flaw => %(flaw)s, tool => %(tool)s,
  tool_version => %(tool_version)s, title => %(title)s, kind => %(action_kind)s, project => %(project_id)s,
  practice => %(practice)s, client => %(client_id)s, amount => %(amount)s, currency => %(currency)s,
  canonical => %(canonical)s, content_hash => %(content_hash)s, policy => %(policy_sha256)s, rule => %(rule)s,
  gate => %(gate)s, facts => %(facts)s, explanation => %(explanation)s, why => %(why)s,
  expires => now() + make_interval(hours => %(expires_after_hours)s));

-- name: source
-- What a planted proposal copies besides its content.
select tool, tool_version from workflow.proposal where proposal_id = %(proposal_id)s;

-- name: agreed
-- Whether a person agreed to be tested.
select exists (select from workflow.plant_consent where person_id = %(person_id)s);

-- name: agree
-- The caller agrees to it.
insert into workflow.plant_consent (person_id) values (app.me()) on conflict do nothing;

-- name: disagree
-- The caller does not agree to it any more.
delete from workflow.plant_consent where person_id = app.me();

-- name: waiting
-- Planted proposals that wait for the caller.
select i.proposal_id from workflow.planted_item i join workflow.proposal p using (proposal_id)
where i.person_id = app.me() and p.state = 'pending' order by i.planted_at;

-- name: item
-- Who is tested by a planted proposal, and what is wrong with it.
select person_id, flaw from workflow.planted_item where proposal_id = %(proposal_id)s;

-- name: answered
-- How the planted proposals of a period were answered, by person, as far as the caller may see: noticed (rejected or
-- rewritten), signed, lapsed or taken back, or still waiting.
select i.person_id, count(*) filter (where p.state = 'rejected')::integer as noticed,
  count(*) filter (where p.state = 'withdrawn' and d.approver_id is not null)::integer as missed,
  count(*) filter (where p.state = 'pending')::integer as waiting
from workflow.planted_item i join workflow.proposal p using (proposal_id)
left join workflow.decision d on d.proposal_id = i.proposal_id and d.approver_id = i.person_id
where i.planted_at >= %(since)s group by 1;

-- name: agreeing
-- Who agreed, of those the caller may know of.
select c.person_id, n.name, c.given_at from workflow.plant_consent c left join firm.person n using (person_id)
order by n.name, c.person_id;
