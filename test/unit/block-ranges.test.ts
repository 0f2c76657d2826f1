import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { blockCondition, splitBlocks } from '../../connectors/postgres/block-ranges.ts';

describe('The ranges of a table', () => {
  const sizes = fc.nat({ max: 0xffff_ffff });
  const counts = fc.integer({ min: 1, max: 9 });

  test('hold every block of any table in exactly one of them, behind its present end, too', () => {
    fc.assert(
      fc.property(sizes, counts, sizes, (blocks, count, block) => {
        const ranges = splitBlocks(blocks, count);
        const holding = ranges.filter(({ from, to }) => block >= from && (to === undefined || block < to));
        expect(holding).toHaveLength(1);
        expect(ranges.slice(1).map(({ from }) => from)).toEqual(ranges.slice(0, -1).map(({ to }) => to));
        expect([ranges[0]?.from, ranges.at(-1)?.to]).toEqual([0, undefined]);
      }),
    );
  });

  test('are as many as wanted, none without a block, and differ by one block at most', () => {
    fc.assert(
      fc.property(sizes, counts, (blocks, count) => {
        const ranges = splitBlocks(blocks, count);
        const lengths = ranges.map(({ from, to = blocks }) => to - from);
        expect(ranges).toHaveLength(Math.max(1, Math.min(blocks, count)));
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
        expect(Math.min(...lengths)).toBeGreaterThanOrEqual(Math.min(blocks, 1));
      }),
    );
  });

  test('are conditions on the places of rows, and none for the whole table', () => {
    expect(splitBlocks(10, 1).map(blockCondition)).toEqual(['']);
    expect(splitBlocks(10, 3).map(blockCondition)).toEqual([
      ` where ctid < '(3,0)'::pg_catalog.tid`,
      ` where ctid >= '(3,0)'::pg_catalog.tid and ctid < '(6,0)'::pg_catalog.tid`,
      ` where ctid >= '(6,0)'::pg_catalog.tid`,
    ]);
  });
});
