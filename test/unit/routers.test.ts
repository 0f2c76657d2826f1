import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inboundRouter } from '../../pipeline/ids.ts';
import {
  byRouter,
  MOST_ROUTERS,
  pipelineOfRouter,
  routerCount,
  routerOf,
  routersOf,
} from '../../pipeline/routers.ts';

const aName = fc.stringMatching(/^[a-z][a-z0-9_]{0,12}$/);
const aNumber = fc.integer({ min: 1, max: MOST_ROUTERS });
const aDataset = fc.tuple(aName, aName, aName).map((parts) => parts.join('.'));

describe('the routers of a pipeline', () => {
  test('are numbered from the second, and the first is the one that every pipeline has', () => {
    expect(routersOf('orders', 1)).toEqual(['orders']);
    expect(routersOf('orders', 4)).toEqual(['orders', 'orders-2', 'orders-3', 'orders-4']);
  });

  test('are never those of another pipeline or of an inbound source', () => {
    fc.assert(
      fc.property(aName, aNumber, aName, aNumber, aName, (one, ones, other, others, source) => {
        fc.pre(one !== other);
        const routers = [...routersOf(one, ones), ...routersOf(other, others), inboundRouter(source)];
        expect(new Set(routers).size).toBe(routers.length);
      }),
    );
  });

  test('name their pipeline, and those of inbound sources only themselves', () => {
    fc.assert(
      fc.property(aName, aNumber, aName, (pipeline, routers, source) => {
        expect(new Set(routersOf(pipeline, routers).map(pipelineOfRouter))).toEqual(new Set([pipeline]));
        expect(pipelineOfRouter(inboundRouter(source))).toBe(inboundRouter(source));
      }),
    );
  });

  test('are one when nothing is said, whatever the pipeline is called', () => {
    expect(routerCount({}, 'orders')).toBe(1);
    expect(routerCount({ routers: { orders: 3 } }, 'orders')).toBe(3);
    expect(routerCount({ routers: { orders: 3 } }, 'constructor')).toBe(1);
  });
});

describe('the router of a dataset', () => {
  test('is always the same one of its pipeline', () => {
    fc.assert(
      fc.property(aName, aNumber, aDataset, (pipeline, routers, dataset) => {
        const router = routerOf(pipeline, routers, dataset);
        expect(routersOf(pipeline, routers)).toContain(router);
        expect(routerOf(pipeline, routers, dataset)).toBe(router);
        expect(routerOf(pipeline, 1, dataset)).toBe(pipeline);
      }),
    );
  });

  test('does not change from one release to the next, so that no dataset is in two routers after an upgrade', () => {
    const datasets = ['lake.shop.orders', 'warehouse.analytics.orders', 'warehouse.marts.daily_revenue'];
    expect(datasets.map((dataset) => routerOf('orders', 4, dataset))).toEqual([
      ...['orders', 'orders-3', 'orders-4'],
    ]);
  });

  test.each(Array.from({ length: MOST_ROUTERS - 1 }, (_, at) => at + 2))(
    'is one of %i with about the same chance, also when the names of the datasets differ in a number only',
    (routers) => {
      for (const name of ['lake.shop.part_', 'warehouse.main.t', 'w.m.']) {
        const counts = new Map(routersOf('p', routers).map((router) => [router, 0]));
        const each = 500;
        for (let at = 0; at < each * routers; at += 1) {
          const router = routerOf('p', routers, `${name}${String(at)}`);
          counts.set(router, (counts.get(router) ?? 0) + 1);
        }
        // Chance alone gives each 500 ± 22.
        for (const count of counts.values()) expect(Math.abs(count - each)).toBeLessThan(5 * Math.sqrt(each));
      }
    },
  );
});

test('events are grouped by the routers of their datasets, each group in the order of the events', () => {
  const anEvent = fc.record({ dataset: fc.constantFrom('a.b.c', 'a.b.d', 'a.b.e', 'x.y.z'), at: fc.nat() });
  fc.assert(
    fc.property(aNumber, fc.array(anEvent), (number, events) => {
      const groups = byRouter({ routers: { p: number } }, 'p', events);
      expect([...groups.values()].flat()).toHaveLength(events.length);
      for (const [router, group] of groups)
        expect(group).toEqual(events.filter(({ dataset }) => routerOf('p', number, dataset) === router));
    }),
  );
});
