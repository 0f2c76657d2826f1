import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readKeyPart } from '../../connectors/mysql/key-text.ts';
import type { ColumnType } from '../../pipeline/column.ts';
import { canonicalPart } from '../../pipeline/sync-compare.ts';

const INT16: ColumnType = { kind: 'int16' };
const INT64: ColumnType = { kind: 'int64' };
const DECIMAL: ColumnType = { kind: 'decimal', precision: 9, scale: 2 };
const WALL: ColumnType = { kind: 'timestamp', zoned: false };
const INSTANT: ColumnType = { kind: 'timestamp', zoned: true };

describe('A key that a person wrote', () => {
  test.each<[ColumnType, string, string]>([
    [INT16, ' +007', '7'],
    [INT16, '-32768', '-32768'],
    [INT64, '-9223372036854775808', '-9223372036854775808'],
    [{ kind: 'decimal', precision: 20, scale: 0 }, '18446744073709551615', '18446744073709551615'],
    [DECIMAL, '-0.00', '0'],
    [DECIMAL, '-.5000', '-0.5'],
    [DECIMAL, '0001234567.', '1234567'],
    [{ kind: 'boolean' }, 'T', 'true'],
    [{ kind: 'boolean' }, '0', 'false'],
    [{ kind: 'date' }, '2020-02-29', '2020-02-29'],
    [WALL, '2020-03-01T02:30', '2020-03-01 02:30:00'],
    [WALL, '0001-01-01', '0001-01-01 00:00:00'],
    [WALL, '1969-12-31 23:59:59.999990', '1969-12-31 23:59:59.99999'],
    [INSTANT, '2020-03-01 00:30:00.000001+02:00', '2020-02-29 22:30:00.000001+00'],
    [INSTANT, '2020-03-01 00:30', '2020-03-01 00:30:00+00'],
    [INSTANT, '2020-03-01T00:30Z', '2020-03-01 00:30:00+00'],
    [INSTANT, '2020-03-01 00:30-0330', '2020-03-01 04:00:00+00'],
    [{ kind: 'uuid' }, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    [{ kind: 'text' }, ' a\n', ' a\n'],
  ])('of the type %j is read: %j', (type, text, read) => {
    expect(readKeyPart(type, text)).toBe(read);
  });

  test.each<[ColumnType, string]>([
    [INT16, '32768'],
    [INT16, '1.0'],
    [INT16, ''],
    [INT16, '0x10'],
    [INT16, '1e3'],
    [INT64, '9223372036854775808'],
    [DECIMAL, '12345678'],
    [DECIMAL, '1.005'],
    [DECIMAL, '.'],
    [DECIMAL, ''],
    [DECIMAL, '1.2.3'],
    [DECIMAL, 'NaN'],
    [{ kind: 'boolean' }, '2'],
    [{ kind: 'date' }, '2021-02-29'],
    [{ kind: 'date' }, '2020-03-01 01:00'],
    [{ kind: 'date' }, '0000-00-00'],
    [WALL, '2020-03-01 25:00'],
    [WALL, '2020-03-01 00:00Z'],
    [WALL, '2020-03-01 00:00:00.1234567'],
    [WALL, 'today'],
    [{ kind: 'uuid' }, 'a0eebc99'],
    [{ kind: 'float64' }, '1'],
  ])('of the type %j is refused where MySQL would find another row: %j', (type, text) => {
    expect(readKeyPart(type, text)).toBeUndefined();
  });

  test('is the value that the databases compare, however many zeros it was written with', () => {
    const value = fc.tuple(fc.bigInt({ min: -999_999_999n, max: 999_999_999n }), fc.nat({ max: 3 }));
    fc.assert(
      fc.property(value, ([unscaled, zeros]) => {
        const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(3, '0');
        const stored = `${unscaled < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
        const read = readKeyPart(DECIMAL, `${stored}${'0'.repeat(zeros)}`) ?? null;
        expect(canonicalPart(DECIMAL, false, read)).toBe(canonicalPart(DECIMAL, false, stored));
      }),
    );
  });
});
