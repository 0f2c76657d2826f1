import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { moveOf, type WireType } from '../../connectors/parquet/field-moves.ts';
import { ParquetFile, type ParquetOptions } from '../../connectors/parquet/parquet-file.ts';
import type { ByteSource } from '../../connectors/parquet/read-footer.ts';
import { readRounds } from '../../connectors/parquet/read-pages.ts';
import { TupleWriter, type TupleColumn } from '../../connectors/parquet/tuple-writer.ts';
import type { Column, ColumnType } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { anyLimits, anyTable } from '../support/drawn-tables.ts';
import { copyRow, copySource, type CellValue } from '../support/copy-rows.ts';

const LABEL = '20010105080000';
const LABEL_TYPE: ColumnType = { kind: 'text' };
const anyCodec = fc.constantFrom('zstd' as const, 'snappy' as const);
const DATASET = 'lake.shop.orders';

const OWN_WIRES = {
  boolean: 'bool',
  int16: 'int2',
  int32: 'int4',
  int64: 'int8',
  float32: 'float4',
  float64: 'float8',
  decimal: 'numeric',
  date: 'date',
  text: 'text',
  json: 'json',
  uuid: 'uuid',
  binary: 'bytea',
} as const;

/** The type of PostgreSQL from which a column of the type came. */
function ownWire(type: ColumnType): WireType {
  if (type.kind === 'timestamp') return type.zoned ? 'timestamptz' : 'timestamp';
  return OWN_WIRES[type.kind];
}

async function encode(
  columns: readonly Column[],
  rows: readonly (readonly CellValue[])[],
  options: ParquetOptions = {},
): Promise<Buffer[]> {
  const types = columns.map(({ type }) => type);
  const source = copySource(
    rows.map((row) => copyRow(types, row)),
    7,
  );
  const files: Buffer[] = [];
  while (await source.more()) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of new ParquetFile('shop.orders', columns, source, options)) chunks.push(chunk);
    files.push(Buffer.concat(chunks));
  }
  return files;
}

function sourceOf(bytes: Buffer): ByteSource {
  return {
    name: 's3://lake/part-0.parquet',
    size: bytes.length,
    read: (start, end) => Promise.resolve(Buffer.from(bytes.subarray(start, end))),
  };
}

