-- Up Migration

-- Config store: every applied configuration, immutable. The newest version is the one in force.
create table reefline.config_version (
  version     int generated always as identity primary key,
  applied_at  timestamptz not null default clock_timestamp(),
  applied_by  text not null,
  checksum    text not null,
  project     jsonb not null
);

create table reefline.pipeline (
  config_version int not null references reefline.config_version,
  name           text not null,
  primary key (config_version, name)
);

create table reefline.stage (
  config_version int not null references reefline.config_version,
  id             text not null,
  pipeline       text not null,
  kind           text not null,
  output         text not null,
  period         text not null,
  definition     jsonb not null,
  primary key (config_version, id),
  unique (config_version, output)
);

create table reefline.dependency (
  config_version int not null,
  stage          text not null,
  dataset        text not null,
  window_rule    text not null,
  on_status      text[] not null,
  primary key (config_version, stage, dataset),
  foreign key (config_version, stage) references reefline.stage
);

-- Event log.
create table reefline.data_event (
  seq         bigint generated always as identity,
  event_id    text primary key,
  event_type  text not null,
  dataset     text not null,
  timelabel   text not null,
  revision    int not null,
  status      text,
  stage       text,
  router      text not null,
  body        jsonb not null,
  received_at timestamptz not null default clock_timestamp()
);
create unique index data_event_revision on reefline.data_event (dataset, timelabel, revision)
  include (status, event_id) where event_type = 'data';
create index data_event_received on reefline.data_event (seq);

-- Messages that are no event, each with the reason; the same message again moves last_received_at.
create table reefline.rejected_event (
  fingerprint       text primary key,
  router            text not null,
  field             text not null,
  reason            text not null,
  raw               text not null,
  first_received_at timestamptz not null default clock_timestamp(),
  last_received_at  timestamptz not null default clock_timestamp()
);

create table reefline.verdict (
  event_id       text not null references reefline.data_event,
  stage          text not null,
  timelabel      text not null,
  verdict        text not null,
  reason         text not null,
  config_version int not null,
  decided_at     timestamptz not null default clock_timestamp(),
  primary key (event_id, stage, timelabel)
);
create index verdict_by_run on reefline.verdict (stage, timelabel);

-- Ledger: one row per revision of a (stage, label). WAITING reserves the revision that the run will have.
create table reefline.stage_run (
  stage           text not null,
  timelabel       text not null,
  revision        int not null,
  status          text not null check (status in ('WAITING', 'RUNNING', 'SUCCESS', 'FAILURE')),
  pipeline        text not null,
  dataset         text not null,
  config_version  int not null references reefline.config_version,
  trigger         text not null,
  request         text,
  vector          text not null default '',
  caused_by       text[] not null default '{}',
  opened_at       timestamptz not null default clock_timestamp(),
  started_at      timestamptz,
  attempt         int not null default 0,
  temporal_run_id text,
  closed_at       timestamptz,
  events          jsonb,
  primary key (stage, timelabel, revision)
);
create index stage_run_open on reefline.stage_run (stage, timelabel) where status in ('WAITING', 'RUNNING');
create index stage_run_opened on reefline.stage_run (opened_at);

create table reefline.run_input (
  stage          text not null,
  timelabel      text not null,
  revision       int not null,
  dataset        text not null,
  input_label    text not null,
  input_revision int not null,
  event_id       text not null,
  primary key (stage, timelabel, revision, dataset, input_label)
);
create index run_input_by_event on reefline.run_input (event_id);

-- Outbox: what customers are owed.
create table reefline.endpoint (
  name           text primary key,
  definition     jsonb not null,
  config_version int not null references reefline.config_version,
  active         boolean not null default true
);

create table reefline.delivery (
  endpoint        text not null references reefline.endpoint,
  seq             bigint not null,
  event_id        text not null,
  status          text not null default 'owed' check (status in ('owed', 'delivered', 'dead')),
  attempts        int not null default 0,
  next_attempt_at timestamptz not null default clock_timestamp(),
  claimed_until   timestamptz,
  delivered_at    timestamptz,
  message_id      text,
  last_error      text,
  primary key (endpoint, event_id)
);
create index delivery_owed on reefline.delivery (endpoint, seq) where status = 'owed';

-- Columns of each dataset as runs saw them, one row per change.
create table reefline.dataset_schema (
  dataset   text not null,
  version   int not null,
  columns   jsonb not null,
  timelabel text not null,
  revision  int not null,
  seen_at   timestamptz not null default clock_timestamp(),
  primary key (dataset, version)
);
