/**
 * A minute of the hour that is about half an hour away: from 1 to 59, so that what happens then is within its hour. Asked for by each
 * suite: a module like this one is loaded once for all suites of a process, and half an hour may pass until the last of them.
 */
export function distantMinute(): number {
  return (new Date().getUTCMinutes() + 30) % 60 || 1;
}

/** A cron expression whose minute is half an hour away, so that no clock starts a run of the hour in which a suite happens to run. */
export function notSoon(minute = distantMinute()): string {
  return `${String(minute)} * * * *`;
}
