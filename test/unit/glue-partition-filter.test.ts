import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GlueFault } from '../../local/glue/fault.ts';
import { partitionFilter } from '../../local/glue/partition-filter.ts';

const KEYS = [
  { Name: 'timelabel', Type: 'string' },
  { Name: 'Year', Type: 'int' },
  { Name: 'price', Type: 'decimal(38,20)' },
  { Name: 'day', Type: 'date' },
  { Name: 'at', Type: 'timestamp' },
  { Name: 'ratio', Type: 'double' },
];
const VALUES = ['20010105080000', '9', '1.50', '2001-01-05', '2001-01-05 08:00:00.5', '0.1'];

function matches(expression: string, values: readonly string[] = VALUES): boolean {
  return partitionFilter(expression, KEYS)(values);
}

function refusal(expression: string, values: readonly string[] = VALUES): string {
  try {
    matches(expression, values);
  } catch (error) {
    if (error instanceof GlueFault) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('a partition expression', () => {
  test.each([
    ["timelabel = '20010105080000'", true],
    ["timelabel <> '20010105080000'", false],
    ["timelabel != '20010105090000'", true],
    ["timelabel >= '20010105000000' AND timelabel < '20010106000000'", true],
    ["timelabel between '20010105080000' and '20010105080000'", true],
    ["timelabel NOT BETWEEN '20010105000000' AND '20010105070000'", true],
    ["timelabel IN ('a', '20010105080000')", true],
    ["timelabel not in ('a', 'b')", true],
    ["timelabel LIKE '20010105%'", true],
    ["timelabel LIKE '2001010_080000'", true],
    ["timelabel LIKE '2001.105080000'", false],
    ["timelabel NOT LIKE '1999%'", true],
    ['timelabel = 20010105080000', true],
    ['timelabel IS NULL', false],
    ['timelabel IS NOT NULL', true],
    ['"timelabel" = \'x\' OR `year` = 9', true],
  ])('%s is %s', (expression, expected) => {
    expect(matches(expression)).toBe(expected);
  });

  test('compares by the type of the key, not by its text', () => {
    expect(matches('year < 10')).toBe(true);
    expect(matches("year < '10'")).toBe(true);
    expect(matches('10 > year')).toBe(true);
    expect(matches('price = 1.5')).toBe(true);
    expect(matches('price > 1.49999999999999999999')).toBe(true);
    expect(matches("day = DATE '2001-01-05' AND day < '2001-02-01'")).toBe(true);
    expect(matches("at = '2001-01-05 08:00:00.500'")).toBe(true);
    expect(matches("at > TIMESTAMP '2001-01-05 08:00:00'")).toBe(true);
  });

  test('binds NOT closer than AND, and AND closer than OR, unless parentheses say otherwise', () => {
    expect(matches("year = 9 OR year = 1 AND timelabel = 'x'")).toBe(true);
    expect(matches("(year = 9 OR year = 1) AND timelabel = 'x'")).toBe(false);
    expect(matches('NOT year = 1 AND year = 9')).toBe(true);
    expect(matches('NOT (year = 9 OR year = 1)')).toBe(false);
  });

  test('takes a doubled quote as a quote', () => {
    expect(matches("timelabel = 'it''s'", ["it's", ...VALUES.slice(1)])).toBe(true);
  });

  test.each([
    'nothere = 1',
    'year',
    'year =',
    'year = 1 AND',
    '(year = 1',
    'year = 1)',
    'year = abc',
    "year = 'abc'",
    'year = 1.5',
    "day = '2001-02-30'",
    "at = '2001-01-05'",
    "year LIKE '9%'",
    'ratio = 0.1',
    'year + 1 = 10',
    "upper(timelabel) = 'X'",
    "timelabel = 'open",
    'year IN ()',
    `${'('.repeat(500)}year = 1${')'.repeat(500)}`,
  ])('%s is refused as invalid input', (expression) => {
    expect(refusal(expression)).toBe('InvalidInputException');
  });

  test('reports a stored value that is not of its type as an invalid state, as the service does', () => {
    expect(refusal('year >= 0', ['a', 'null', ...VALUES.slice(2)])).toBe('InvalidStateException');
  });

  test('finds any text that it is asked for, whatever characters the text has', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (value, other) => {
        const quoted = `'${value.replaceAll("'", "''")}'`;
        const filter = partitionFilter(`timelabel = ${quoted}`, KEYS);
        expect(filter([value])).toBe(true);
        expect(filter([other])).toBe(other === value);
        const escaped = value.replace(/[\\%_]/g, '\\$&').replaceAll("'", "''");
        expect(partitionFilter(`timelabel LIKE '${escaped}'`, KEYS)([value])).toBe(true);
      }),
    );
  });

  test('orders whole numbers as numbers', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), (left, right) => {
        const values = ['', String(left)];
        expect(partitionFilter(`year < ${String(right)}`, KEYS)(values)).toBe(left < right);
        expect(partitionFilter(`year >= ${String(right)}`, KEYS)(values)).toBe(left >= right);
      }),
    );
  });

  test('without text accepts everything', () => {
    expect(partitionFilter(undefined, KEYS)(VALUES)).toBe(true);
    expect(partitionFilter('  ', KEYS)(VALUES)).toBe(true);
  });
});
