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
alter table reefline.stage_run add column late_event jsonb;
-- The config version whose definition a waiting run keeps; null follows the version in force.
alter table reefline.stage_run add column pinned int references reefline.config_version;
-- What a waiting run lacks, for people: [{"dataset", "timelabel", "why"}].
alter table reefline.stage_run add column missing jsonb;
-- True when an event opened it for a label that had succeeded before.
alter table reefline.stage_run add column restates boolean not null default false;
create index stage_run_restated on reefline.stage_run (stage, opened_at) where restates;
create index stage_run_closed on reefline.stage_run (stage, timelabel) where status = 'CLOSED';
create index stage_run_pinned on reefline.stage_run (stage) where pinned is not null;

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
create index run_note_limit on reefline.run_note (stage, noted_at) where decision = 'limit';

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

-- Outcomes of data events that an endpoint wants; null wants all.
alter table reefline.endpoint add column outcomes text[];

-- Why a configuration was applied, and which one it brought back.
alter table reefline.config_version add column note text;
alter table reefline.config_version add column rollback_of int references reefline.config_version;

-- A range of labels through the graph: what was asked for, what was planned per stage, and where it stands.
create table reefline.backfill (
  id             text primary key,
  request        jsonb not null,
  plan           jsonb not null,
  status         text not null check (status in ('running', 'paused', 'cancelling', 'cancelled', 'completed', 'failed')),
  -- Counts the retries, so that each asks the ledger for another revision.
  attempt        int not null default 1,
  config_version int not null references reefline.config_version,
  created_by     text not null,
  reason         text,
  created_at     timestamptz not null default clock_timestamp(),
  ended_at       timestamptz
);
create index backfill_created on reefline.backfill (created_at);

create table reefline.backfill_item (
  backfill   text not null references reefline.backfill,
  position   int not null,
  stage      text not null,
  timelabel  text not null,
  state      text not null check (state in
    ('planned', 'running', 'waiting', 'success', 'existing', 'failure', 'blocked', 'skipped', 'cancelled')),
  -- Positions of the items that come before it, and of the last one that the backfill itself starts.
  upstream   int[] not null,
  lead       int not null,
  -- Newest revision that does not count as the backfill's.
  baseline   int not null,
  revision   int,
  detail     text,
  starts     int not null default 0,
  -- The turn of the workflow in which it was last started: a repeated turn starts it again.
  turn       int,
  started_at timestamptz,
  ended_at   timestamptz,
  primary key (backfill, position)
);
create index backfill_item_state on reefline.backfill_item (backfill, state, position);
create index backfill_item_lead on reefline.backfill_item (backfill, lead);
create index backfill_item_open on reefline.backfill_item (stage, timelabel)
  where state in ('planned', 'running', 'waiting');

-- What the sweep found, and whether it mended it.
create table reefline.mending (
  seq      bigint generated always as identity primary key,
  kind     text not null,
  subject  text not null,
  detail   text not null,
  mended   boolean not null,
  found_at timestamptz not null default clock_timestamp()
);
create index mending_found on reefline.mending (found_at);

-- How far the sweep has looked for each kind of finding: an instant, or the last row of a round that is not finished.
create table reefline.sweep_mark (
  kind text primary key,
  mark text not null
);
-- What the sweep looks through: events that runs owe, since when a stage is what it is, backfills under way.
create index stage_run_ended on reefline.stage_run (closed_at) where events is not null;
create index stage_run_late on reefline.stage_run (late_at) where late_event is not null;
create index stage_by_id on reefline.stage (id, config_version);
create index backfill_unfinished on reefline.backfill (id) where status in ('running', 'paused', 'cancelling');
