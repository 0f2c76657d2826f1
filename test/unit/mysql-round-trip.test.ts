import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ParquetFile } from '../../connectors/parquet/parquet-file.ts';
import type { Column } from '../../pipeline/column.ts';
import type { StageFailure } from '../../pipeline/failure.ts';
import type { CellValue } from '../support/copy-rows.ts';
import { mysqlRow, mysqlSource, TYPE, type MysqlColumn } from '../support/mysql-rows.ts';
import { duckDbType, readWithDuckDb } from '../support/parquet-readers.ts';

const FIRST_MICROS = -62_135_596_800_000_000n;
const LAST_MICROS = 253_402_300_799_999_999n;

interface Case {
  readonly column: MysqlColumn;
  readonly value: fc.Arbitrary<Exclude<CellValue, null>>;
}

function signed(bits: number): fc.Arbitrary<number> {
  return fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
}

const PLAIN: readonly Case[] = [
  { column: { wire: TYPE.tiny, unsigned: false, type: { kind: 'boolean' } }, value: fc.boolean() },
  { column: { wire: TYPE.bit, unsigned: true, type: { kind: 'boolean' } }, value: fc.boolean() },
  { column: { wire: TYPE.tiny, unsigned: false, type: { kind: 'int16' } }, value: signed(8) },
  { column: { wire: TYPE.tiny, unsigned: true, type: { kind: 'int16' } }, value: fc.nat(255) },
  { column: { wire: TYPE.short, unsigned: false, type: { kind: 'int16' } }, value: signed(16) },
  { column: { wire: TYPE.year, unsigned: true, type: { kind: 'int16' } }, value: fc.nat(2155) },
  { column: { wire: TYPE.short, unsigned: true, type: { kind: 'int32' } }, value: fc.nat(65_535) },
  { column: { wire: TYPE.int24, unsigned: false, type: { kind: 'int32' } }, value: signed(24) },
  { column: { wire: TYPE.long, unsigned: false, type: { kind: 'int32' } }, value: signed(32) },
  {
    column: { wire: TYPE.long, unsigned: true, type: { kind: 'int64' } },
    value: fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
  },
  { column: { wire: TYPE.long, unsigned: false, type: { kind: 'int64' } }, value: signed(32).map(BigInt) },
  {
    column: { wire: TYPE.longlong, unsigned: false, type: { kind: 'int64' } },
    value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  },
  // What MySQL computes in a view.
  { column: { wire: TYPE.longlong, unsigned: false, type: { kind: 'int32' } }, value: signed(32) },
  { column: { wire: TYPE.longlong, unsigned: false, type: { kind: 'int16' } }, value: signed(16) },
  { column: { wire: TYPE.longlong, unsigned: true, type: { kind: 'int32' } }, value: fc.nat() },
  {
    column: { wire: TYPE.longlong, unsigned: true, type: { kind: 'int64' } },
    value: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  },
  {
    column: { wire: TYPE.longlong, unsigned: true, type: { kind: 'decimal', precision: 20, scale: 0 } },
    value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  },
  {
    column: { wire: TYPE.bit, unsigned: true, type: { kind: 'int64' } },
    value: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  },
  {
    column: { wire: TYPE.bit, unsigned: true, type: { kind: 'decimal', precision: 20, scale: 0 } },
    value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  },
  { column: { wire: TYPE.float, unsigned: false, type: { kind: 'float32' } }, value: fc.float() },
  { column: { wire: TYPE.double, unsigned: false, type: { kind: 'float64' } }, value: fc.double() },
  {
    column: { wire: TYPE.date, unsigned: false, type: { kind: 'date' } },
    value: fc.integer({ min: -719_162, max: 2_932_896 }),
  },
  {
    column: { wire: TYPE.datetime, unsigned: false, type: { kind: 'timestamp', zoned: false } },
    value: fc.oneof(
      fc.bigInt({ min: FIRST_MICROS, max: LAST_MICROS }),
      fc.constantFrom(FIRST_MICROS, LAST_MICROS, -1n, 0n, 86_400_000_000n, 1_000_000n),
    ),
  },
  {
    column: { wire: TYPE.timestamp, unsigned: false, type: { kind: 'timestamp', zoned: true } },
    value: fc.bigInt({ min: 1_000_000n, max: 2_147_483_647_999_999n }),
  },
  {
    column: { wire: TYPE.string, unsigned: false, type: { kind: 'text' } },
    value: fc.string({ unit: 'binary', maxLength: 300 }).map((text) => text.replaceAll('\0', '')),
  },
  {
    column: { wire: TYPE.json, unsigned: false, type: { kind: 'json' } },
    value: fc.json().map((text) => text.replaceAll('\0', '')),
  },
  {
    column: { wire: TYPE.blob, unsigned: false, type: { kind: 'binary' } },
    value: fc.uint8Array({ maxLength: 300 }),
  },
];

