import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CsvBuffer } from '../../connectors/csv/csv-buffer.ts';
import { writeBigDecimal } from '../../connectors/csv/number-text.ts';
import { MAX_NUMERIC_BYTES, writeNumeric128 } from '../../connectors/parquet/numeric-field.ts';
import { numericToBigInt } from '../../connectors/parquet/wire-numeric.ts';

const LARGEST = 10n ** 38n - 1n;

/** Values of every length, many of them where a double stops being exact or where all digits are the same. */
const unscaled = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(2n ** 53n, 2n ** 63n, 2n ** 64n, 0n),
      fc.nat({ max: 38 }).map((digits) => 10n ** BigInt(digits)),
      fc.bigInt({ min: 0n, max: LARGEST }),
    ),
    fc.integer({ min: -20_000, max: 20_000 }),
    fc.boolean(),
  )
  .map(([value, offset, negative]) => (negative ? -1n : 1n) * (value + BigInt(offset)))
  .filter((value) => value >= -LARGEST && value <= LARGEST);
const scales = fc.nat({ max: 38 });

describe('A decimal of any length and scale', () => {
  test('is the same integer after it came from the wire', () => {
    fc.assert(
      fc.property(unscaled, scales, (value, scale) => {
        const view = new DataView(new ArrayBuffer(MAX_NUMERIC_BYTES + 16));
        view.setBigInt64(MAX_NUMERIC_BYTES, value >> 64n);
        view.setBigUint64(MAX_NUMERIC_BYTES + 8, BigInt.asUintN(64, value));
        writeNumeric128(view, 0, view, MAX_NUMERIC_BYTES, scale);
        expect(numericToBigInt(view, 0, scale)).toBe(value);
      }),
      { numRuns: 2_000 },
    );
  });

  test('is the same text as its digits with a point in them', () => {
    fc.assert(
      fc.property(unscaled, scales, (value, scale) => {
        const to = new CsvBuffer();
        writeBigDecimal(to, value, scale);
        const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
        const point = digits.length - scale;
        const text = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
        expect(to.take().toString('latin1')).toBe((value < 0n ? '-' : '') + text);
      }),
      { numRuns: 2_000 },
    );
  });
});
