-- Up Migration

-- What a source has brought beyond its rate, which all workers that read it share: events, as they were at that moment. They are paid off
-- by the time that passes, at the rate that is in force then.
alter table reefline.inbound_source
  add column unpaid    double precision not null default 0 check (unpaid >= 0),
  add column unpaid_at timestamptz;
