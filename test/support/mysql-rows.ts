import type { TupleSource } from '../../connectors/parquet/row-reader.ts';
import { MysqlRowReader, type MysqlRowFormat } from '../../connectors/parquet/mysql-row-reader.ts';
import type { ColumnType } from '../../pipeline/column.ts';
import type { CellValue } from './copy-rows.ts';

/** How a test declares a column: what the server would send, and the neutral type that it stands for. */
export interface MysqlColumn {
  readonly wire: number;
  readonly unsigned: boolean;
  readonly type: ColumnType;
}

/** One row in MySQL's binary protocol, written from its documentation and not with the product's code. */
export function mysqlRow(columns: readonly MysqlColumn[], values: readonly CellValue[]): Buffer {
  const bitmap = Buffer.alloc(Math.floor((columns.length + 7 + 2) / 8));
  const parts = columns.map((column, at) => {
    const value = values[at] ?? null;
    if (value !== null) return field(column, value);
    const bit = at + 2;
    bitmap.writeUInt8(bitmap.readUInt8(Math.floor(bit / 8)) | (1 << (bit % 8)), Math.floor(bit / 8));
    return Buffer.alloc(0);
  });
  return Buffer.concat([Buffer.from([0]), bitmap, ...parts]);
}

/** The rows, handed over so many at a time, each somewhere in a larger piece of memory. */
export function mysqlSource(rows: readonly Buffer[], atOnce: number, format: MysqlRowFormat): TupleSource {
  let next = 0;
  return {
    more: () => Promise.resolve(next < rows.length),
    take(onRow) {
      const some = rows.slice(next, next + atOnce);
      const memory = Buffer.concat(some.flatMap((row) => [Buffer.from('head'), row]));
      const view = new DataView(memory.buffer, memory.byteOffset, memory.length);
      let at = 0;
      for (const row of some) {
        onRow(memory, view, at + 4);
        at += 4 + row.length;
      }
      next += atOnce;
    },
    openReader: (table, columns, sinks) => new MysqlRowReader(table, columns, sinks, format),
  };
}

/** MySQL's numbers of the types. */
export const TYPE = {
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  timestamp: 7,
  longlong: 8,
  int24: 9,
  date: 10,
  datetime: 12,
  year: 13,
  bit: 16,
  json: 245,
  decimal: 246,
  blob: 252,
  string: 253,
} as const;

function field({ wire, type }: MysqlColumn, value: Exclude<CellValue, null>): Buffer {
  switch (wire) {
    case TYPE.tiny:
      return integer(BigInt(value as number | boolean), 1);
    case TYPE.short:
    case TYPE.year:
      return integer(BigInt(value as number), 2);
    case TYPE.long:
    case TYPE.int24:
      return integer(BigInt(value as number | bigint), 4);
    case TYPE.longlong:
      return integer(BigInt(value as number | bigint), 8);
    case TYPE.float: {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatLE(value as number);
      return bytes;
    }
    case TYPE.double: {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(value as number);
      return bytes;
    }
    case TYPE.date:
      return time(BigInt(value as number) * 86_400_000_000n, false);
    case TYPE.datetime:
    case TYPE.timestamp:
      return time(value as bigint, true);
    case TYPE.bit:
      return counted(integer(BigInt(value as bigint | boolean), 8).reverse());
    case TYPE.decimal:
      return counted(Buffer.from(decimalText(value as bigint, type.kind === 'decimal' ? type.scale : 0)));
    default:
      return counted(Buffer.from(value as string | Uint8Array));
  }
}

/** Least significant byte first. */
function integer(value: bigint, size: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes.subarray(0, size);
}

/** Behind its length, which is written in as few bytes as it needs. */
function counted(bytes: Buffer): Buffer {
  const size = bytes.length;
  if (size < 251) return Buffer.concat([Buffer.from([size]), bytes]);
  if (size < 65_536) return Buffer.concat([Buffer.from([0xfc]), integer(BigInt(size), 2), bytes]);
  if (size < 16_777_216) return Buffer.concat([Buffer.from([0xfd]), integer(BigInt(size), 3), bytes]);
  return Buffer.concat([Buffer.from([0xfe]), integer(BigInt(size), 8), bytes]);
}

/** The calendar is that of JavaScript, which reaches from the year 1 to 9999 and beyond. */
function time(micros: bigint, withTime: boolean): Buffer {
  const millis = micros >= 0n ? micros / 1_000n : -((-micros + 999n) / 1_000n);
  const day = new Date(Number(millis));
  const rest = Number(((micros % 1_000_000n) + 1_000_000n) % 1_000_000n);
  const date = Buffer.from([0, 0, day.getUTCMonth() + 1, day.getUTCDate()]);
  date.writeUInt16LE(day.getUTCFullYear());
  const clock = [day.getUTCHours(), day.getUTCMinutes(), day.getUTCSeconds()];
  if (!withTime || (rest === 0 && clock.every((part) => part === 0))) return counted(date);
  const seconds = Buffer.concat([date, Buffer.from(clock)]);
  return counted(rest === 0 ? seconds : Buffer.concat([seconds, integer(BigInt(rest), 4)]));
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const text = scale === 0 ? whole : `${whole}.${digits.slice(digits.length - scale)}`;
  return unscaled < 0n ? `-${text}` : text;
}