const anyDecimal: fc.Arbitrary<Case> = fc.integer({ min: 1, max: 38 }).chain((precision) =>
  fc.integer({ min: 0, max: precision }).map((scale): Case => {
    const limit = 10n ** BigInt(precision) - 1n;
    return {
      column: { wire: TYPE.decimal, unsigned: false, type: { kind: 'decimal', precision, scale } },
      value: fc.oneof(
        fc.bigInt({ min: -limit, max: limit }),
        fc.constantFrom(0n, 1n, -1n, limit, -limit, limit / 10n),
      ),
    };
  }),
);

const anyTable = fc
  .array(fc.record({ of: fc.oneof(fc.constantFrom(...PLAIN), anyDecimal), nullable: fc.boolean() }), {
    minLength: 1,
    maxLength: 25,
  })
  .chain((fields) =>
    fc.record({
      wire: fc.constant(fields.map(({ of }) => of.column)),
      columns: fc.constant(
        fields.map(({ of, nullable }, at): Column => ({
          name: `column ${String(at)}`,
          type: of.column.type,
          nullable,
        })),
      ),
      rows: fc.array(
        fc.tuple(
          ...fields.map(({ of, nullable }) => (nullable ? fc.option(of.value) : of.value)),
        ) as fc.Arbitrary<CellValue[]>,
        { minLength: 1, maxLength: 60 },
      ),
    }),
  );

async function encode(
  wire: readonly MysqlColumn[],
  columns: readonly Column[],
  rows: readonly (readonly CellValue[])[],
  options: { readonly atOnce?: number; readonly checked?: string[]; readonly zeroDates?: 'as_null' } = {},
): Promise<Uint8Array> {
  const layout = wire.map(({ wire: type, unsigned }) => ({ type, unsigned }));
  const { atOnce = 7, checked = [], zeroDates = 'refuse' } = options;
  const source = mysqlSource(
    rows.map((row) => mysqlRow(wire, row)),
    atOnce,
    { layout, checked, zeroDates },
  );
  const parts: Uint8Array[] = [];
  for await (const part of new ParquetFile('shop.shop.orders', columns, source)) parts.push(part);
  return Buffer.concat(parts);
}

async function refused(
  column: MysqlColumn,
  row: Buffer,
  nullable = true,
  checked: readonly string[] = [],
): Promise<StageFailure> {
  const columns: Column[] = [{ name: 'bad', type: column.type, nullable }];
  const layout = [
    { type: column.wire, unsigned: column.unsigned },
    { type: TYPE.long, unsigned: false },
  ];
  const source = mysqlSource([row], 1, { layout, checked, zeroDates: 'refuse' });
  try {
    for await (const part of new ParquetFile('shop.shop.orders', columns, source)) expect(part).toBeDefined();
  } catch (error) {
    return error as StageFailure;
  }
  throw new Error('nothing was refused');
}