async function decode(files: readonly Buffer[], columns: readonly TupleColumn[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const writer = new TupleWriter(DATASET, columns, LABEL);
  for (const file of files) {
    for await (const round of readRounds(
      sourceOf(file),
      columns.map(({ column }) => column),
    ))
      chunks.push(...writer.write(round));
  }
  return Buffer.concat(chunks);
}

function expected(types: readonly ColumnType[], rows: readonly (readonly CellValue[])[]): Buffer {
  return Buffer.concat(rows.map((row) => copyRow([...types, LABEL_TYPE], [...row, LABEL])));
}

function column(type: ColumnType, nullable = false): Column {
  return { name: 'v', type, nullable };
}

async function refusal(decoding: Promise<unknown>): Promise<StageFailure> {
  const outcome = await decoding.catch((error: unknown) => error);
  if (outcome instanceof StageFailure) return outcome;
  throw new Error(`expected a StageFailure, got ${String(outcome)}`);
}

describe('rows of Parquet files', () => {
  test('come out of them as they went in, whatever types, pages, row groups and files they fill', async () => {
    await fc.assert(
      fc.asyncProperty(anyTable, anyLimits, anyCodec, async (table, limits, compression) => {
        const files = await encode(table.columns, table.rows, { limits, compression });
        const types = table.columns.map(({ type }) => type);
        const read = await decode(
          files,
          table.columns.map((each) => ({ column: each, wire: ownWire(each.type) })),
        );
        expect(read.equals(expected(types, table.rows))).toBe(true);
      }),
      { numRuns: 80 },
    );
  });

  test('keep their order and their NULLs over full pages and row groups, and values of megabytes', async () => {
    const columns = [
      { name: 'id', type: { kind: 'int64' }, nullable: false },
      { name: 'note', type: { kind: 'text' }, nullable: true },
      { name: 'paid', type: { kind: 'boolean' }, nullable: true },
    ] as const;
    const rows = Array.from({ length: 120_001 }, (_, at): CellValue[] => [
      BigInt(at),
      at === 100_000 ? 'ä'.repeat(2_000_000) : at % 3 === 0 ? null : `note ${String(at)}`,
      at % 5 === 0 ? null : at % 2 === 0,
    ]);
    const files = await encode(columns, rows);
    const read = await decode(
      files,
      columns.map((each) => ({ column: each, wire: ownWire(each.type) })),
    );
    expect(
      read.equals(
        expected(
          columns.map(({ type }) => type),
          rows,
        ),
      ),
    ).toBe(true);
  });

  test('fill wider columns of a table exactly', async () => {
    const ints = [-32_768, -1, 0, 7, 32_767].map((value): CellValue[] => [value]);
    const bigs = ints.map(([value]): CellValue[] => [BigInt(Number(value))]);
    const wider = async (type: ColumnType, wire: WireType, rows: CellValue[][]): Promise<Buffer> =>
      decode(await encode([column(type)], rows), [{ column: column(type), wire }]);
    const decimal = { kind: 'decimal', precision: 20, scale: 0 } as const;
    expect(await wider({ kind: 'int16' }, 'int4', ints)).toEqual(expected([{ kind: 'int32' }], ints));
    expect(await wider({ kind: 'int16' }, 'int8', ints)).toEqual(expected([{ kind: 'int64' }], bigs));
    expect(await wider({ kind: 'int32' }, 'numeric', ints)).toEqual(expected([decimal], bigs));
    const edges = [-(2n ** 63n), 2n ** 63n - 1n, 10n ** 16n].map((value): CellValue[] => [value]);
    expect(await wider({ kind: 'int64' }, 'numeric', edges)).toEqual(expected([decimal], edges));
    const floats = [0.1, -0, Infinity].map((value): CellValue[] => [Math.fround(value)]);
    expect(await wider({ kind: 'float32' }, 'float8', floats)).toEqual(
      expected([{ kind: 'float64' }], floats),
    );
    const uuids: CellValue[][] = [['6f2c1b1e-3c52-4d8e-9a31-0b2d7c5e9f10']];
    expect(await wider({ kind: 'text' }, 'uuid', uuids)).toEqual(expected([{ kind: 'uuid' }], uuids));
    const docs: CellValue[][] = [['{"a": 1}'], ['']];
    expect(await wider({ kind: 'json' }, 'jsonb', docs)).toEqual(
      expected(
        [{ kind: 'text' }],
        docs.map(([doc]) => [`\u0001${String(doc)}`]),
      ),
    );
  });

  test('find no place in a column that would round, cut or reread them', () => {
    expect(moveOf({ kind: 'int64' }, 'int4')).toBeUndefined();
    expect(moveOf({ kind: 'float64' }, 'float4')).toBeUndefined();
    expect(moveOf({ kind: 'timestamp', zoned: true }, 'timestamp')).toBeUndefined();
    expect(moveOf({ kind: 'text' }, 'date')).toBeUndefined();
    expect(moveOf({ kind: 'decimal', precision: 5, scale: 0 }, 'int8')).toBeUndefined();
  });
});

test('columns come in the order of the table, whatever that of the files is, and are NULL where the files lack them', async () => {
  const id = { ...column({ kind: 'int32' }), name: 'id' };
  const note = { ...column({ kind: 'text' }, true), name: 'note' };
  const [file = Buffer.alloc(0)] = await encode(
    [id, note],
    [
      [1, 'a'],
      [2, null],
    ],
  );
  const writer = new TupleWriter(
    DATASET,
    [
      { column: column({ kind: 'boolean' }), wire: 'bool', place: null },
      { column: note, wire: 'text', place: 1 },
      { column: column({ kind: 'text' }), wire: 'text', place: null },
      { column: id, wire: 'int8', place: 0 },
    ],
    LABEL,
  );
  const rows: Buffer[] = [];
  for await (const round of readRounds(sourceOf(file), [id, note])) rows.push(...writer.write(round));
  const types: ColumnType[] = [{ kind: 'boolean' }, note.type, { kind: 'text' }, { kind: 'int64' }];
  const values: CellValue[][] = [
    [null, 'a', null, 1n],
    [null, null, null, 2n],
  ];
  expect(Buffer.concat(rows).equals(expected(types, values))).toBe(true);
});

test('the first rows of a round go out before the last ones are made, and all of them in their order', async () => {
  const text = column({ kind: 'text' }, true);
  const values = Array.from({ length: 2_500 }, (_, at): CellValue[] => [
    at % 7 === 0 ? null : `${String(at).padStart(8, '0')}-0000-0000-0000-000000000000`,
  ]);
  const [file = Buffer.alloc(0)] = await encode([text], values);
  const [spoilt = Buffer.alloc(0)] = await encode([text], [...values, ['no uuid']]);
  expect((await decode([file], [{ column: text, wire: 'text' }])).equals(expected([text.type], values))).toBe(
    true,
  );
  const writer = new TupleWriter(DATASET, [{ column: text, wire: 'uuid' }], LABEL);
  const sent: Buffer[] = [];
  const sending = async (): Promise<void> => {
    for await (const round of readRounds(sourceOf(spoilt), [text]))
      for (const chunk of writer.write(round)) sent.push(chunk);
  };
  expect((await refusal(sending())).message).toContain('holds a text that is no uuid');
  expect(sent).toHaveLength(1);
});

describe('a file', () => {
  const columns = [column({ kind: 'text' }, true)];
  const tuples = columns.map((each) => ({ column: each, wire: 'text' as const }));
  const rows = Array.from({ length: 500 }, (_, at): CellValue[] => [`row ${String(at)}`]);

  test('that is cut is refused, and one with a changed byte is never anything but read or refused', async () => {
    const [file = Buffer.alloc(0)] = await encode(columns, rows);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: file.length - 1 }), fc.boolean(), async (at, cut) => {
        const bytes = Buffer.from(cut ? file.subarray(0, at) : file);
        if (!cut) bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
        const outcome = await decode([bytes], tuples).catch((error: unknown) => error);
        if (cut || !Buffer.isBuffer(outcome)) expect(outcome).toMatchObject({ failureClass: 'data_error' });
      }),
      { numRuns: 300 },
    );
  });

  test('with other columns than its manifest says is refused, and the column is named', async () => {
    const files = await encode(columns, rows);
    const other = [{ column: column({ kind: 'int64' }), wire: 'int8' as const }];
    const { message, failureClass } = await refusal(decode(files, other));
    expect(failureClass).toBe('data_error');
    expect(message).toContain('s3://lake/part-0.parquet does not hold the column "v" as int64');
  });

  test('with a text that is no uuid is refused, and the column is named', async () => {
    const { message } = await refusal(
      decode(await encode(columns, rows), [{ column: column({ kind: 'text' }, true), wire: 'uuid' }]),
    );
    expect(message).toContain('Column "v" of lake.shop.orders holds a text that is no uuid');
  });
});
