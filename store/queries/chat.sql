-- name: account
-- Whose account it is, as long as it is linked; where its private chat is.
select surface, workspace, account, person_id, channel, service_url from access.chat_account
where surface = %(surface)s and workspace = %(workspace)s and account = %(account)s and unlinked_at is null;

-- name: accounts
-- The linked accounts of one person.
select surface, workspace, account, person_id, linked_by, linked_at from access.chat_account
where person_id = access.canonical(%(person_id)s) and unlinked_at is null order by linked_at;

-- name: reach
-- The account by which a person is reached on a surface: the one linked last.
select surface, workspace, account, person_id, channel, service_url from access.chat_account
where surface = %(surface)s and person_id = access.canonical(%(person_id)s) and unlinked_at is null
order by linked_at desc, workspace, account limit 1;

-- name: person_by_email
-- The person who works here and has this address, whatever its case; no two have the same.
select access.canonical(person_id) from firm.person
where (ends_on is null or ends_on >= current_date) and lower(email) = lower(%(email)s);

-- name: link_by_email
-- Link an account that nobody linked or unlinked before; none where somebody did.
insert into access.chat_account (surface, workspace, account, person_id, linked_by)
values (%(surface)s, %(workspace)s, %(account)s, %(person_id)s, 'email')
on conflict do nothing;

-- name: link
-- Link an account to whoever proved that it is theirs.
insert into access.chat_account (surface, workspace, account, person_id, linked_by)
values (%(surface)s, %(workspace)s, %(account)s, %(person_id)s, %(linked_by)s)
on conflict (surface, workspace, account) do update
set person_id = excluded.person_id, linked_by = excluded.linked_by, linked_at = now(), unlinked_at = null,
  channel = null, service_url = null;

-- name: unlink
-- Take an account of one person back.
update access.chat_account set unlinked_at = now(), channel = null, service_url = null
where surface = %(surface)s and workspace = %(workspace)s and account = %(account)s
  and person_id = access.canonical(%(person_id)s) and unlinked_at is null;

-- name: note_channel
-- Where the private chat with an account is.
update access.chat_account set channel = %(channel)s, service_url = %(service_url)s
where surface = %(surface)s and workspace = %(workspace)s and account = %(account)s
  and (channel, service_url) is distinct from (%(channel)s, %(service_url)s);

-- name: add_invitation
-- Ask whoever signs in whether the account is theirs; invitations that are over go.
with over as (delete from access.chat_invitation where expires_at < now() - interval '1 day')
insert into access.chat_invitation (token_sha256, surface, workspace, account, expires_at)
values (%(sha256)s, %(surface)s, %(workspace)s, %(account)s, now() + make_interval(secs => %(seconds)s));

-- name: invitation
-- The account that an open invitation asks about; looking does not use it.
select surface, workspace, account from access.chat_invitation
where token_sha256 = %(sha256)s and used_at is null and expires_at > now();

-- name: use_invitation
-- Use an invitation up: of two at once, one touches the row.
update access.chat_invitation set used_at = now()
where token_sha256 = %(sha256)s and used_at is null and expires_at > now();

-- name: take
-- Keep what a surface handed in; nothing where it did before.
insert into talk.inbound (surface, workspace, key, kind, ordering_key, payload)
values (%(surface)s, %(workspace)s, %(key)s, %(kind)s, %(ordering_key)s, %(payload)s)
on conflict on constraint received_once do nothing;

-- name: claim
-- Lease the oldest that is due, in its turn among those of one conversation.
with due as (
  select i.inbound_id from talk.inbound i
  where i.surface = any (%(surfaces)s)
    and ((i.state = 'ready' and i.not_before <= now()) or (i.state = 'leased' and i.lease_until < now()))
    and not exists (
      select from talk.inbound b where b.ordering_key = i.ordering_key and b.inbound_id < i.inbound_id
        and b.state in ('ready', 'leased'))
  order by i.inbound_id limit 1 for update of i skip locked)
update talk.inbound i set state = 'leased', fence = i.fence + 1, attempts = i.attempts + 1,
  lease_until = now() + make_interval(secs => %(lease_seconds)s)
from due where i.inbound_id = due.inbound_id
returning i.inbound_id, i.surface, i.workspace, i.key, i.kind, i.payload, i.attempts, i.fence, i.received_at;

-- name: done
-- It was worked, and forgets what it said.
update talk.inbound set state = 'done', payload = null, lease_until = null, last_error = null, settled_at = now()
where inbound_id = %(inbound_id)s and fence = %(fence)s and state = 'leased';

