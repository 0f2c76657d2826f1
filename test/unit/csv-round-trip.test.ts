import { gzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CopyText } from '../../connectors/csv/copy-text.ts';
import {
  CsvFile,
  DEFAULT_CSV_LIMITS,
  type CsvLimits,
  type RowSource,
} from '../../connectors/csv/csv-file.ts';
import { readText, type CsvSource } from '../../connectors/csv/read-text.ts';
import { TupleReader } from '../../connectors/parquet/tuple-reader.ts';
import type { Column, ColumnType } from '../../pipeline/column.ts';
import { copyRow, copySource, type CellValue } from '../support/copy-rows.ts';
import { readCsvWithDuckDb } from '../support/csv-readers.ts';
import { anyTable } from '../support/drawn-tables.ts';

const ENDINGS = { zstd: 'csv.zst', gzip: 'csv.gz' } as const;
type CsvCompression = keyof typeof ENDINGS;

function sourceOf(
  columns: readonly Column[],
  rows: readonly (readonly CellValue[])[],
  atOnce: number,
): RowSource {
  const types = columns.map(({ type }) => type);
  const source = copySource(
    rows.map((row) => copyRow(types, row)),
    atOnce,
  );
  return {
    more: () => source.more(),
    take: (onRow) => {
      source.take(onRow);
    },
    openReader: (table, all, into) => new TupleReader(table, all, into),
  };
}

/** Encodes all rows, into as many files as the limits make of them. */
async function encode(
  columns: readonly Column[],
  rows: readonly (readonly CellValue[])[],
  compression: CsvCompression = 'zstd',
  limits: CsvLimits = DEFAULT_CSV_LIMITS,
  atOnce = 10,
): Promise<Uint8Array[]> {
  const source = sourceOf(columns, rows, atOnce);
  const files: Uint8Array[] = [];
  while (await source.more()) {
    const file = new CsvFile('shop.public.orders', columns, source, compression, limits);
    const parts: Uint8Array[] = [];
    for await (const part of file) parts.push(part);
    files.push(Buffer.concat(parts));
    expect(file.bytes).toBe(files.at(-1)?.length);
  }
  return files;
}

async function textOf(type: ColumnType, ...values: readonly CellValue[]): Promise<string> {
  const columns = [{ name: 'v', type, nullable: true }];
  const [file = new Uint8Array()] = await encode(
    columns,
    values.map((value) => [value]),
  );
  return zstdDecompressSync(file).toString();
}

const anyLimits: fc.Arbitrary<CsvLimits> = fc.record({
  fileRows: fc.integer({ min: 1, max: 60 }),
  textBytes: fc.integer({ min: 1, max: 1_000_000 }),
  fileBytes: fc.integer({ min: 1, max: 10_000 }),
});

/** CSV refuses a binary value without bytes and a text that is the sign of NULL. */
function isHeld(value: CellValue): boolean {
  return value !== '\\N' && !(value instanceof Uint8Array && value.length === 0);
}

describe('CSV files', () => {
  test('an independent reader gives back every row of every type, whatever files they fill', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyTable.filter(({ rows }) => rows.every((row) => row.every(isHeld))),
        anyLimits,
        fc.constantFrom<CsvCompression>('zstd', 'gzip'),
        fc.integer({ min: 1, max: 20 }),
        async ({ columns, rows }, limits, compression, atOnce) => {
          const files = await encode(columns, rows, compression, limits, atOnce);
          expect(await readCsvWithDuckDb(files, columns, ENDINGS[compression])).toEqual(rows);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('of many rows keep their order, the NULLs and the empty texts, and end at the limit of rows', async () => {
    const columns: Column[] = [
      { name: 'id', type: { kind: 'int64' }, nullable: false },
      { name: 'note', type: { kind: 'text' }, nullable: true },
    ];
    const rows = Array.from({ length: 30_001 }, (_, at): CellValue[] => [
      BigInt(at),
      at % 3 === 0
        ? null
        : at % 3 === 1
          ? ''
          : `a "note" that is longer than what one loop copies: ${String(at)}`,
    ]);
    const files = await encode(columns, rows, 'zstd', { ...DEFAULT_CSV_LIMITS, fileRows: 20_000 }, 1_000);
    expect(files).toHaveLength(2);
    expect(await readCsvWithDuckDb(files, columns, 'csv.zst')).toEqual(rows);
  });

  test('hold a value of many megabytes and the short ones around it', async () => {
    const columns: Column[] = [{ name: 'body', type: { kind: 'text' }, nullable: false }];
    const rows = ['before', 'lo"ng '.repeat(2_000_000), 'after', ''].map((text) => [text]);
    const read = await readCsvWithDuckDb(await encode(columns, rows), columns, 'csv.zst');
    // Compared by equality alone: a message with both texts would fill the screen.
    expect(read.map(([text], at) => text === rows[at]?.[0])).toEqual([true, true, true, true]);
  });

  test.each<[string, ColumnType, CellValue[], string]>([
    ['booleans', { kind: 'boolean' }, [true, false, null], 'true\nfalse\n\\N\n'],
    [
      'int64',
      { kind: 'int64' },
      [-(2n ** 63n), 2n ** 53n + 1n, 0n],
      '-9223372036854775808\n9007199254740993\n0\n',
    ],
    [
      'decimals',
      { kind: 'decimal', precision: 9, scale: 2 },
      [-5n, 110n, 0n, 999_999_999n],
      '-0.05\n1.10\n0.00\n9999999.99\n',
    ],
    ['wide decimals', { kind: 'decimal', precision: 38, scale: 10 }, [-1n], '-0.0000000001\n'],
    [
      'doubles',
      { kind: 'float64' },
      [-0, 0.1 + 0.2, 1e21, NaN, -Infinity],
      '-0\n0.30000000000000004\n1e+21\nNaN\n-inf\n',
    ],
    ['dates', { kind: 'date' }, [-719_162, 18_321, 2_932_896], '0001-01-01\n2020-02-29\n9999-12-31\n'],
    [
      'instants',
      { kind: 'timestamp', zoned: true },
      [0n, -1n],
      '1970-01-01 00:00:00+00\n1969-12-31 23:59:59.999999+00\n',
    ],
    ['wall clocks', { kind: 'timestamp', zoned: false }, [1_000_001n], '1970-01-01 00:00:01.000001\n'],
    ['texts', { kind: 'text' }, ['', 'a,"b"\r\n\\N', '\\n', null], '""\n"a,""b""\r\n\\N"\n"\\n"\n\\N\n'],
    ['binary', { kind: 'binary' }, [new Uint8Array([0, 255, 10])], '00ff0a\n'],
    [
      'uuids',
      { kind: 'uuid' },
      ['6f2c1b1e-3c52-4d8e-9a31-0b2d7c5e9f10'],
      '6f2c1b1e-3c52-4d8e-9a31-0b2d7c5e9f10\n',
    ],
  ])('write %s as the page on staged files says', async (_, type, values, text) => {
    expect(await textOf(type, ...values)).toBe(text);
  });

  test.each<[string, ColumnType, CellValue]>([
    ['the text that stands for NULL', { kind: 'text' }, '\\N'],
    ['a binary value without bytes', { kind: 'binary' }, new Uint8Array()],
  ])('refuse %s, with the column', async (_, type, value) => {
    await expect(textOf(type, value)).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: { table: 'shop.public.orders', column: 'v' },
    });
  });
});

