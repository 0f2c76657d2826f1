import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pace } from '../../pipeline/pace.ts';
import { routerRate } from '../../pipeline/router-rate.ts';
import { projectOf } from '../support/project.ts';

test('nobody gets more than their rate and a second of it, whatever they bring, or waits longer than that takes', () => {
  const batches = fc.array(
    fc.record({ count: fc.integer({ min: 0, max: 2_000 }), idle: fc.nat({ max: 5_000 }) }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(batches, fc.integer({ min: 1, max: 1_000 }), (polls, rate) => {
      let [now, polled, unpaid, brought] = [0, 0, 0, 0];
      for (const { count, idle } of polls) {
        now += idle;
        // What came before this poll is within the rate.
        expect(brought).toBeLessThanOrEqual(Math.ceil((rate * (now + 1_000)) / 1_000));
        const paced = pace(rate, count, unpaid, now - polled);
        brought += count;
        ({ unpaid } = paced);
        polled = now;
        now += paced.wait;
        // A millisecond earlier would have been too early, but for the rounding of fractions.
        if (paced.wait > 0) expect(unpaid - (rate * (paced.wait - 1)) / 1_000).toBeGreaterThan(rate - 1e-6);
      }
    }),
  );
  expect(pace(500, 500, 0, 0).wait).toBe(0);
  expect(pace(500, 10_000, 0, 0).wait).toBe(19_000);
});

test('workers that read one source share its rate: each is ahead of it by one poll at most', () => {
  const polls = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(
      polls,
      fc.integer({ min: 2, max: 6 }),
      fc.integer({ min: 1, max: 1_000 }),
      (counts, workers, rate) => {
        const ready = Array.from({ length: workers }, () => 0);
        let [polled, unpaid, brought] = [0, 0, 0];
        for (const count of counts) {
          const now = Math.max(polled, Math.min(...ready));
          const worker = ready.findIndex((at) => at <= now);
          expect(brought).toBeLessThanOrEqual(
            Math.ceil((rate * (now + 1_000)) / 1_000 + (workers - 1) * 2_000),
          );
          const paced = pace(rate, count, unpaid, now - polled);
          brought += count;
          ({ unpaid } = paced);
          polled = now;
          ready[worker] = now + paced.wait;
        }
      },
    ),
  );
});

test('a clock that goes back takes nothing from anybody and gives them nothing', () => {
  expect(pace(500, 10, 700, -60_000)).toEqual(pace(500, 10, 700, 0));
});

test('a router has the rate of the project, that of an inbound source the rate of the source', () => {
  const project = projectOf([]);
  const source = { name: 'drop', kind: 'sqs', queueUrl: 'q', mapping: 'data-event', events: [] } as const;
  const inbound = [source, { ...source, name: 'quick', maxEventsPerSecond: 9_000 }];
  const signals = { maxEventsPerSecond: 20 };
  expect(routerRate(project, 'p')).toBe(500);
  expect(routerRate({ ...project, signals, inbound }, 'p')).toBe(20);
  expect(routerRate({ ...project, signals, inbound }, 'inbound-drop')).toBe(500);
  expect(routerRate({ ...project, signals, inbound }, 'inbound-quick')).toBe(9_000);
});
