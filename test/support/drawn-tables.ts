import fc from 'fast-check';
import type { ParquetLimits } from '../../connectors/parquet/parquet-file.ts';
import { PLAIN_KINDS, type Column, type ColumnType } from '../../pipeline/column.ts';
import type { CellValue } from './copy-rows.ts';

/** Microseconds since 1970 of the years 1 to 9999. */
const FIRST_MICROS = -62_135_596_800_000_000n;
const LAST_MICROS = 253_402_300_799_999_999n;

/** Any value that a column of the type can hold. */
function valueOf(type: ColumnType): fc.Arbitrary<Exclude<CellValue, null>> {
  switch (type.kind) {
    case 'boolean':
      return fc.boolean();
    case 'int16':
      return fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 });
    case 'int32':
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    case 'int64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case 'float32':
      return fc.float();
    case 'float64':
      return fc.double();
    case 'date':
      return fc.integer({ min: -719_162, max: 2_932_896 });
    case 'text':
    case 'json':
      return fc.string({ unit: 'binary', maxLength: 60 }).map((text) => text.replaceAll('\0', ''));
    case 'uuid':
      return fc.uuid();
    case 'binary':
      return fc.uint8Array({ maxLength: 60 });
    case 'timestamp':
      return fc.bigInt({ min: FIRST_MICROS, max: LAST_MICROS });
    case 'decimal': {
      const limit = 10n ** BigInt(type.precision) - 1n;
      return fc.oneof(fc.bigInt({ min: -limit, max: limit }), fc.constantFrom(0n, 1n, -1n, limit, -limit));
    }
  }
}

const anyType: fc.Arbitrary<ColumnType> = fc.oneof(
  fc.constantFrom(...PLAIN_KINDS).map((kind) => ({ kind })),
  fc.boolean().map((zoned) => ({ kind: 'timestamp' as const, zoned })),
  fc
    .integer({ min: 1, max: 38 })
    .chain((precision) =>
      fc.integer({ min: 0, max: precision }).map((scale) => ({ kind: 'decimal' as const, precision, scale })),
    ),
);

/** Columns of any types, and rows of them. */
export const anyTable = fc
  .array(fc.record({ type: anyType, nullable: fc.boolean() }), { minLength: 1, maxLength: 20 })
  .map((fields) => fields.map((field, at): Column => ({ name: `column ${String(at)}`, ...field })))
  .chain((columns) =>
    fc.record({
      columns: fc.constant(columns),
      rows: fc.array(
        fc.tuple(
          ...columns.map(({ type, nullable }) => (nullable ? fc.option(valueOf(type)) : valueOf(type))),
        ) as fc.Arbitrary<CellValue[]>,
        { minLength: 1, maxLength: 60 },
      ),
    }),
  );

/** Limits that make small tables fill many pages, row groups and files. */
export const anyLimits: fc.Arbitrary<ParquetLimits> = fc.record({
  pageBytes: fc.integer({ min: 1, max: 2_000 }),
  groupRows: fc.integer({ min: 1, max: 40 }),
  groupBytes: fc.integer({ min: 1, max: 4_000 }),
  fileRows: fc.integer({ min: 1, max: 60 }),
  fileBytes: fc.integer({ min: 100, max: 10_000 }),
});
