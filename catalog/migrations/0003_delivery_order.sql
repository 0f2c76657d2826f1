-- Up Migration

-- The dataset of each owed message: queues that keep an order keep it for each dataset.
alter table reefline.delivery add column dataset text;
update reefline.delivery d set dataset = e.dataset from reefline.data_event e where e.event_id = d.event_id;
alter table reefline.delivery alter column dataset set not null;
create index delivery_owed_in_order on reefline.delivery (endpoint, dataset, seq) where status = 'owed';

-- Which events an endpoint is owed is decided by the filter in its definition.
alter table reefline.endpoint drop column outcomes;
