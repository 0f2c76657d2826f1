/**
 * PostgreSQL's binary `numeric`: count of base-10000 digits, weight of the first one, sign, display scale, digits
 * (numeric_send in src/backend/utils/adt/numeric.c).
 */
const DIGITS_AT = 8;
const NEGATIVE = 0x4000;
const SPECIAL = new Map([
  [0xc000, 'NaN'],
  [0xd000, 'Infinity'],
  [0xf000, '-Infinity'],
]);

/** Most digits for which every step below is exact in a double: 12, and 3 that fill the last group. */
export const EXACT_DOUBLE_DIGITS = 12;

/** More are no safe integer; of four, some are. */
const MOST_SHORT_GROUPS = 4;

const POWERS = Array.from({ length: 17 }, (_, exponent) => 10 ** exponent);
const BIG_POWERS = Array.from({ length: 39 }, (_, exponent) => 10n ** BigInt(exponent));

/** `NaN`, `Infinity` or `-Infinity` when the value at `at` is one, else undefined. */
export function specialNumeric(view: DataView, at: number): string | undefined {
  const sign = view.getUint16(at + 4);
  return sign < 0xc000 ? undefined : SPECIAL.get(sign);
}

/** The unscaled value, e.g. 1250 for 12.50 at scale 2, of at most `EXACT_DOUBLE_DIGITS` digits. */
export function numericToDouble(view: DataView, at: number, scale: number): number {
  const count = view.getUint16(at);
  let value = 0;
  for (let digit = 0; digit < count; digit++) {
    value = value * 10_000 + view.getUint16(at + DIGITS_AT + digit * 2);
  }
  const shift = exponent(view, at, count, scale);
  value = shift >= 0 ? value * power(shift) : value / power(-shift);
  return view.getUint16(at + 4) === NEGATIVE ? -value : value;
}

/** As `numericToDouble`, for any count of digits. Three groups at a time: an integer of any length costs memory at each step. */
export function numericToBigInt(view: DataView, at: number, scale: number): bigint {
  const count = view.getUint16(at);
  const short = shortNumeric(view, at, count, scale);
  if (short !== undefined) return BigInt(short);
  let value = 0n;
  for (let digit = 0; digit < count;) {
    const end = Math.min(digit + 3, count);
    const taken = (end - digit) * 4;
    let part = 0;
    for (; digit < end; digit++) part = part * 10_000 + view.getUint16(at + DIGITS_AT + digit * 2);
    value = value === 0n ? BigInt(part) : value * bigPower(taken) + BigInt(part);
  }
  const shift = exponent(view, at, count, scale);
  if (shift > 0) value *= bigPower(shift);
  else if (shift < 0) value /= bigPower(-shift);
  return view.getUint16(at + 4) === NEGATIVE ? -value : value;
}

/** As `numericToDouble` where every step is exact, else undefined. */
function shortNumeric(view: DataView, at: number, count: number, scale: number): number | undefined {
  if (count > MOST_SHORT_GROUPS) return undefined;
  let value = 0;
  for (let digit = 0; digit < count; digit++) {
    value = value * 10_000 + view.getUint16(at + DIGITS_AT + digit * 2);
  }
  if (value > Number.MAX_SAFE_INTEGER) return undefined;
  const shift = exponent(view, at, count, scale);
  if (shift > 0) value *= power(shift);
  else if (shift < 0) value /= power(-shift);
  if (!Number.isSafeInteger(value)) return undefined;
  return view.getUint16(at + 4) === NEGATIVE ? -value : value;
}

/** Power of ten between the digits read as one integer and the unscaled value. Trailing zero digits are not sent. */
function exponent(view: DataView, at: number, count: number, scale: number): number {
  return count === 0 ? 0 : (view.getInt16(at + 2) + 1 - count) * 4 + scale;
}

function power(exponent: number): number {
  return POWERS[exponent] ?? 10 ** exponent;
}

function bigPower(exponent: number): bigint {
  return BIG_POWERS[exponent] ?? 10n ** BigInt(exponent);
}
