import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { csvLine, csvRecords } from '../../connectors/salesforce/csv.ts';
import { classOf, toSalesforceFailure } from '../../connectors/salesforce/failures.ts';
import { misfit, type FieldDescription } from '../../connectors/salesforce/field-fit.ts';
import { fieldValue, plainDecimal } from '../../connectors/salesforce/field-value.ts';
import { formatCsv, parseCsv } from '../../local/salesforce/csv.ts';
import type { ColumnType } from '../../pipeline/column.ts';

const field = (type: string, more: Partial<FieldDescription> = {}): FieldDescription => ({
  name: 'F__c',
  type,
  createable: true,
  updateable: true,
  externalId: false,
  idLookup: false,
  scale: 2,
  ...more,
});
const TEXT: ColumnType = { kind: 'text' };
const DECIMAL: ColumnType = { kind: 'decimal', precision: 38, scale: 10 };
const INSTANT: ColumnType = { kind: 'timestamp', zoned: true };

describe('what is sent for a value', () => {
  test.each<[string | null, ColumnType, FieldDescription, string]>([
    [null, TEXT, field('string'), '#N/A'],
    ['1.500', DECIMAL, field('currency'), '1.5'],
    ['-0.00', DECIMAL, field('double'), '0'],
    ['1e+21', { kind: 'float64' }, field('double'), '1000000000000000000000'],
    ['1e-06', { kind: 'float64' }, field('double', { scale: 6 }), '0.000001'],
    ['9007199254740991', { kind: 'int64' }, field('double'), '9007199254740991'],
    ['9223372036854775807', { kind: 'int64' }, field('string'), '9223372036854775807'],
    ['true', { kind: 'boolean' }, field('boolean'), 'true'],
    ['2024-02-29', { kind: 'date' }, field('date'), '2024-02-29'],
    ['2024-07-01 02:00:00+05:30', INSTANT, field('datetime'), '2024-06-30T20:30:00.000Z'],
    ['2024-07-01 02:00:00.000000-03', INSTANT, field('datetime'), '2024-07-01T05:00:00.000Z'],
    ['2024-07-01T02:00:00.000+02:00', TEXT, field('datetime'), '2024-07-01T00:00:00.000Z'],
    ['2024-07-01T02:00:00Z', TEXT, field('datetime'), '2024-07-01T02:00:00.000Z'],
    ['a\n\tb, "c" 😀', TEXT, field('textarea'), 'a\n\tb, "c" 😀'],
  ])('%j of %j for %j is %j', (value, type, into, text) => {
    expect(fieldValue(value, type, into)).toEqual({ text });
  });

  test.each<[string | null, ColumnType, FieldDescription, RegExp]>([
    [null, { kind: 'boolean' }, field('boolean'), /checkbox/],
    ['', TEXT, field('string'), /NULLIF/],
    ['#N/A', TEXT, field('string'), /stands for NULL/],
    [' a', TEXT, field('textarea'), /TRIM/],
    ['a\u00a0', TEXT, field('textarea'), /TRIM/],
    ['a\nb', TEXT, field('string'), /line end/],
    ['a\r\nb', TEXT, field('textarea'), /control/],
    ['a\u0007b', TEXT, field('textarea'), /control/],
    ['1.005', DECIMAL, field('currency'), /2 digits/],
    ['1.5', DECIMAL, field('int'), /0 digits/],
    ['9007199254740993', { kind: 'int64' }, field('double'), /more digits/],
    ['NaN', { kind: 'float64' }, field('double'), /no number field/],
    ['Infinity', { kind: 'float64' }, field('double'), /no number field/],
    ['2024-01-01 00:00:00.000001+00', INSTANT, field('datetime'), /whole seconds/],
    ['infinity', INSTANT, field('datetime'), /no time/],
    ['2024-07-01 02:00:00', TEXT, field('datetime'), /no time/],
    ['2023-02-29 02:00:00+00', TEXT, field('datetime'), /no time/],
    ['2024-07-01 24:00:00+00', TEXT, field('datetime'), /no time/],
    ['0044-03-15 BC', { kind: 'date' }, field('date'), /1700/],
    ['4001-01-01', { kind: 'date' }, field('date'), /1700/],
    ['1699-12-31 23:59:59+00', INSTANT, field('datetime'), /1700/],
  ])('%j of %j for %j is refused', (value, type, into, why) => {
    expect(fieldValue(value, type, into)).toEqual({ refused: expect.stringMatching(why) });
  });

  test('a number is written without exponent and stays the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const plain = plainDecimal(String(number));
        expect(plain).toMatch(/^-?\d+(\.\d*[1-9])?$/);
        expect(Number(plain)).toBe(number === 0 ? 0 : number);
      }),
    );
  });

  test('an instant stays the same instant in every zone', () => {
    const second = fc.integer({ min: -8_000_000_000, max: 60_000_000_000 });
    fc.assert(
      fc.property(second, fc.integer({ min: -14 * 60, max: 14 * 60 }), (at, offset) => {
        const local = new Date((at + offset * 60) * 1000).toISOString().slice(0, 19).replace('T', ' ');
        const hours = String(Math.trunc(Math.abs(offset) / 60)).padStart(2, '0');
        const minutes = String(Math.abs(offset) % 60).padStart(2, '0');
        const made = fieldValue(
          `${local}${offset < 0 ? '-' : '+'}${hours}:${minutes}`,
          INSTANT,
          field('datetime'),
        );
        expect(made).toEqual({ text: new Date(at * 1000).toISOString() });
      }),
    );
  });
});

