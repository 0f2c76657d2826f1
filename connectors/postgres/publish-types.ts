import { holds } from '../../pipeline/column-fit.ts';
import type { ColumnType } from '../../pipeline/column.ts';

const PLAIN_TYPES = {
  boolean: 'boolean',
  int16: 'smallint',
  int32: 'integer',
  int64: 'bigint',
  float32: 'real',
  float64: 'double precision',
  date: 'date',
  text: 'text',
  json: 'jsonb',
  uuid: 'uuid',
  binary: 'bytea',
} as const;

/** Types into which text is read with a check of every value, so that a wrong one fails instead of changing. */
const READ_FROM_TEXT: ReadonlySet<string> = new Set([
  'text',
  'character varying',
  'character',
  'uuid',
  'json',
  'jsonb',
  'citext',
]);

/** The type of a column that Reefline creates in a serving table. */
export function servingType(type: ColumnType): string {
  if (type.kind === 'decimal') return `numeric(${String(type.precision)},${String(type.scale)})`;
  if (type.kind === 'timestamp')
    return type.zoned ? 'timestamp with time zone' : 'timestamp without time zone';
  return PLAIN_TYPES[type.kind];
}

/**
 * True when a column whose type the catalog spells `held` (`format_type`) takes every value of `incoming` unchanged or
 * refuses it. A shorter varchar refuses; a timestamp of fewer digits or a decimal of smaller scale would round.
 */
export function servingHolds(held: string, incoming: ColumnType): boolean {
  const base = held.replace(/\(\d+\)$/, '');
  if (READ_FROM_TEXT.has(base))
    return incoming.kind === 'text' || incoming.kind === 'json' || incoming.kind === 'uuid';
  if (held === 'numeric') return ['decimal', 'int16', 'int32', 'int64'].includes(incoming.kind);
  const type = servedType(held);
  return type !== undefined && holds(type, incoming);
}

/** The neutral type of a column that the catalog spells so; undefined for those that a serving column gets only from others. */
export function servedType(held: string): ColumnType | undefined {
  const decimal = /^numeric\((\d+),(\d+)\)$/.exec(held);
  if (decimal !== null) return { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
  if (held === 'timestamp with time zone') return { kind: 'timestamp', zoned: true };
  if (held === 'timestamp without time zone') return { kind: 'timestamp', zoned: false };
  const plain = Object.entries(PLAIN_TYPES).find(([, spelled]) => spelled === held)?.[0];
  return plain === undefined ? undefined : { kind: plain as keyof typeof PLAIN_TYPES };
}
