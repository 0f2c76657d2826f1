-- Up Migration

-- The dataset of each owed message: queues that keep an order keep it for each dataset.
alter table reefline.delivery add column dataset text;
update reefline.delivery d set dataset = e.dataset from reefline.data_event e where e.event_id = d.event_id;
alter table reefline.delivery alter column dataset set not null;
create index delivery_owed_in_order on reefline.delivery (endpoint, dataset, seq) where status = 'owed';

-- Which events an endpoint is owed is decided by the filter in its definition.
alter table reefline.endpoint drop column outcomes;

-- Since when a message is owed, when it was tried, and the class of its last error: what a dead letter says of itself.
alter table reefline.delivery add column owed_at timestamptz not null default clock_timestamp();
alter table reefline.delivery add column first_attempt_at timestamptz;
alter table reefline.delivery add column last_attempt_at timestamptz;
alter table reefline.delivery add column error_class text;
-- What a person decided about a dead letter: to send it again, or never.
alter table reefline.delivery add column decision text;
alter table reefline.delivery add column decided_by text;
alter table reefline.delivery add column decided_at timestamptz;
alter table reefline.delivery drop constraint delivery_status_check;
alter table reefline.delivery add constraint delivery_status_check
  check (status in ('owed', 'delivered', 'dead', 'discarded'));
create index delivery_dead on reefline.delivery (endpoint, seq) where status = 'dead';

-- A paused endpoint is owed events and sent none until somebody resumes it.
alter table reefline.endpoint add column paused_at timestamptz;
alter table reefline.endpoint add column paused_by text;
alter table reefline.endpoint add column pause_reason text;
