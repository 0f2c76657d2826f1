/**
 * Writes decimals as PostgreSQL's binary `numeric` (numeric_send in src/backend/utils/adt/numeric.c): count of
 * base-10000 digits, weight of the first one, sign, display scale, digits. The inverse of wire-numeric.ts.
 */
const NEGATIVE = 0x4000;
const BASE = 10_000;
const WORD = 0x1_0000_0000;
const POWERS = [1, 10, 100, 1_000] as const;

/** Largest unscaled value that is still exact in a double after up to three more digits have filled its last group. */
const MAX_SMALL = Math.floor(Number.MAX_SAFE_INTEGER / 1_000);

/** Bytes that a value of 38 digits takes at most: 11 groups, for the point may lie within one. */
export const MAX_NUMERIC_BYTES = 8 + 11 * 2;

/** Groups of the value at work, the least first, and its words, the most significant first. */
const groups = new Uint16Array(16);
const words = new Float64Array(5);

/** Writes a value of 32 bits; answers how many bytes it took. `scale` as in the column's type. */
export function writeNumeric32(target: DataView, at: number, value: number, scale: number): number {
  return writeSmall(target, at, value, scale);
}

/** Writes a value of 64 bits by its signed upper and its unsigned lower half. */
export function writeNumeric64(
  target: DataView,
  at: number,
  high: number,
  low: number,
  scale: number,
): number {
  const value = high * WORD + low;
  if (value <= MAX_SMALL && value >= -MAX_SMALL) return writeSmall(target, at, value, scale);
  words[0] = 0;
  words[1] = 0;
  words[2] = 0;
  words[3] = high >>> 0;
  words[4] = low;
  return writeWords(target, at, high < 0, 3, scale);
}

/** Writes a value of 128 bits in two's complement, most significant byte first, that lies in `source`. */
export function writeNumeric128(
  target: DataView,
  at: number,
  source: DataView,
  from: number,
  scale: number,
): number {
  const first = source.getInt32(from);
  const second = source.getInt32(from + 4);
  const third = source.getInt32(from + 8);
  if (first === second && first === third >> 31)
    return writeNumeric64(target, at, third, source.getUint32(from + 12), scale);
  words[0] = 0;
  words[1] = first >>> 0;
  words[2] = second >>> 0;
  words[3] = third >>> 0;
  words[4] = source.getUint32(from + 12);
  return writeWords(target, at, first < 0, 1, scale);
}

function writeSmall(target: DataView, at: number, value: number, scale: number): number {
  let rest = Math.abs(value) * fill(scale);
  let count = 0;
  let dropped = 0;
  while (rest > 0) {
    const next = Math.floor(rest / BASE);
    const group = rest - next * BASE;
    if (count === 0 && group === 0) dropped += 1;
    else groups[count++] = group;
    rest = next;
  }
  return writeGroups(target, at, value < 0, count, dropped, scale);
}

/** The words from `first` on; those of a negative value are its two's complement. */
function writeWords(target: DataView, at: number, negative: boolean, first: number, scale: number): number {
  if (negative) negate(first);
  multiply(fill(scale));
  let start = 0;
  let count = 0;
  let dropped = 0;
  for (;;) {
    while (start < 5 && words[start] === 0) start += 1;
    if (start === 5) break;
    let rest = 0;
    for (let word = start; word < 5; word++) {
      const value = rest * WORD + (words[word] ?? 0);
      const next = Math.floor(value / BASE);
      words[word] = next;
      rest = value - next * BASE;
    }
    if (count === 0 && rest === 0) dropped += 1;
    else groups[count++] = rest;
  }
  return writeGroups(target, at, negative, count, dropped, scale);
}

function negate(first: number): void {
  let carry = 1;
  for (let word = 4; word >= first; word--) {
    const value = WORD - 1 - (words[word] ?? 0) + carry;
    carry = value === WORD ? 1 : 0;
    words[word] = carry === 1 ? 0 : value;
  }
}

function multiply(factor: number): void {
  let carry = 0;
  for (let word = 4; word >= 0; word--) {
    const value = (words[word] ?? 0) * factor + carry;
    carry = Math.floor(value / WORD);
    words[word] = value - carry * WORD;
  }
}

/** What the value is multiplied by, so that the point lies between two groups. */
function fill(scale: number): number {
  return POWERS[(4 - (scale & 3)) & 3] ?? 1;
}

/** `dropped` zero groups behind the last one are not sent. */
function writeGroups(
  target: DataView,
  at: number,
  negative: boolean,
  count: number,
  dropped: number,
  scale: number,
): number {
  target.setInt16(at, count);
  target.setInt16(at + 2, count === 0 ? 0 : count + dropped - 1 - ((scale + 3) >> 2));
  target.setUint16(at + 4, negative ? NEGATIVE : 0);
  target.setInt16(at + 6, scale);
  let next = at + 8;
  for (let group = count - 1; group >= 0; group--) {
    target.setUint16(next, groups[group] ?? 0);
    next += 2;
  }
  return next - at;
}
