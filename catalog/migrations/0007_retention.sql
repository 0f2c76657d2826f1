-- Up Migration

-- What could not be taken, in the order in which it came last: what the retention of the event log removes first.
create index rejected_event_received on reefline.rejected_event (last_received_at);
