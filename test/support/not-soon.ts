const MINUTE = (new Date().getUTCMinutes() + 30) % 60;

/** A cron expression whose minute is half an hour away, so that no clock starts a run of the hour in which a suite happens to run. */
export function notSoon(): string {
  return `${String(MINUTE)} * * * *`;
}
