-- Up Migration

-- How each endpoint fares: one row for each that messages were sent to, or that was paused. In a table of its own, because workers
-- write it and may not write what an endpoint is.
create table reefline.endpoint_health (
  endpoint        text primary key references reefline.endpoint,
  health          text not null default 'healthy' check (health in ('healthy', 'degraded', 'failing', 'paused')),
  since           timestamptz not null default clock_timestamp(),
  -- How often the health has changed: the revision of its events.
  changes         int not null default 0,
  -- Calls in a row that it took nothing of, and since when.
  failed_calls    int not null default 0,
  failing_since   timestamptz,
  last_success_at timestamptz,
  last_failure_at timestamptz,
  last_error      text,
  error_class     text
);
