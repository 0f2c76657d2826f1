/** Days and microseconds from 1970-01-01, Parquet's epoch, to 2000-01-01, PostgreSQL's. */
export const EPOCH_DAYS = 10_957;
const EPOCH_MICROS = 946_684_800_000_000n;
export const EPOCH_HIGH = Number(EPOCH_MICROS >> 32n);
export const EPOCH_LOW = Number(EPOCH_MICROS & 0xffff_ffffn);

/** Years 1 to 9999: what Athena, Redshift and every reader of four-digit years give back unchanged. */
const FIRST_DAY = -719_162;
const LAST_DAY = 2_932_896;
const FIRST_MICROS = BigInt(FIRST_DAY) * 86_400_000_000n;
const LAST_MICROS = BigInt(LAST_DAY + 1) * 86_400_000_000n - 1n;
const FIRST_HIGH = Number(FIRST_MICROS >> 32n);
const LAST_HIGH = Number(LAST_MICROS >> 32n);

const MAX_INT32 = 0x7fff_ffff;
const MIN_INT32 = -0x8000_0000;

/** Days since 1970-01-01 of the `date` at `at`; undefined when it is infinite or outside the years 1 to 9999. */
export function wireDate(view: DataView, at: number): number | undefined {
  const days = view.getInt32(at) + EPOCH_DAYS;
  return days >= FIRST_DAY && days <= LAST_DAY ? days : undefined;
}

/** Upper half of the microseconds since 1970 of the timestamp at `at`; the lower half is `lowMicros`. */
export function highMicros(view: DataView, at: number): number {
  const carry = view.getUint32(at + 4) + EPOCH_LOW > 0xffff_ffff ? 1 : 0;
  return view.getInt32(at) + EPOCH_HIGH + carry;
}

export function lowMicros(view: DataView, at: number): number {
  return (view.getUint32(at + 4) + EPOCH_LOW) | 0;
}

/** Whether the timestamp at `at`, whose upper half is `high`, is finite and within the years 1 to 9999. */
export function isTimeInRange(view: DataView, at: number, high: number): boolean {
  if (high > FIRST_HIGH && high < LAST_HIGH) return true;
  const micros = view.getBigInt64(at) + EPOCH_MICROS;
  return micros >= FIRST_MICROS && micros <= LAST_MICROS;
}

/** What is wrong with a date or timestamp that was refused. */
export function describeRefusedTime(high: number): string {
  if (high === MAX_INT32) return 'infinity';
  if (high === MIN_INT32) return '-infinity';
  return `a time ${high < 0 ? 'before the year 1' : 'after the year 9999'}`;
}
