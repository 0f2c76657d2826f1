import type { Column } from '../../pipeline/column.ts';
import { parquetField } from './parquet-field.ts';
import { ENCODING, type ColumnChunkFacts } from './row-group.ts';
import { ThriftWriter } from './thrift-writer.ts';

/** First and last four bytes of every Parquet file. */
export const MAGIC = Buffer.from('PAR1');

const FORMAT_VERSION = 1;
const REQUIRED = 0;
const OPTIONAL = 1;

/** A row group as it lies in the file. */
export interface PlacedRowGroup {
  readonly rows: number;
  /** Offset of its first page from the start of the file. */
  readonly start: number;
  readonly columns: readonly ColumnChunkFacts[];
}

/** FileMetaData, its length and the closing magic (https://parquet.apache.org/docs/file-format/metadata/). */
export function fileFooter(
  columns: readonly Column[],
  groups: readonly PlacedRowGroup[],
  codec: number,
): Uint8Array {
  const thrift = new ThriftWriter();
  thrift.i32(1, FORMAT_VERSION);
  writeSchema(thrift, columns);
  thrift.i64(
    3,
    groups.reduce((rows, group) => rows + group.rows, 0),
  );
  thrift.structs(4, groups, (group) => {
    writeRowGroup(thrift, columns, group, codec);
  });
  thrift.text(6, 'reefline');
  const metadata = thrift.finish();
  const length = Buffer.alloc(4);
  length.writeUInt32LE(metadata.length);
  return Buffer.concat([metadata, length, MAGIC]);
}

function writeSchema(thrift: ThriftWriter, columns: readonly Column[]): void {
  thrift.structs<Column | null>(2, [null, ...columns], (column) => {
    if (column === null) {
      thrift.text(4, 'schema');
      thrift.i32(5, columns.length);
      return;
    }
    const field = parquetField(column.type);
    thrift.i32(1, field.physical);
    if (field.width === 16) thrift.i32(2, field.width);
    thrift.i32(3, column.nullable ? OPTIONAL : REQUIRED);
    thrift.text(4, column.name);
    if (field.converted !== undefined) thrift.i32(6, field.converted);
    if (field.decimal !== undefined) {
      thrift.i32(7, field.decimal.scale);
      thrift.i32(8, field.decimal.precision);
    }
    const { logical } = field;
    if (logical !== undefined) {
      thrift.struct(10, () => {
        logical(thrift);
      });
    }
  });
}

function writeRowGroup(
  thrift: ThriftWriter,
  columns: readonly Column[],
  group: PlacedRowGroup,
  codec: number,
): void {
  let at = group.start;
  const chunks = columns.flatMap((column, index) => {
    const facts = group.columns[index];
    if (facts === undefined) return [];
    const start = at;
    at += facts.storedBytes;
    return [{ column, facts, start, codec }];
  });
  thrift.structs(1, chunks, (chunk) => {
    thrift.i64(2, 0);
    thrift.struct(3, () => {
      writeColumn(thrift, chunk);
    });
  });
  thrift.i64(
    2,
    group.columns.reduce((bytes, { rawBytes }) => bytes + rawBytes, 0),
  );
  thrift.i64(3, group.rows);
}

interface PlacedChunk {
  readonly column: Column;
  readonly facts: ColumnChunkFacts;
  readonly start: number;
  readonly codec: number;
}

function writeColumn(thrift: ThriftWriter, { column, facts, start, codec }: PlacedChunk): void {
  thrift.i32(1, parquetField(column.type).physical);
  thrift.i32s(2, [ENCODING.plain, ENCODING.rle]);
  thrift.texts(3, [column.name]);
  thrift.i32(4, codec);
  thrift.i64(5, facts.rows);
  thrift.i64(6, facts.rawBytes);
  thrift.i64(7, facts.storedBytes);
  thrift.i64(9, start);
  thrift.struct(12, () => {
    thrift.i64(3, facts.nulls);
  });
}
