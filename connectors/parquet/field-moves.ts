import type { ColumnType } from '../../pipeline/column.ts';
import { MAX_NUMERIC_BYTES } from './numeric-field.ts';

/** Types of PostgreSQL whose binary form is written, by their names in pg_type. */
export type WireType =
  | 'bool'
  | 'int2'
  | 'int4'
  | 'int8'
  | 'float4'
  | 'float8'
  | 'numeric'
  | 'date'
  | 'timestamp'
  | 'timestamptz'
  | 'text'
  | 'json'
  | 'jsonb'
  | 'uuid'
  | 'bytea';

/** How a value goes from its page onto the wire. Small integers, so that a switch becomes a jump table. */
export const MOVE = {
  boolean: 0,
  int2: 1,
  four: 2,
  int4ToInt8: 3,
  eight: 4,
  float4ToFloat8: 5,
  date: 6,
  time: 7,
  bytes: 8,
  jsonb: 9,
  uuid: 10,
  numeric32: 11,
  numeric64: 12,
  numeric128: 13,
} as const;
export type Move = (typeof MOVE)[keyof typeof MOVE];

/** Most bytes that a value takes with its length, without those of a text. */
export const MAX_FIELD_BYTES = 4 + MAX_NUMERIC_BYTES;

const WHOLE: Readonly<Record<string, readonly WireType[]>> = {
  int16: ['int2', 'int4', 'int8', 'numeric'],
  int32: ['int4', 'int8', 'numeric'],
  int64: ['int8', 'numeric'],
};
const WHOLE_MOVES: Readonly<Partial<Record<WireType, Move>>> = {
  int2: MOVE.int2,
  int4: MOVE.four,
  int8: MOVE.int4ToInt8,
  numeric: MOVE.numeric32,
};

const TEXT_MOVES: Readonly<Partial<Record<WireType, Move>>> = {
  text: MOVE.bytes,
  json: MOVE.bytes,
  jsonb: MOVE.jsonb,
  uuid: MOVE.uuid,
};

/** How values of a neutral type are written as a type of PostgreSQL; undefined when they have no place in it. */
export function moveOf(type: ColumnType, wire: WireType): Move | undefined {
  switch (type.kind) {
    case 'boolean':
      return wire === 'bool' ? MOVE.boolean : undefined;
    case 'int16':
    case 'int32':
      return WHOLE[type.kind]?.includes(wire) === true ? WHOLE_MOVES[wire] : undefined;
    case 'int64':
      return wire === 'int8' ? MOVE.eight : wire === 'numeric' ? MOVE.numeric64 : undefined;
    case 'float32':
      return wire === 'float4' ? MOVE.four : wire === 'float8' ? MOVE.float4ToFloat8 : undefined;
    case 'float64':
      return wire === 'float8' ? MOVE.eight : undefined;
    case 'decimal':
      return wire === 'numeric' ? decimalMove(type.precision) : undefined;
    case 'date':
      return wire === 'date' ? MOVE.date : undefined;
    case 'timestamp':
      return wire === (type.zoned ? 'timestamptz' : 'timestamp') ? MOVE.time : undefined;
    case 'text':
    case 'json':
    case 'uuid':
      return TEXT_MOVES[wire];
    case 'binary':
      return wire === 'bytea' ? MOVE.bytes : undefined;
  }
}

function decimalMove(precision: number): Move {
  if (precision <= 9) return MOVE.numeric32;
  return precision <= 18 ? MOVE.numeric64 : MOVE.numeric128;
}
