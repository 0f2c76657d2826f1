-- Up Migration

-- The outcome of a label, finer than the documented status; and whether the event starts dependents.
alter table reefline.data_event add column outcome text;
alter table reefline.data_event add column propagates boolean not null default true;
update reefline.data_event set outcome = status where event_type = 'data';
drop index reefline.data_event_revision;
create unique index data_event_revision on reefline.data_event (dataset, timelabel, revision)
  include (outcome, event_id, propagates, stage) where event_type = 'data';

-- The outcomes that an input takes, and whether the stage runs again for a newer revision of it.
alter table reefline.dependency add column outcomes text[] not null default '{}';
alter table reefline.dependency add column follows boolean not null default true;
update reefline.dependency
   set outcomes = case when 'SUCCESS' = any(on_status) then '{SUCCESS,EMPTY,PARTIAL,RECOVERED,RELEASED}'::text[] else '{}' end
               || case when 'FAILURE' = any(on_status) then '{FAILURE,MISSING,QUARANTINED,REJECTED}'::text[] else '{}' end,
       follows = window_rule <> 'as_of';

-- SKIPPED: a person decided that the label is not made from these inputs. SUPERSEDED: cancelled in flight because its
-- inputs changed. CLOSED: its stage left the configuration while it waited.
alter table reefline.stage_run drop constraint stage_run_status_check;
alter table reefline.stage_run add constraint stage_run_status_check
  check (status in ('WAITING', 'RUNNING', 'SUCCESS', 'FAILURE', 'SKIPPED', 'SUPERSEDED', 'CLOSED'));
alter table reefline.stage_run add column outcome text;
alter table reefline.stage_run add column propagates boolean not null default true;
alter table reefline.stage_run add column backfill text;
-- When a waiting run has to be reported, and since when it is late.
alter table reefline.stage_run add column deadline timestamptz;
alter table reefline.stage_run add column late_at timestamptz;
-- The config version whose definition a waiting run keeps; null follows the version in force.
alter table reefline.stage_run add column pinned int references reefline.config_version;
-- What a waiting run lacks, for people: [{"dataset", "timelabel", "why"}].
alter table reefline.stage_run add column missing jsonb;
create index stage_run_restated on reefline.stage_run (stage, opened_at) where trigger = 'event' and revision > 1;

-- What was decided about a (stage, label) and by whom, in order: opened, waiting, paused, held, late, released …
create table reefline.run_note (
  seq            bigint generated always as identity primary key,
  stage          text not null,
  timelabel      text not null,
  revision       int,
  decision       text not null,
  reason         text not null,
  actor          text,
  config_version int,
  noted_at       timestamptz not null default clock_timestamp()
);
create index run_note_by_run on reefline.run_note (stage, timelabel, seq);

-- Paused pipelines and stages: `orders` or `orders.load_orders`.
create table reefline.pause (
  scope     text primary key,
  paused_by text not null,
  reason    text not null,
  paused_at timestamptz not null default clock_timestamp()
);

-- Labels that would have run, and why they did not: a pause, or the limit of restated labels.
create table reefline.held_run (
  stage     text not null,
  timelabel text not null,
  cause     text not null check (cause in ('paused', 'storm')),
  trigger   text not null,
  request   text,
  held_at   timestamptz not null default clock_timestamp(),
  primary key (stage, timelabel)
);

-- Why a configuration was applied, and which one it brought back.
alter table reefline.config_version add column note text;
alter table reefline.config_version add column rollback_of int references reefline.config_version;

create table reefline.backfill (
  id             text primary key,
  request        jsonb not null,
  status         text not null check (status in ('planned', 'running', 'paused', 'cancelled', 'completed', 'failed')),
  config_version int not null references reefline.config_version,
  created_by     text not null,
  reason         text,
  created_at     timestamptz not null default clock_timestamp(),
  ended_at       timestamptz
);

create table reefline.backfill_item (
  backfill   text not null references reefline.backfill,
  position   int not null,
  stage      text not null,
  timelabel  text not null,
  state      text not null check (state in ('planned', 'existing', 'running', 'success', 'failure', 'cancelled')),
  revision   int,
  detail     text,
  started_at timestamptz,
  ended_at   timestamptz,
  primary key (backfill, stage, timelabel)
);
create unique index backfill_item_order on reefline.backfill_item (backfill, position);
create index backfill_item_state on reefline.backfill_item (backfill, state, position);

-- What the sweep found, and whether it mended it.
create table reefline.mending (
  seq      bigint generated always as identity primary key,
  kind     text not null,
  subject  text not null,
  detail   text not null,
  mended   boolean not null,
  found_at timestamptz not null default clock_timestamp()
);
