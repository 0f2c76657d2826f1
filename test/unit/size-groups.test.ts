import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sizeGroups } from '../../pipeline/size-groups.ts';

test('groups keep the order and the limits, none is empty, and the next item would not have fitted', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 60 });
  fc.assert(
    fc.property(
      sizes,
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 1, max: 5 }),
      (items, size, count) => {
        const groups = sizeGroups(items, (item) => item, { size, count });
        expect(groups.flat()).toEqual(items);
        const sum = (group: readonly number[]): number => group.reduce((all, one) => all + one, 0);
        groups.forEach((group, at) => {
          expect(group.length).toBeGreaterThan(0);
          expect(group.length).toBeLessThanOrEqual(count);
          if (group.length > 1) expect(sum(group)).toBeLessThanOrEqual(size);
          const next = groups[at + 1]?.[0];
          if (next !== undefined) expect(group.length === count || sum(group) + next > size).toBe(true);
        });
      },
    ),
  );
});
