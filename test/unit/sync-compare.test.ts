import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { textExpression } from '../../connectors/redshift/names.ts';
import { keyConditions } from '../../connectors/redshift/sync-keys.ts';
import { canonicalPart, KeyComparison, keyText, type RowKey } from '../../pipeline/sync-compare.ts';
import { labelAt, type Timelabel } from '../../pipeline/timelabel.ts';

const HOUR = 3_600_000;
const labels = [0, 1, 2].map((hour) => labelAt(Date.UTC(2020, 2, 1) + hour * HOUR));

const key: fc.Arbitrary<RowKey> = fc.array(
  fc.option(fc.constantFrom('', 'a', '[null]', '["a"]', '1', 'null')),
  {
    minLength: 1,
    maxLength: 2,
  },
);
const row = fc.tuple(fc.constantFrom(...labels), key);

function keysOf(rows: readonly (readonly [Timelabel, RowKey])[], label: Timelabel): Set<string> {
  return new Set(rows.filter(([own]) => own === label).map(([, one]) => JSON.stringify(one)));
}

function without(keys: ReadonlySet<string>, others: ReadonlySet<string>): Set<string> {
  return new Set([...keys].filter((one) => !others.has(one)));
}

describe('a comparison of keys', () => {
  test('finds exactly the keys that one side has and the other lacks, label by label', () => {
    fc.assert(
      fc.property(fc.array(row), fc.array(row), (source, warehouse) => {
        const comparison = new KeyComparison();
        for (const [label, one] of source) comparison.addSource(label, one);
        for (const [label, one] of warehouse) comparison.addWarehouse(label, one);
        const found = new Map(
          comparison.differences().map((difference) => [difference.timelabel, difference]),
        );
        for (const label of labels) {
          const [left, right] = [keysOf(source, label), keysOf(warehouse, label)];
          const { lostDeletes = [], lostInserts = [] } = found.get(label) ?? {};
          expect(new Set(lostDeletes.map((one) => JSON.stringify(one)))).toEqual(without(right, left));
          expect(new Set(lostInserts.map((one) => JSON.stringify(one)))).toEqual(without(left, right));
          expect(found.has(label)).toBe(without(left, right).size + without(right, left).size > 0);
        }
      }),
    );
  });

  test('shows keys as people write them', () => {
    expect([keyText(['17']), keyText([null]), keyText(['DE', '17'])]).toEqual(['17', 'NULL', '(DE, 17)']);
  });
});

test.each([
  [{ kind: 'decimal', precision: 9, scale: 2 }, '10.50', '10.5'],
  [{ kind: 'decimal', precision: 9, scale: 2 }, '100.00', '100'],
  [{ kind: 'decimal', precision: 9, scale: 0 }, '100', '100'],
  [{ kind: 'decimal', precision: 9, scale: 2 }, '-0.00', '0'],
  [{ kind: 'timestamp', zoned: true }, '2020-03-01 01:02:03.120+00', '2020-03-01 01:02:03.12'],
  [{ kind: 'timestamp', zoned: false }, '2020-03-01 01:02:00.000', '2020-03-01 01:02:00'],
  [{ kind: 'timestamp', zoned: false }, '2020-03-01 01:02:10', '2020-03-01 01:02:10'],
  [{ kind: 'boolean' }, 't', 'true'],
  [{ kind: 'uuid' }, 'A0EE', 'a0ee'],
  [{ kind: 'text' }, 'a  ', 'a  '],
  [{ kind: 'int64' }, '100', '100'],
] as const)('a value of %j written %s is read as %s', (type, written, read) => {
  expect(canonicalPart(type, false, written)).toBe(read);
});

/** What PostgreSQL and Redshift make of the expression: literals and CHR calls, joined. */
function evaluate(sql: string): string {
  let rest = sql;
  let text = '';
  while (rest !== '') {
    const piece = /^(?:'((?:[^'\\]|'')*)'|CHR\((\d+)\))(?: \|\| |$)/u.exec(rest);
    if (piece === null) throw new Error(`Neither a literal nor a code: ${rest}`);
    text +=
      piece[2] === undefined ? (piece[1] ?? '').replaceAll("''", "'") : String.fromCharCode(Number(piece[2]));
    rest = rest.slice(piece[0].length);
  }
  return text;
}

describe('a key in SQL of the warehouse', () => {
  test('is a text and nothing else, whatever it holds', () => {
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom("'", '\\', '\n', ';', '-', 'x'), fc.string({ maxLength: 1 })),
    });
    fc.assert(
      fc.property(text, (value) => {
        fc.pre(!value.includes('\u0000') && value.isWellFormed());
        expect(evaluate(textExpression(value))).toBe(value);
      }),
    );
  });

  test('is compared in statements that the service takes, each key in one of them', () => {
    const columns = [{ name: 'id "x', type: { kind: 'text' }, nullable: true }] as const;
    const keys = Array.from({ length: 1_200 }, (_, at) => [`${String(at)}${"'".repeat(200)}`]);
    const conditions = keyConditions(columns, keys);
    expect(conditions.join(' OR ').match(/"id ""x" = '/g)).toHaveLength(1_200);
    for (const condition of conditions) expect(Buffer.byteLength(condition)).toBeLessThan(90_000);
    expect(conditions.length).toBeGreaterThan(2);
  });
});
