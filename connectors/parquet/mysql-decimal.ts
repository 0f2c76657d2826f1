/** MySQL sends a decimal as ASCII text: a minus sign, digits, a point and more digits, padded with zeros or not. */
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** Most digits that a double adds up exactly. */
export const EXACT_DIGITS = 15;
const LIMIT = 10 ** EXACT_DIGITS;
const CHUNK = BigInt(LIMIT);

/**
 * The unscaled value of a text of at most `EXACT_DIGITS` digits, e.g. 1250 for `12.50` at scale 2; undefined when the
 * text has another scale or more digits than `precision`, or is no decimal.
 */
export function decimalToDouble(
  bytes: Buffer,
  at: number,
  length: number,
  precision: number,
  scale: number,
): number | undefined {
  const negative = bytes[at] === MINUS;
  const end = at + length;
  let value = 0;
  let digits = 0;
  let point = end;
  for (let index = negative ? at + 1 : at; index < end; index++) {
    const code = bytes[index] ?? 0;
    if (code === POINT) {
      point = index + 1;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
    if (value !== 0) digits += 1;
  }
  if (digits > precision || end - point !== scale) return undefined;
  return negative ? -value : value;
}

/** As `decimalToDouble`, for any count of digits. */
export function decimalToBigInt(
  bytes: Buffer,
  at: number,
  length: number,
  precision: number,
  scale: number,
): bigint | undefined {
  const negative = bytes[at] === MINUS;
  const end = at + length;
  let value = 0n;
  let group = 0;
  let width = 1;
  let digits = 0;
  let point = end;
  for (let index = negative ? at + 1 : at; index < end; index++) {
    const code = bytes[index] ?? 0;
    if (code === POINT) {
      point = index + 1;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    if (digits > 0 || digit !== 0) digits += 1;
    group = group * 10 + digit;
    width *= 10;
    if (width === LIMIT) {
      value = value * CHUNK + BigInt(group);
      group = 0;
      width = 1;
    }
  }
  if (digits > precision || end - point !== scale) return undefined;
  value = value * BigInt(width) + BigInt(group);
  return negative ? -value : value;
}
