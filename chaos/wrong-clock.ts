/** Preloaded (`--import`) by a process whose clock is to be wrong: `wrong-clock.ts?by=-7200000` is two hours behind. */
import { shiftClock } from './shift-clock.ts';

shiftClock(Number(new URL(import.meta.url).searchParams.get('by')));
