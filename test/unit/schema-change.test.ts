import { describe, expect, test } from '@jest/globals';
import type { Column } from '../../pipeline/column.ts';
import { schemaChanges } from '../../pipeline/schema-change.ts';

const id: Column = { name: 'id', type: { kind: 'int64' }, nullable: false };
const price: Column = { name: 'price', type: { kind: 'decimal', precision: 12, scale: 2 }, nullable: true };
const note: Column = { name: 'note', type: { kind: 'text' }, nullable: true };

describe('the difference between what was known and what a run saw', () => {
  test('a dataset that was never seen is one new table', () => {
    expect(schemaChanges(null, [id, note])).toEqual([
      { change: 'TABLE_ADDED', before: [], after: [id, note] },
    ]);
  });

  test('equal columns, in whatever order, are no change', () => {
    expect(schemaChanges([id, price, note], [note, id, price])).toEqual([]);
  });

  test('whether a column may be null is no change', () => {
    expect(schemaChanges([id], [{ ...id, nullable: true }])).toEqual([]);
  });

  test('additions, removals and new types are one event each, with both lists', () => {
    const wide: Column = { ...price, type: { kind: 'decimal', precision: 14, scale: 2 } };
    const before = [id, price];
    const after = [wide, note];
    expect(schemaChanges(before, after)).toEqual([
      { change: 'COLUMN_ADDED', before, after },
      { change: 'COLUMN_REMOVED', before, after },
      { change: 'COLUMN_TYPE_CHANGED', before, after },
    ]);
  });

  test('a timestamp that loses its zone has another type', () => {
    const zoned: Column = { name: 'at', type: { kind: 'timestamp', zoned: true }, nullable: true };
    const changes = schemaChanges([zoned], [{ ...zoned, type: { kind: 'timestamp', zoned: false } }]);
    expect(changes.map(({ change }) => change)).toEqual(['COLUMN_TYPE_CHANGED']);
  });
});
