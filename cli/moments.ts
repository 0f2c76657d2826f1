const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in the two units that matter: `350 ms`, `12 s`, `3 m 05 s`, `2 h 14 m`, `3 d 4 h`. */
export function duration(milliseconds: number): string {
  const length = Math.max(0, Math.round(milliseconds));
  if (length < SECOND) return `${length} ms`;
  if (length < MINUTE) return `${Math.floor(length / SECOND)} s`;
  if (length < HOUR) return both(length, MINUTE, 'm', SECOND, 's');
  if (length < DAY) return both(length, HOUR, 'h', MINUTE, 'm');
  const hours = Math.floor((length % DAY) / HOUR);
  return `${Math.floor(length / DAY)} d${hours === 0 ? '' : ` ${hours} h`}`;
}

function both(length: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = String(Math.floor((length % large) / small)).padStart(2, '0');
  return `${Math.floor(length / large)} ${largeName} ${rest} ${smallName}`;
}

/** How long ago something was: `3 m 05 s ago`. */
export function age(since: Date, now: number): string {
  return `${duration(now - since.getTime())} ago`;
}

/** An instant in UTC, to the minute: `2020-03-03T11:25Z`. */
export function isoMinutes(instant: Date): string {
  return `${instant.toISOString().slice(0, 16)}Z`;
}

/** `1 row`, `120,443 rows` */
export function rowCount(rows: number): string {
  return `${rows.toLocaleString('en-US')} ${rows === 1 ? 'row' : 'rows'}`;
}
