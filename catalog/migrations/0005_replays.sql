-- Up Migration

-- Ranges of the event log that an endpoint is owed once more, and how far each has come.
create table reefline.replay (
  id        text primary key,
  endpoint  text not null references reefline.endpoint,
  request   jsonb not null,
  asked_by  text not null,
  asked_at  timestamptz not null default clock_timestamp(),
  -- Place in the log of the last event that was looked at, and of the last one of the range.
  after_seq bigint not null,
  last_seq  bigint not null,
  -- Events that the endpoint's filter let pass, and those of them that were not owed anyway.
  passed    int not null default 0,
  owed      int not null default 0,
  ended_at  timestamptz
);

-- The replay that owes the message; null for the first sending.
alter table reefline.delivery add column replay text;

-- The log in the order of its arrival, at next to no cost for each event: where a range begins and ends.
create index data_event_arrival on reefline.data_event using brin (received_at);
