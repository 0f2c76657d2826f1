import type { ColumnType } from './column.ts';

const WHOLE_NUMBER_DIGITS: Readonly<Record<string, number>> = { int16: 5, int32: 10, int64: 19 };
const WIDTH_ORDER: readonly (readonly string[])[] = [
  ['int16', 'int32', 'int64'],
  ['float32', 'float64'],
];

/**
 * True when a column of type `held` can take every value of type `incoming` unchanged: equal types, wider integers and
 * floats, decimals with at least as many digits on both sides of the point, texts for what is written as one. Nothing is
 * ever rounded or cut.
 */
export function holds(held: ColumnType, incoming: ColumnType): boolean {
  if (held.kind === 'decimal') return decimalHolds(held, incoming);
  if (held.kind === 'timestamp') return incoming.kind === 'timestamp' && held.zoned === incoming.zoned;
  if (held.kind === incoming.kind) return true;
  if (held.kind === 'text') return incoming.kind === 'json' || incoming.kind === 'uuid';
  return WIDTH_ORDER.some((widths) => {
    const narrow = widths.indexOf(incoming.kind);
    return narrow >= 0 && widths.indexOf(held.kind) > narrow;
  });
}

function decimalHolds(held: { precision: number; scale: number }, incoming: ColumnType): boolean {
  const room = held.precision - held.scale;
  if (incoming.kind === 'decimal')
    return incoming.scale <= held.scale && incoming.precision - incoming.scale <= room;
  const digits = WHOLE_NUMBER_DIGITS[incoming.kind];
  return digits !== undefined && digits <= room;
}