describe('Rows in the binary protocol of MySQL', () => {
  test('come back from Parquet as they were, whatever columns a table has', async () => {
    await fc.assert(
      fc.asyncProperty(anyTable, fc.integer({ min: 1, max: 20 }), async ({ wire, columns, rows }, atOnce) => {
        const file = await encode(wire, columns, rows, { atOnce });
        const read = await readWithDuckDb([file], columns);
        expect(read.types).toEqual(columns.map(duckDbType));
        expect(read.rows).toEqual(rows);
      }),
      { numRuns: 100 },
    );
  });

  test.each([250, 251, 65_535, 65_536, 16_777_215, 16_777_216])(
    'keep a value of %i bytes, at which lengths are written in another way',
    async (size) => {
      const wire: MysqlColumn = { wire: TYPE.blob, unsigned: false, type: { kind: 'binary' } };
      const columns: Column[] = [{ name: 'body', type: wire.type, nullable: false }];
      const file = await encode([wire], columns, [[Buffer.alloc(size, 7)], [Buffer.from('end')]]);
      const { rows } = await readWithDuckDb([file], columns, { select: 'octet_length(c0)::integer' });
      expect(rows).toEqual([[size], [3]]);
    },
  );

  test.each([
    ['an empty date', [0]],
    ['a date of zeros', [4, 0, 0, 0, 0]],
    ['a month that is none', [4, 0xd1, 7, 13, 1]],
    ['a day that is none', [4, 0xd1, 7, 4, 31]],
    ['29 February of a year without one', [4, 0x6c, 7, 2, 29]],
    ['the year 0', [4, 0, 0, 3, 1]],
  ])('are refused for %s, with column, table and cure', async (_, bytes) => {
    const column: MysqlColumn = { wire: TYPE.date, unsigned: false, type: { kind: 'date' } };
    const failure = await refused(column, Buffer.from([0, 0, ...bytes]));
    expect(failure).toMatchObject({ failureClass: 'data_error', facts: { column: 'bad' } });
    expect(failure.message).toContain('shop.shop.orders.bad');
  });

  test('are refused for a NULL in a column without, more digits than declared, another scale, and a lost character', async () => {
    const text: MysqlColumn = { wire: TYPE.string, unsigned: false, type: { kind: 'text' } };
    expect((await refused(text, Buffer.from([0, 4]), false)).message).toContain('a NULL');
    const price: MysqlColumn = {
      wire: TYPE.decimal,
      unsigned: false,
      type: { kind: 'decimal', precision: 5, scale: 2 },
    };
    for (const number of ['1000.00', '1.5', '1', 'x.00']) {
      const row = Buffer.concat([Buffer.from([0, 0, number.length]), Buffer.from(number)]);
      expect((await refused(price, row)).message).toContain(`the number ${number}`);
    }
    const lost = Buffer.concat([Buffer.from([0, 0, 1]), Buffer.from('?'), Buffer.from([1, 0, 0, 0])]);
    expect((await refused(text, lost, true, ['bad'])).message).toContain('Unicode has not');
  });

  test('are refused when a column is sent in another form than its type promises', async () => {
    const column: MysqlColumn = { wire: TYPE.double, unsigned: false, type: { kind: 'int64' } };
    const failure = await refused(column, Buffer.alloc(10));
    expect(failure.failureClass).toBe('data_error');
    expect(failure.message).toContain('shop.shop.orders.bad of type int64 is sent in the form 5');
  });

  test.each([
    ['int16', false, 32_768n],
    ['int16', false, -32_769n],
    ['int32', false, 2n ** 31n],
    ['int32', false, -(2n ** 31n) - 1n],
    ['int32', false, 2n ** 32n],
    ['int32', true, 2n ** 64n - 1n],
    ['int64', true, 2n ** 63n],
  ] as const)(
    'are refused for a number of 64 bits that %s (sent unsigned: %s) cannot hold: %s',
    async (kind, unsigned, number) => {
      const bytes = Buffer.alloc(10);
      bytes.writeBigUInt64LE(BigInt.asUintN(64, number), 2);
      const failure = await refused({ wire: TYPE.longlong, unsigned, type: { kind } }, bytes);
      expect(failure).toMatchObject({ failureClass: 'data_error', facts: { column: 'bad' } });
      expect(failure.message).toContain(`the number ${String(number)},`);
    },
  );
});