-- name: put_back
-- Try it later; or, given up, keep it for a person to look at.
update talk.inbound set state = case when %(parked)s then 'parked' else 'ready' end, lease_until = null,
  last_error = %(error)s, attempts = attempts - case when %(give_back)s then 1 else 0 end,
  not_before = now() + make_interval(secs => %(after_seconds)s),
  settled_at = case when %(parked)s then now() end
where inbound_id = %(inbound_id)s and fence = %(fence)s and state = 'leased';

-- name: begin_turn
-- Where the conversation stood when the turn of what was received began: the first time counts.
update talk.inbound set message_before = coalesce(message_before, %(message_before)s)
where inbound_id = %(inbound_id)s returning message_before;

-- name: sweep
-- Forget what was received long ago: surfaces hand nothing in again by then.
delete from talk.inbound where state in ('done', 'parked') and settled_at < now() - make_interval(days => %(days)s);

-- name: newest_message
-- The newest message of a conversation; 0 where there is none.
select coalesce(max(message_id), 0) from talk.message where thread_id = %(thread_id)s;

-- name: since
-- What was said in a conversation after a message, oldest first.
select message_id, author, text, payload, created_at from talk.message
where thread_id = %(thread_id)s and message_id > %(after)s order by message_id;

-- name: proposed_since
-- What the conversation proposed since a moment.
select proposal_id from workflow.proposal
where thread_id = %(thread_id)s and created_at >= %(since)s order by created_at;

-- name: thread_at
-- The conversation that the principal has in a place.
select thread_id from talk.place
where surface = %(surface)s and workspace = %(workspace)s and channel = %(channel)s and root = %(root)s
  and person_id = app.me();

-- name: settle_place
-- A conversation takes place here from now on; which one, where another was quicker.
with mine as (
  insert into talk.place (surface, workspace, channel, root, person_id, thread_id, shared, service_url)
  values (%(surface)s, %(workspace)s, %(channel)s, %(root)s, app.me(), %(thread_id)s, %(shared)s, %(service_url)s)
  on conflict do nothing returning thread_id)
select thread_id from mine;

-- name: place_of
-- Where a conversation takes place on a surface, private places first.
select surface, workspace, channel, root, shared, service_url from talk.place
where thread_id = %(thread_id)s and surface = %(surface)s order by shared, channel, root;

-- name: add_post
-- A message shows a proposal to its reader from now on; outdated already where it moved while it was drawn.
insert into workflow.post (surface, workspace, channel, reference, service_url, proposal_id, reader_id, stale_since)
select %(surface)s, %(workspace)s, %(channel)s, %(reference)s, %(service_url)s, p.proposal_id, %(reader_id)s,
  case when p.version <> %(version)s or p.state <> %(state)s
      or exists (select from workflow.decision d where d.proposal_id = p.proposal_id and d.decided_at > %(since)s)
      or exists (select from workflow.question q where q.proposal_id = p.proposal_id and q.asked_at > %(since)s)
      or exists (select from workflow.handover h where h.proposal_id = p.proposal_id and h.handed_at > %(since)s)
    then clock_timestamp() end
from workflow.proposal p where p.proposal_id = %(proposal_id)s
on conflict on constraint posted_once do nothing;

-- name: claim_post
-- Lease the message of a surface that has been outdated for the longest.
with due as (
  select p.post_id from workflow.post p join workflow.surface s using (surface)
  where p.surface = %(surface)s and s.enabled and s.resume_at <= now() and p.gone_at is null
    and p.stale_since is not null and p.not_before <= now() and (p.lease_until is null or p.lease_until < now())
  order by p.stale_since limit 1 for update of p skip locked)
update workflow.post p set fence = p.fence + 1, attempts = p.attempts + 1,
  lease_until = now() + make_interval(secs => %(lease_seconds)s)
from due where p.post_id = due.post_id
returning p.post_id, p.surface, p.workspace, p.channel, p.reference, p.service_url, p.proposal_id, p.reader_id,
  p.stale_since, p.attempts, p.fence;

-- name: post_drawn
-- It shows what is so, unless that moved again meanwhile.
update workflow.post set lease_until = null, attempts = 0, last_error = null,
  stale_since = case when stale_since > %(stale_since)s then stale_since end
where post_id = %(post_id)s and fence = %(fence)s;

-- name: post_put_back
-- Draw it later; or never, where the message is gone.
update workflow.post set lease_until = null, last_error = %(error)s,
  not_before = now() + make_interval(secs => %(after_seconds)s),
  attempts = attempts - case when %(give_back)s then 1 else 0 end,
  gone_at = case when %(gone)s then now() end
where post_id = %(post_id)s and fence = %(fence)s;
