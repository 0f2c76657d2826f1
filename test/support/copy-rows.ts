import type { TupleSource } from '../../connectors/parquet/row-reader.ts';
import type { ColumnType } from '../../pipeline/column.ts';

/**
 * A value as tests write it: decimals by their unscaled integer, dates by days and timestamps by microseconds since
 * 1970, uuids as text, everything else as itself.
 */
export type CellValue = boolean | number | bigint | string | Uint8Array | null;

const DAYS_TO_2000 = 10_957;
const MICROS_TO_2000 = 946_684_800_000_000n;

/** One row in PostgreSQL's binary COPY format, written from the documentation and not with the product's code. */
export function copyRow(types: readonly ColumnType[], values: readonly CellValue[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeInt16BE(types.length);
  const fields = types.flatMap((type, at) => {
    const value = values[at] ?? null;
    const length = Buffer.alloc(4);
    if (value === null) {
      length.writeInt32BE(-1);
      return [length];
    }
    const field = copyField(type, value);
    length.writeInt32BE(field.length);
    return [length, field];
  });
  return Buffer.concat([count, ...fields]);
}

/** The rows, handed over so many at a time. */
export function copySource(rows: readonly Buffer[], atOnce: number): TupleSource {
  let next = 0;
  return {
    more: () => Promise.resolve(next < rows.length),
    take(onRow) {
      for (const row of rows.slice(next, next + atOnce)) {
        onRow(row, new DataView(row.buffer, row.byteOffset, row.length), 0);
      }
      next += atOnce;
    },
  };
}

function copyField(type: ColumnType, value: Exclude<CellValue, null>): Buffer {
  const field = Buffer.alloc(8);
  switch (type.kind) {
    case 'boolean':
      return Buffer.from([value === true ? 1 : 0]);
    case 'int16':
      field.writeInt16BE(Number(value));
      return field.subarray(0, 2);
    case 'int32':
      field.writeInt32BE(Number(value));
      return field.subarray(0, 4);
    case 'date':
      field.writeInt32BE(Number(value) - DAYS_TO_2000);
      return field.subarray(0, 4);
    case 'float32':
      field.writeFloatBE(Number(value));
      return field.subarray(0, 4);
    case 'float64':
      field.writeDoubleBE(Number(value));
      return field;
    case 'int64':
      field.writeBigInt64BE(value as bigint);
      return field;
    case 'timestamp':
      field.writeBigInt64BE((value as bigint) - MICROS_TO_2000);
      return field;
    case 'uuid':
      return Buffer.from(String(value).replaceAll('-', ''), 'hex');
    case 'text':
    case 'json':
      return Buffer.from(String(value));
    case 'binary':
      return Buffer.from(value as Uint8Array);
    case 'decimal':
      return copyNumeric(value as bigint, type.scale);
  }
}

/** Groups of four decimal digits around the point, without zero groups at either end. */
function copyNumeric(unscaled: bigint, scale: number): Buffer {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale);
  const left = whole.padStart(Math.ceil(whole.length / 4) * 4, '0');
  const right = fraction.padEnd(Math.ceil(fraction.length / 4) * 4, '0');
  const groups = [...(left + right).matchAll(/\d{4}/gu)].map(([group]) => Number(group));
  let weight = left.length / 4 - 1;
  while (groups[0] === 0) {
    groups.shift();
    weight -= 1;
  }
  while (groups.at(-1) === 0) groups.pop();
  const field = Buffer.alloc(8 + groups.length * 2);
  field.writeInt16BE(groups.length, 0);
  field.writeInt16BE(groups.length === 0 ? 0 : weight, 2);
  field.writeUInt16BE(unscaled < 0n ? 0x4000 : 0, 4);
  field.writeInt16BE(scale, 6);
  groups.forEach((group, at) => field.writeInt16BE(group, 8 + at * 2));
  return field;
}
