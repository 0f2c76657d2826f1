import type { DataEvent } from '../../pipeline/data-event.ts';
import { LOADED_EVENT } from './sample-events.ts';

export const TIME = '2020-03-03 11:25:47:445 +00:00';

/** A load of three rows that went well, and knows little of itself. */
export const EVENT: DataEvent = {
  ...LOADED_EVENT,
  startTime: TIME,
  updateTime: TIME,
  endTime: TIME,
  eventId: 'orders.load_orders/20200303110000/r2',
  revision: 2,
  runId: null,
  causedBy: ['orders.fetch_orders/20200303110000/r2'],
  rows: 3,
  bytes: null,
  configVersion: 1,
};
