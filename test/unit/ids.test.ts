import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  connectionQueue,
  parseRunId,
  publisherId,
  routerId,
  runEventId,
  runId,
  scheduleId,
} from '../../pipeline/ids.ts';
import { labelAt } from '../../pipeline/timelabel.ts';
import { anInstant } from '../support/arbitraries.ts';

describe('ids', () => {
  test('are paths that a person can read; they are permanent', () => {
    expect(routerId('orders')).toBe('router/orders');
    expect(publisherId('customer')).toBe('publisher/customer');
    expect(runId('orders.load_orders', '20200303110000')).toBe('run/orders.load_orders/20200303110000');
    expect(scheduleId('orders.fetch_orders')).toBe('tick/orders.fetch_orders');
    expect(runEventId('orders.load_orders', '20200303110000', 2)).toBe(
      'orders.load_orders/20200303110000/r2',
    );
    expect(connectionQueue('warehouse')).toBe('reefline.warehouse');
  });

  test('the id of a run names its stage and label', () => {
    const stage = fc.stringMatching(/^[a-z_]{1,8}\.[a-z_]{1,8}$/);
    fc.assert(
      fc.property(stage, anInstant, (name, instant) => {
        const timelabel = labelAt(instant);
        expect(parseRunId(runId(name, timelabel))).toEqual({ stage: name, timelabel });
      }),
    );
  });

  test.each(['run/a.b', 'run/a.b/2020', 'run/a/b/20200303110000', 'run/a.b/20200230000000', 'router/a', ''])(
    '%j is no id of a run',
    (id) => {
      expect(parseRunId(id)).toBeUndefined();
    },
  );
});
