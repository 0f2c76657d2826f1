import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_LIMITS, ParquetFile, type ParquetLimits } from '../../connectors/parquet/parquet-file.ts';
import { textRows } from '../../connectors/parquet/text-rows.ts';
import type { Column } from '../../pipeline/column.ts';
import { copyRow, copySource, type CellValue } from '../support/copy-rows.ts';
import { anyLimits, anyTable } from '../support/drawn-tables.ts';
import { duckDbType, readWithDuckDb, readWithHyparquet } from '../support/parquet-readers.ts';

/** Encodes all rows, into as many files as the limits make of them. */
async function encode(
  columns: readonly Column[],
  rows: readonly (readonly CellValue[])[],
  limits: ParquetLimits,
  atOnce: number,
  compression: 'zstd' | 'snappy' = 'zstd',
): Promise<Uint8Array[]> {
  const types = columns.map(({ type }) => type);
  const source = copySource(
    rows.map((row) => copyRow(types, row)),
    atOnce,
  );
  const files: Uint8Array[] = [];
  while (await source.more()) {
    const file = new ParquetFile('shop.public.orders', columns, source, { limits, compression });
    const parts: Uint8Array[] = [];
    for await (const part of file) parts.push(part);
    files.push(Buffer.concat(parts));
    expect(file.bytes).toBe(files.at(-1)?.length);
  }
  return files;
}

async function expectRead(
  files: readonly Uint8Array[],
  columns: readonly Column[],
  rows: readonly (readonly CellValue[])[],
): Promise<void> {
  const duckDb = await readWithDuckDb(files, columns);
  expect(duckDb.types).toEqual(columns.map(duckDbType));
  expect(duckDb.rows).toEqual(rows);
  const read = await Promise.all(files.map((file) => readWithHyparquet(file, columns)));
  expect(read.flat()).toEqual(rows);
}

describe('Parquet files', () => {
  test('hold rows of texts, NULL apart from the empty text', async () => {
    const cell = fc.option(fc.string({ unit: 'grapheme' }));
    const columns: Column[] = ['a', 'b'].map((name) => ({ name, type: { kind: 'text' }, nullable: true }));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1 }), async (rows) => {
        const parts: Uint8Array[] = [];
        for await (const part of new ParquetFile('failed', columns, textRows(rows))) parts.push(part);
        expect(await readWithHyparquet(Buffer.concat(parts), columns)).toEqual(rows);
      }),
      { numRuns: 20 },
    );
  });

  test('two independent readers give back every row of every type, whatever pages, row groups and files they fill and whichever way these are compressed', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyTable,
        anyLimits,
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom('zstd' as const, 'snappy' as const),
        async (table, limits, atOnce, compression) => {
          const files = await encode(table.columns, table.rows, limits, atOnce, compression);
          await expectRead(files, table.columns, table.rows);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('full pages and row groups keep the order, the NULLs and the empty strings', async () => {
    const columns: Column[] = [
      { name: 'id', type: { kind: 'int64' }, nullable: false },
      { name: 'note', type: { kind: 'text' }, nullable: true },
      { name: 'paid', type: { kind: 'boolean' }, nullable: true },
    ];
    const rows = Array.from({ length: 70_001 }, (_, at): CellValue[] => [
      BigInt(at),
      at % 3 === 0
        ? null
        : at % 3 === 1
          ? ''
          : `a note that is long enough to make its page grow: ${String(at)}`,
      at % 5 === 0 ? null : at % 2 === 0,
    ]);
    const files = await encode(columns, rows, DEFAULT_LIMITS, 1_000);
    expect(files).toHaveLength(1);
    await expectRead(files, columns, rows);
  });

  test('a value of many megabytes and the short ones around it are read back', async () => {
    const columns: Column[] = [{ name: 'body', type: { kind: 'text' }, nullable: false }];
    const rows = ['before', 'long '.repeat(4_000_000), 'after', ''].map((text) => [text]);
    const [file = new Uint8Array()] = await encode(columns, rows, DEFAULT_LIMITS, 10);
    const { rows: read } = await readWithDuckDb([file], columns);
    // Compared by equality alone: a message with both texts would fill the screen.
    expect(read.map(([text], at) => text === rows[at]?.[0])).toEqual([true, true, true, true]);
  });
});
