import type { DataEvent } from '../../pipeline/data-event.ts';

export const TIME = '2020-03-03 11:25:47:445 +00:00';

/** A load of three rows that went well. */
export const EVENT: DataEvent = {
  event_type: 'data',
  type: 'redshift',
  schema: 'analytics',
  table: 'orders',
  timelabel: '20200303110000',
  status: 'SUCCESS',
  startTime: TIME,
  updateTime: TIME,
  endTime: TIME,
  eventId: 'orders.load_orders/20200303110000/r2',
  dataset: 'warehouse.analytics.orders',
  revision: 2,
  pipeline: 'orders',
  stage: 'orders.load_orders',
  runId: null,
  causedBy: ['orders.fetch_orders/20200303110000/r2'],
  rows: 3,
  bytes: null,
  uri: null,
  error: null,
  configVersion: 1,
  outcome: 'SUCCESS',
};
