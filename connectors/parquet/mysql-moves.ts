import type { ColumnType } from '../../pipeline/column.ts';
import { EXACT_DIGITS } from './mysql-decimal.ts';

/** How the server sends one column: its type by number, and whether an integer has no sign. */
export interface MysqlWireColumn {
  readonly type: number;
  readonly unsigned: boolean;
}

/** How a value goes from the wire into its page. Small integers, so that a switch becomes a jump table. */
export const MOVE = {
  int8: 0,
  uint8: 1,
  int16: 2,
  uint16: 3,
  four: 4,
  uint32: 5,
  widened32: 6,
  eight: 7,
  uint64: 8,
  bytes: 9,
  date: 10,
  time: 11,
  decimal32: 12,
  decimal64: 13,
  decimalLong: 14,
  decimal128: 15,
  truth8: 16,
  truthBit: 17,
  bits64: 18,
  bits128: 19,
  narrowed: 20,
  signed64: 21,
} as const;
export type Move = (typeof MOVE)[keyof typeof MOVE];

/** Types of the protocol (https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html). */
const WIRE = {
  decimal: 0,
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
  newDecimal: 246,
} as const;

/** Everything from here on is text or bytes, except the last, which is a geometry. */
const FIRST_BYTES = 247;
const GEOMETRY = 255;
const VARCHAR = 15;

/** The way of a column, or undefined when what is sent has no place in what the type promises. */
export function moveOf(type: ColumnType, wire: MysqlWireColumn | undefined): Move | undefined {
  if (wire === undefined) return undefined;
  switch (type.kind) {
    case 'boolean':
      if (wire.type === WIRE.bit) return MOVE.truthBit;
      return wire.type === WIRE.tiny ? MOVE.truth8 : undefined;
    case 'int16':
      return smallMove(wire, 2);
    case 'int32':
      return smallMove(wire, 4);
    case 'int64':
      return longMove(wire);
    case 'float32':
      return wire.type === WIRE.float ? MOVE.four : undefined;
    case 'float64':
      return wire.type === WIRE.double ? MOVE.eight : undefined;
    case 'decimal':
      return decimalMove(type.precision, type.scale, wire);
    case 'date':
      return wire.type === WIRE.date ? MOVE.date : undefined;
    case 'timestamp':
      return wire.type === WIRE.datetime || wire.type === WIRE.timestamp ? MOVE.time : undefined;
    case 'text':
    case 'json':
    case 'uuid':
    case 'binary':
      return isBytes(wire.type) ? MOVE.bytes : undefined;
  }
}

/** Bytes of an integer that is sent. */
export function sizeOfInteger(wire: MysqlWireColumn | undefined): number {
  if (wire?.type === WIRE.tiny) return 1;
  if (wire?.type === WIRE.short) return 2;
  return wire?.type === WIRE.longlong ? 8 : 4;
}

function isBytes(type: number): boolean {
  return type === VARCHAR || type === WIRE.json || (type >= FIRST_BYTES && type !== GEOMETRY);
}

/** `room` is the bytes of the column: a number without a sign must be sent in fewer, or is looked at. */
function smallMove({ type, unsigned }: MysqlWireColumn, room: 2 | 4): Move | undefined {
  if (type === WIRE.tiny) return unsigned ? MOVE.uint8 : MOVE.int8;
  // The years 1901 to 2155 fit wherever two bytes do, though they are sent without a sign.
  if (type === WIRE.year) return MOVE.uint16;
  if (type === WIRE.short && !unsigned) return MOVE.int16;
  // MySQL computes whole numbers in 64 bits and sends them so, though it declares the column of a view by what it can hold.
  if (type === WIRE.longlong) return MOVE.narrowed;
  if (room === 2) return undefined;
  if (type === WIRE.short) return MOVE.uint16;
  // Three bytes are sent as four, so that the sign does not matter.
  return type === WIRE.int24 || (type === WIRE.long && !unsigned) ? MOVE.four : undefined;
}

function longMove({ type, unsigned }: MysqlWireColumn): Move | undefined {
  if (type === WIRE.bit) return MOVE.bits64;
  if (type === WIRE.long) return unsigned ? MOVE.uint32 : MOVE.widened32;
  if (type !== WIRE.longlong) return undefined;
  return unsigned ? MOVE.signed64 : MOVE.eight;
}

function decimalMove(
  precision: number,
  scale: number,
  { type, unsigned }: MysqlWireColumn,
): Move | undefined {
  if (type === WIRE.newDecimal || type === WIRE.decimal) {
    if (precision <= 9) return MOVE.decimal32;
    if (precision <= EXACT_DIGITS) return MOVE.decimal64;
    return precision <= 18 ? MOVE.decimalLong : MOVE.decimal128;
  }
  // The unsigned integers of 64 bits, of which the longest has 20 digits.
  if (precision < 20 || scale !== 0) return undefined;
  if (type === WIRE.bit) return MOVE.bits128;
  return type === WIRE.longlong && unsigned ? MOVE.uint64 : undefined;
}
