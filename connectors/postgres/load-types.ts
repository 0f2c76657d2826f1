import type { ColumnType } from '../../pipeline/column.ts';
import { textRoom, type TextRoom } from '../../pipeline/text-room.ts';
import { servingType } from './publish-types.ts';

/** Types of columns that a load writes in their binary form, as the catalog spells them (`format_type`). */
const WIRE_TYPES = {
  boolean: 'bool',
  smallint: 'int2',
  integer: 'int4',
  bigint: 'int8',
  real: 'float4',
  'double precision': 'float8',
  numeric: 'numeric',
  date: 'date',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
  text: 'text',
  'character varying': 'text',
  character: 'text',
  citext: 'text',
  json: 'json',
  jsonb: 'jsonb',
  uuid: 'uuid',
  bytea: 'bytea',
} as const;

/** A type by its name in pg_type; texts of all kinds have the binary form of `text`. */
export type WireType = (typeof WIRE_TYPES)[keyof typeof WIRE_TYPES];

/** How a column of a table takes values. */
export interface TakenAs {
  readonly wire: WireType;
  /** Absent: texts of every length. */
  readonly room?: TextRoom;
}

/** The type of a column that a load creates. Not jsonb, which forgets spaces, the order of keys and all but the last of equal ones. */
export function loadType(type: ColumnType): string {
  return type.kind === 'json' ? 'json' : servingType(type);
}

/** How a column takes values whose type the catalog spells so; undefined for types that a load does not write. */
export function takenAs(held: string): TakenAs | undefined {
  const base = held.replace(/\([\d,]+\)$/, '');
  if (!(base in WIRE_TYPES)) return undefined;
  const room = textRoom(held);
  return { wire: WIRE_TYPES[base as keyof typeof WIRE_TYPES], ...(room === undefined ? {} : { room }) };
}
