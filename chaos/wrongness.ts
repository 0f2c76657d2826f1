import { HOUR } from '../examples/flights/calendar.ts';
import type { Dice } from './dice.ts';

/** Beyond what services of AWS forgive, and as far as a zone and a day that somebody typed wrong. Milliseconds. */
const LEAST = HOUR / 10;
const MOST = 36 * HOUR;

/** By how many milliseconds a clock is wrong: minutes as often as hours, ahead (above 0) as often as behind. */
export function drawWrongness(dice: Dice): number {
  const size = Math.round(LEAST * (MOST / LEAST) ** dice.next());
  return dice.next() < 0.5 ? size : -size;
}
