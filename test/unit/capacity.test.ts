import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { simulate } from '../../bench/capacity-simulation.ts';
import {
  burstSeconds,
  coresFor,
  costsOf,
  errorOf,
  PARTS,
  workOf,
  type Costs,
  type Load,
  type Machinery,
} from '../../bench/capacity.ts';
import { Dice } from '../../chaos/dice.ts';

/** In the proportions of docs/performance.md. */
const COSTS: Costs = {
  signal: { temporalServer: 3, worker: 1, catalogPostgres: 0.2 },
  event: { temporalServer: 2, worker: 1.5, catalogPostgres: 1.5 },
  run: { temporalServer: 25, worker: 12, catalogPostgres: 2 },
};
const AMPLE: Machinery = {
  cores: { temporalServer: 4, worker: 2, catalogPostgres: 1 },
  ...{ routers: 8, slots: 1_000, stageSeconds: 0 },
};

describe('the costs', () => {
  test('of signals, events and runs come out of any three loads that tell them apart', () => {
    const loads = [
      { signals: 240, events: 240, runs: 240 },
      { signals: 240, events: 240, runs: 10 },
      { signals: 24, events: 1_200, runs: 50 },
    ] as const;
    const work = fc.record({
      temporalServer: fc.integer({ min: 0, max: 40 }),
      worker: fc.integer({ min: 0, max: 40 }),
      catalogPostgres: fc.integer({ min: 0, max: 40 }),
    });
    fc.assert(
      fc.property(work, work, work, (signal, event, run) => {
        const costs = { signal, event, run };
        const [one, two, three] = loads.map((load) => ({ load, work: workOf(costs, load) }));
        const found = costsOf([one!, two!, three!]);
        for (const kind of ['signal', 'event', 'run'] as const)
          for (const part of PARTS) expect(found[kind][part]).toBeCloseTo(costs[kind][part], 6);
      }),
    );
  });

  test('do not come out of loads that are multiples of one another', () => {
    const load = { signals: 10, events: 100, runs: 7 };
    const twice = { signals: 20, events: 200, runs: 14 };
    const measured = [load, twice, { signals: 1, events: 1, runs: 1 }].map((each) => ({
      load: each,
      work: workOf(COSTS, each),
    }));
    expect(() => costsOf([measured[0]!, measured[1]!, measured[2]!])).toThrow(RangeError);
  });

  test('that are too low by a fifth are said to be', () => {
    const load = { signals: 10, events: 100, runs: 7 };
    const { temporalServer, worker, catalogPostgres } = workOf(COSTS, load);
    const work = {
      temporalServer: temporalServer / 0.8,
      worker: worker / 0.8,
      catalogPostgres: catalogPostgres / 0.8,
    };
    expect(errorOf(COSTS, { load, work })).toBeCloseTo(-0.2, 6);
  });
});

describe('against the simulation', () => {
  test('the estimate of a burst is at most 5 % too long and 25 % too short', () => {
    const dice = new Dice(7);
    const errors = Array.from({ length: 200 }, () => {
      const signals = dice.between(5, 200);
      const events = signals * dice.between(1, 50);
      const load: Load = { signals, events, runs: Math.ceil(events / dice.between(1, 24)) };
      const machinery: Machinery = {
        cores: {
          temporalServer: dice.between(1, 8),
          worker: dice.between(1, 8),
          catalogPostgres: dice.between(1, 2),
        },
        ...{ routers: dice.between(1, 6), slots: dice.between(1, 30), stageSeconds: 30 * dice.next() },
      };
      const at0 = Array.from({ length: signals }, () => 0);
      return burstSeconds(COSTS, load, machinery) / simulate(COSTS, load, machinery, at0).seconds - 1;
    }).sort((a, b) => a - b);
    expect(errors[0]).toBeGreaterThan(-0.25);
    expect(errors[10]).toBeGreaterThan(-0.1);
    expect(errors.at(-1)).toBeLessThan(0.05);
  });

  test('every run of a load is reported once, whatever is short', () => {
    for (const slots of [1, 3])
      for (const routers of [1, 3]) {
        const load = { signals: 7, events: 100, runs: 13 };
        const { delays } = simulate(COSTS, load, { ...AMPLE, slots, routers }, [0, 0, 0, 1, 1, 2, 9]);
        expect(delays).toHaveLength(13);
      }
  });

  test('runs wait little while seven tenths of the busiest part are busy, and long when all of it is', () => {
    const per = { signals: 1, events: 10, runs: 2 };
    const p99 = (busy: number): number => {
      const cores = coresFor(COSTS, per, busy);
      const rate = Math.min(...PARTS.map((part) => AMPLE.cores[part] / cores[part]));
      const dice = new Dice(7);
      let now = 0;
      const arrivals = Array.from({ length: 4_000 }, () => (now += -Math.log(1 - dice.next()) / rate));
      const load = { signals: 4_000, events: 40_000, runs: 8_000 };
      const { delays } = simulate(COSTS, load, AMPLE, arrivals);
      return delays.toSorted((a, b) => a - b)[Math.floor(delays.length * 0.99)]!;
    };
    const idle = p99(0.01);
    expect(p99(0.7)).toBeLessThan(4 * idle);
    expect(p99(0.99)).toBeGreaterThan(8 * idle);
  });
});
