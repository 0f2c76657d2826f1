import type { TupleSource } from './row-reader.ts';

/** Bytes before the fields of a row, and before each field. */
const COUNT_BYTES = 2;
const LENGTH_BYTES = 4;

/** Rows of texts as a source of Parquet files, in the format of PostgreSQL's binary COPY. */
export function textRows(rows: readonly (readonly (string | null)[])[]): TupleSource {
  let next = 0;
  return {
    more: () => Promise.resolve(next < rows.length),
    take(onRow) {
      const bytes = binaryRow(rows[next] ?? []);
      next += 1;
      onRow(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0);
    },
  };
}

function binaryRow(values: readonly (string | null)[]): Buffer {
  const fields = values.map((value) => (value === null ? undefined : Buffer.from(value)));
  const size = fields.reduce((sum, field) => sum + LENGTH_BYTES + (field?.length ?? 0), COUNT_BYTES);
  const bytes = Buffer.alloc(size);
  let at = bytes.writeInt16BE(fields.length);
  for (const field of fields) {
    at = bytes.writeInt32BE(field?.length ?? -1, at);
    if (field !== undefined) at += field.copy(bytes, at);
  }
  return bytes;
}
