import type { CsvBuffer } from './csv-buffer.ts';

/* Numbers as text, written without making a string where that matters. All reserve what they need. */

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
const BILLION = 1_000_000_000;
const MAX_INT64_TEXT = 20;
const TWO_TO_32 = 0x1_0000_0000;

/** A safe integer. */
export function writeInteger(to: CsvBuffer, value: number): void {
  to.reserve(MAX_INT64_TEXT);
  let rest = value;
  if (rest < 0) {
    to.bytes[to.at++] = MINUS;
    rest = -rest;
  }
  writeUnsigned(to, rest);
}

/** A 64-bit integer by its halves. */
export function writeLong(to: CsvBuffer, high: number, low: number): void {
  const value = high * TWO_TO_32 + (low >>> 0);
  if (Number.isSafeInteger(value)) writeInteger(to, value);
  else writeAscii(to, longOf(high, low).toString());
}

/** A decimal of the given scale by its unscaled 64-bit integer, by halves: 1.25 is 125 of scale 2. */
export function writeLongDecimal(to: CsvBuffer, high: number, low: number, scale: number): void {
  const value = high * TWO_TO_32 + (low >>> 0);
  if (Number.isSafeInteger(value)) writeDecimal(to, value, scale);
  else writeBigDecimal(to, longOf(high, low), scale);
}

/** Most digits behind the point for which each step below is exact in a double. */
const EXACT_SCALE = 15;

/** A decimal by its unscaled safe integer. `scale` is at most 38. */
export function writeDecimal(to: CsvBuffer, unscaled: number, scale: number): void {
  if (scale === 0) {
    writeInteger(to, unscaled);
    return;
  }
  if (scale > EXACT_SCALE) {
    writeBigDecimal(to, BigInt(unscaled), scale);
    return;
  }
  to.reserve(MAX_INT64_TEXT + 1);
  let rest = unscaled;
  if (rest < 0) {
    to.bytes[to.at++] = MINUS;
    rest = -rest;
  }
  const unit = 10 ** scale;
  const whole = Math.floor(rest / unit);
  writeUnsigned(to, whole);
  to.bytes[to.at++] = POINT;
  const fraction = rest - whole * unit;
  if (scale <= 9) {
    writePadded(to, fraction, scale);
    return;
  }
  const billions = Math.floor(fraction / BILLION);
  writePadded(to, billions, scale - 9);
  writePadded(to, fraction - billions * BILLION, 9);
}

/** A decimal of up to 38 digits. */
export function writeBigDecimal(to: CsvBuffer, unscaled: bigint, scale: number): void {
  const small = Number(unscaled);
  if (scale <= EXACT_SCALE && Number.isSafeInteger(small)) {
    writeDecimal(to, small, scale);
    return;
  }
  const sign = unscaled < 0n ? '-' : '';
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const whole = digits.length - scale;
  writeAscii(to, sign + digits.slice(0, whole) + (scale === 0 ? '' : `.${digits.slice(whole)}`));
}

/** The shortest digits from which every reader gets the same number back; `NaN`, `inf` and `-inf` besides. */
export function writeFloat(to: CsvBuffer, value: number): void {
  if (Number.isFinite(value)) writeAscii(to, Object.is(value, -0) ? '-0' : String(value));
  else writeAscii(to, Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf');
}

/** So many digits of a number that has no more. Room must be there. */
export function writePadded(to: CsvBuffer, value: number, width: number): void {
  const { bytes, at } = to;
  let rest = value;
  for (let place = at + width - 1; place >= at; place--) {
    const tenth = (rest / 10) >>> 0;
    bytes[place] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  to.at = at + width;
}

export function writeAscii(to: CsvBuffer, text: string): void {
  to.reserve(text.length);
  const { bytes, at } = to;
  // Texts of numbers are short: a loop is faster than the call that copies them.
  for (let place = 0; place < text.length; place++) bytes[at + place] = text.charCodeAt(place);
  to.at = at + text.length;
}

function writeUnsigned(to: CsvBuffer, value: number): void {
  if (value < BILLION) {
    writePadded(to, value, widthOf(value));
    return;
  }
  const billions = Math.floor(value / BILLION);
  writePadded(to, billions, widthOf(billions));
  writePadded(to, value - billions * BILLION, 9);
}

/** Digits of a number below 10^9. */
function widthOf(value: number): number {
  if (value < 10_000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1_000 ? 3 : 4;
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  return value < 10_000_000 ? 7 : value < 100_000_000 ? 8 : 9;
}

function longOf(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}
