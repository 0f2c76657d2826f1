import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MOST_EVENTS, MOST_TEXT, splitIntoSignals } from '../../pipeline/signal-size.ts';

const parcels = fc.array(
  fc.record({
    count: fc.constantFrom(1, 1, 1, 3, 60, 150),
    size: fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 2 * MOST_TEXT })),
  }),
  { maxLength: 400 },
);

describe('splitting into signals', () => {
  test('loses nothing, doubles nothing and keeps the order', () => {
    fc.assert(
      fc.property(parcels, (given) => {
        const numbered = given.map((parcel, at) => ({ ...parcel, at }));
        expect(splitIntoSignals(numbered).flat()).toEqual(numbered);
      }),
    );
  });

  test('keeps each signal below both limits, unless a single parcel is above', () => {
    fc.assert(
      fc.property(parcels, (given) => {
        for (const signal of splitIntoSignals(given)) {
          expect(signal.length).toBeGreaterThan(0);
          if (signal.length === 1) continue;
          expect(signal.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(MOST_EVENTS);
          expect(signal.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(MOST_TEXT);
        }
      }),
    );
  });

  test('fills signals: no two neighbours would fit into one', () => {
    fc.assert(
      fc.property(parcels, (given) => {
        const signals = splitIntoSignals(given);
        for (const [at, signal] of signals.entries()) {
          const [next] = signals[at + 1] ?? [];
          if (next === undefined) continue;
          const joined = [...signal, next];
          const events = joined.reduce((sum, { count }) => sum + count, 0);
          const text = joined.reduce((sum, { size }) => sum + size, 0);
          expect(events > MOST_EVENTS || text > MOST_TEXT).toBe(true);
        }
      }),
    );
  });
});