describe('which fields hold which columns', () => {
  test.each<[ColumnType, string, RegExp | undefined]>([
    [TEXT, 'picklist', undefined],
    [DECIMAL, 'percent', undefined],
    [INSTANT, 'datetime', undefined],
    [TEXT, 'datetime', undefined],
    [TEXT, 'date', /does not hold text/],
    [TEXT, 'double', /does not hold text/],
    [{ kind: 'binary' }, 'string', /no bytes/],
    [{ kind: 'float64' }, 'string', /does not hold/],
    [{ kind: 'timestamp', zoned: false }, 'datetime', /AT TIME ZONE/],
    [TEXT, 'base64', /does not hold/],
  ])('%j into %s', (type, into, why) => {
    const found = misfit(type, field(into));
    if (why === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(why);
  });
});

describe('CSV', () => {
  const value = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ';', '|', '\t', ' ', '😀') });
  const table = fc.array(fc.array(value, { minLength: 3, maxLength: 3 }));

  test('what is written is what the org reads', () => {
    fc.assert(
      fc.property(table, (rows) => {
        expect(parseCsv(rows.map(csvLine).join(''), '\n')).toEqual(rows);
      }),
    );
  });

  test('what the org writes is what is read', () => {
    fc.assert(
      fc.property(table, (rows) => {
        const records = csvRecords(formatCsv([['x', 'y', 'z'], ...rows]));
        expect(records.map(({ x, y, z }) => [x, y, z])).toEqual(rows);
      }),
    );
  });
});

describe('failures', () => {
  test.each([
    [{ name: 'REQUEST_LIMIT_EXCEEDED', message: 'm', errorCode: 'REQUEST_LIMIT_EXCEEDED' }, 'throttled'],
    [{ name: 'invalid_grant', message: 'm' }, 'unauthorized'],
    [{ name: 'FetchError', message: 'm', code: 'ECONNREFUSED' }, 'unavailable'],
    [{ name: 'Error', message: 'Unable to refresh session due to: [inactive_user] m' }, 'unauthorized'],
    [{ name: 'ERROR_HTTP_503', message: '<html>' }, 'unavailable'],
    [{ name: 'SOMETHING_NEW', message: 'm' }, 'rejected'],
    ['text', 'rejected'],
  ])('%j is %s', (error, failureClass) => {
    expect(toSalesforceFailure(error, '"crm"', 'do it')).toMatchObject({ failureClass });
  });

  test('a job is classified by the code at the head of its message', () => {
    expect(classOf('InvalidBatch')).toBe('invalid_config');
    expect(classOf('TooManyLockFailure')).toBe('conflict');
    expect(classOf('ExceededQuota')).toBe('throttled');
  });
});