describe('their text for COPY of PostgreSQL', () => {
  async function copied(
    files: readonly Uint8Array[],
    columns: readonly Column[],
    compression: CsvCompression,
    cut: number,
  ): Promise<Buffer> {
    const text = new CopyText(
      columns.map(({ type }) => type.kind === 'binary'),
      ['\\N', LABEL],
    );
    const pieces: Buffer[] = [];
    for (const file of files) {
      for await (const piece of readText(storedFile(file), compression))
        for (let at = 0; at < piece.length; at += cut) pieces.push(text.add(piece.subarray(at, at + cut)));
      text.end('a file');
    }
    return Buffer.concat(pieces);
  }

  test('has the same values, a prefix before binary ones, and more values behind each row, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyTable.filter(({ rows }) => rows.every((row) => row.every(isHeld))),
        anyLimits,
        fc.constantFrom<CsvCompression>('zstd', 'gzip'),
        fc.integer({ min: 1, max: 50 }),
        async ({ columns, rows }, limits, compression, cut) => {
          const files = await encode(columns, rows, compression, limits);
          const text = gzipSync(await copied(files, columns, compression, cut));
          const more = ['one', 'two'].map((name) => ({ name, type: TEXT, nullable: true }));
          const read = columns.map((column) =>
            column.type.kind === 'binary' ? { ...column, type: TEXT } : column,
          );
          const expected = rows.map((row) => [
            ...row.map((value) =>
              value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : value,
            ),
            null,
            LABEL,
          ]);
          expect(await readCsvWithDuckDb([text], [...read, ...more], 'csv.gz')).toEqual(expected);
        },
      ),
      { numRuns: 12 },
    );
  });

  test('is not made of a file that is cut off, changed, or ends within a row', async () => {
    const columns = [{ name: 'v', type: TEXT, nullable: true }];
    for (const compression of ['zstd', 'gzip'] as const) {
      const [file = new Uint8Array()] = await encode(columns, [['a'], ['b']], compression);
      await expect(copied([file.subarray(0, -3)], columns, compression, 9)).rejects.toMatchObject({
        failureClass: 'data_error',
        facts: { file: 's3://lake/part' },
      });
      const other = { ...storedFile(file), crc32: '00000001' };
      await expect(async () => {
        for await (const piece of readText(other, compression)) expect(piece.length).toBeGreaterThan(0);
      }).rejects.toThrow(/s3:\/\/lake\/part.*checksum/);
    }
    for (const cut of ['"a', '"a"\n"b', '1']) {
      const text = new CopyText([false], [LABEL]);
      text.add(Buffer.from(cut));
      expect(() => {
        text.end('part-0');
      }).toThrow(/part-0 ends within a row/);
    }
  });
});

const LABEL = '20010105080000';
const TEXT: ColumnType = { kind: 'text' };

function storedFile(bytes: Uint8Array): CsvSource {
  return {
    name: 's3://lake/part',
    size: bytes.length,
    crc32: undefined,
    read: (start, end) => Promise.resolve(Buffer.from(bytes.subarray(start, end))),
  };
}
