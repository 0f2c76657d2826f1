import type { CsvBuffer } from './csv-buffer.ts';
import { writePadded } from './number-text.ts';

/* Days and moments of the years 1 to 9999 as ISO 8601 text with a space, which PostgreSQL, Redshift and Snowflake read. */

const HYPHEN = 0x2d;
const COLON = 0x3a;
const SPACE = 0x20;
const POINT = 0x2e;
const PLUS = 0x2b;
const ZERO = 0x30;
const LONGEST = '9999-12-31 23:59:59.999999+00'.length;

/** Days from 0000-03-01 to 1970-01-01, and in 400 years. Years that begin in March have their leap day at the end. */
const EPOCH_DAYS = 719_468;
const ERA_DAYS = 146_097;

/** `2001-01-05`, of days since 1970. */
export function writeDate(to: CsvBuffer, days: number): void {
  to.reserve(LONGEST);
  const shifted = days + EPOCH_DAYS;
  const era = Math.floor(shifted / ERA_DAYS);
  const dayOfEra = shifted - era * ERA_DAYS;
  const yearOfEra =
    ((dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365) |
    0;
  const dayOfYear = dayOfEra - (365 * yearOfEra + (yearOfEra >> 2) - ((yearOfEra / 100) | 0));
  const monthFromMarch = ((5 * dayOfYear + 2) / 153) | 0;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  writePadded(to, yearOfEra + era * 400 + (month <= 2 ? 1 : 0), 4);
  to.bytes[to.at++] = HYPHEN;
  writePadded(to, month, 2);
  to.bytes[to.at++] = HYPHEN;
  writePadded(to, dayOfYear - (((153 * monthFromMarch + 2) / 5) | 0) + 1, 2);
}

/** A day has 86,400,000,000 microseconds, 4096 times as many as these: each step below is exact in a double. */
const DAY_UNITS = 21_093_750;
const UNIT = 4_096;
const UNITS_OF_HIGH = 0x1_0000_0000 / UNIT;

/**
 * `2001-01-05 08:00:00`, with `.123456` when there are microseconds and `+00` when the moment is an instant; of the
 * microseconds since 1970 by their halves.
 */
export function writeMoment(to: CsvBuffer, high: number, low: number, zoned: boolean): void {
  const units = high * UNITS_OF_HIGH + (low >>> 12);
  const days = Math.floor(units / DAY_UNITS);
  const micros = (units - days * DAY_UNITS) * UNIT + (low & (UNIT - 1));
  writeDate(to, days);
  const seconds = Math.floor(micros / 1_000_000);
  const hour = (seconds / 3_600) | 0;
  const minute = ((seconds / 60) | 0) - hour * 60;
  to.bytes[to.at++] = SPACE;
  writePadded(to, hour, 2);
  to.bytes[to.at++] = COLON;
  writePadded(to, minute, 2);
  to.bytes[to.at++] = COLON;
  writePadded(to, seconds - hour * 3_600 - minute * 60, 2);
  const fraction = micros - seconds * 1_000_000;
  if (fraction > 0) {
    to.bytes[to.at++] = POINT;
    writePadded(to, fraction, 6);
  }
  if (!zoned) return;
  to.bytes[to.at++] = PLUS;
  to.bytes[to.at++] = ZERO;
  to.bytes[to.at++] = ZERO;
}
