import type { DataEvent, EndpointEvent, MetadataEvent } from '../../pipeline/data-event.ts';
import { healthEvent } from '../../pipeline/health-event.ts';

/** The events that the page for customers shows. */
export const LOADED_EVENT: DataEvent = {
  event_type: 'data',
  type: 'redshift',
  schema: 'analytics',
  table: 'orders',
  timelabel: '20200303110000',
  status: 'SUCCESS',
  startTime: '2020-03-03 12:10:31:102 +00:00',
  updateTime: '2020-03-03 12:10:47:445 +00:00',
  endTime: '2020-03-03 12:10:47:445 +00:00',
  eventId: 'orders.load_orders/20200303110000/r1',
  dataset: 'warehouse.analytics.orders',
  revision: 1,
  pipeline: 'orders',
  stage: 'orders.load_orders',
  runId: '0f4a1c1e-9b7e-4a53-8a4e-4e1f0a5a2b77',
  causedBy: ['orders.fetch_orders/20200303110000/r1'],
  rows: 120_443,
  bytes: 8_123_345,
  uri: null,
  error: null,
  configVersion: 7,
  outcome: 'SUCCESS',
};

export const FAILED_EVENT: DataEvent = {
  ...LOADED_EVENT,
  type: 's3',
  schema: 'shop',
  status: 'FAILURE',
  eventId: 'orders.fetch_orders/20200303120000/r1',
  timelabel: '20200303120000',
  startTime: '2020-03-03 13:10:02:310 +00:00',
  updateTime: '2020-03-03 13:10:03:718 +00:00',
  endTime: '2020-03-03 13:10:03:718 +00:00',
  dataset: 'lake.shop.orders',
  stage: 'orders.fetch_orders',
  runId: '5d3f8f1b-2a0e-4a6f-b0c5-7c9ab0d9b1d4',
  causedBy: [],
  rows: null,
  bytes: null,
  error: {
    class: 'unauthorized',
    message:
      'PostgreSQL "shop" at db.internal:5432 could not extract public.orders: permission denied for table orders (42501).',
    facts: {},
  },
  outcome: 'FAILURE',
};

export const CHANGED_EVENT: MetadataEvent = {
  event_type: 'metadata',
  change: 'COLUMN_ADDED',
  before: [{ name: 'id', type: { kind: 'int64' }, nullable: false }],
  after: [
    { name: 'id', type: { kind: 'int64' }, nullable: false },
    { name: 'note', type: { kind: 'text' }, nullable: true },
  ],
  type: 's3',
  schema: 'shop',
  table: 'orders',
  timelabel: '20200303110000',
  eventId: 'orders.fetch_orders/20200303110000/r1/COLUMN_ADDED',
  dataset: 'lake.shop.orders',
  revision: 1,
  pipeline: 'orders',
  stage: 'orders.fetch_orders',
  runId: '0f4a1c1e-9b7e-4a53-8a4e-4e1f0a5a2b77',
  time: '2020-03-03 12:10:30:007 +00:00',
};

export const FAILING_EVENT: EndpointEvent = healthEvent({
  endpoint: 'partner',
  change: 2,
  health: 'failing',
  previous: 'degraded',
  reason: 'It took nothing of 8 calls in 61 s.',
  error: { class: 'unavailable', message: 'POST https://hooks.example.com/reefline answered 503.' },
  oldestSeconds: 62.4,
  now: Date.UTC(2020, 2, 3, 12, 14, 9, 120),
});
