/** First wait and longest wait between two attempts, in milliseconds. */
const FIRST = 200;
const LONGEST = 5_000;

/**
 * Milliseconds to wait after so many failures in a row, from 1: doubling, and between half and all of it by chance, so
 * that senders whom one outage stopped do not come back together. `random` is from 0 to less than 1.
 */
export function backOff(failures: number, random: number): number {
  const whole = Math.min(LONGEST, FIRST * 2 ** (failures - 1));
  return whole * (0.5 + random / 2);
}
