-- Up Migration

-- How the sources of outside events fare, for people: one row for each that was ever consumed.
create table reefline.inbound_source (
  name            text primary key,
  last_poll_at    timestamptz,
  last_message_at timestamptz,
  last_event_at   timestamptz,
  -- Seconds that the oldest message of the last poll had waited; 0 when there was none.
  lag_seconds     int,
  -- Events that a router was handed, messages that could not be taken, and parts that no rule wanted. What is delivered
  -- again counts again.
  accepted        bigint not null default 0,
  rejected        bigint not null default 0,
  ignored         bigint not null default 0,
  -- Why the last poll failed; null when it did not.
  error           text,
  error_at        timestamptz
);
