/**
 * Dates and times of MySQL's binary protocol: a byte of length (0, 4, 7 or 11), then year (2 bytes), month, day, hour,
 * minute, second, microseconds (4 bytes), as many of them as the length says. Length 0 is all zeros
 * (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html).
 */
const WITH_TIME = 7;
const WITH_MICROS = 11;

/** Days before each month of a year that is no leap year, and the end of the last. */
const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
const FIRST_YEAR = 1;
const LAST_YEAR = 9999;
/** Days from 0001-01-01 to 1970-01-01. */
const EPOCH_DAYS = 719_162;

/** Bytes that the value at `at` takes, its length included. */
export function sizeOfTime(view: DataView, at: number): number {
  return 1 + view.getUint8(at);
}

/** Whether the value is `0000-00-00`, with or without a time of `00:00:00`. */
export function isZeroTime(view: DataView, at: number): boolean {
  const length = view.getUint8(at);
  for (let index = 1; index <= length; index++) if (view.getUint8(at + index) !== 0) return false;
  return true;
}

/** Days since 1970-01-01; undefined when there is no such day, or it is outside the years 1 to 9999. */
export function daysOf(view: DataView, at: number): number | undefined {
  if (view.getUint8(at) === 0) return undefined;
  const year = view.getUint16(at + 1, true);
  const month = view.getUint8(at + 3);
  const day = view.getUint8(at + 4);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const before = DAYS_BEFORE[month - 1];
  const after = DAYS_BEFORE[month];
  if (before === undefined || after === undefined || year < FIRST_YEAR || year > LAST_YEAR) return undefined;
  const leapDay = leap && month === 2 ? 1 : 0;
  if (day < 1 || day > after - before + leapDay) return undefined;
  const years = year - 1;
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  return years * 365 + leapDays + before + (leap && month > 2 ? 1 : 0) + day - 1 - EPOCH_DAYS;
}

/** Microseconds since midnight, below 86,400,000,000. */
export function microsOfDay(view: DataView, at: number): number {
  const length = view.getUint8(at);
  if (length < WITH_TIME) return 0;
  const seconds = view.getUint8(at + 5) * 3_600 + view.getUint8(at + 6) * 60 + view.getUint8(at + 7);
  return seconds * 1_000_000 + (length < WITH_MICROS ? 0 : view.getUint32(at + 8, true));
}

/** A day has 86,400,000,000 microseconds, 4096 times as many as these: each step below is exact in a double. */
const DAY_UNITS = 21_093_750;
const UNIT = 4_096;
const UNITS_OF_HIGH = 0x1_0000_0000 / UNIT;

/** Units of 4096 microseconds since 1970, rounded down; what is left over is `micros % 4096`. */
export function unitsSinceEpoch(days: number, micros: number): number {
  return days * DAY_UNITS + Math.floor(micros / UNIT);
}

/** The upper 32 bits of the microseconds since 1970. */
export function highOfUnits(units: number): number {
  return Math.floor(units / UNITS_OF_HIGH);
}

/** The lower 32 bits, as an unsigned number. */
export function lowOfUnits(units: number, micros: number): number {
  return (units - highOfUnits(units) * UNITS_OF_HIGH) * UNIT + (micros % UNIT);
}

/** `2001-02-30`, for messages. */
export function describeDate(view: DataView, at: number): string {
  if (view.getUint8(at) === 0) return '0000-00-00';
  const digits = (value: number, width: number): string => String(value).padStart(width, '0');
  return [
    digits(view.getUint16(at + 1, true), 4),
    digits(view.getUint8(at + 3), 2),
    digits(view.getUint8(at + 4), 2),
  ].join('-');
}
