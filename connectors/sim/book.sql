-- The records of the four simulated systems. `body` is the record without its envelope.
create table if not exists record (
  seq          integer primary key,
  system       text not null,
  resource     text not null,
  id           text not null,
  external_ref text,               -- null: not written by a client, but there from the start
  version      integer not null default 1,
  created_at   text not null,
  updated_at   text not null,
  body         text not null,      -- JSON
  unique (system, resource, id)
);
create index if not exists record_ref on record (system, resource, external_ref);

-- Keys that were honoured, and the request each stands for.
create table if not exists idempotency_key (
  system         text not null,
  key            text not null,
  request_sha256 text not null,
  seq            integer not null references record,
  primary key (system, key)
);
