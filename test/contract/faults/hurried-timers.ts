import { currentWire } from './wire.ts';

/** Milliseconds from which a timer is one that a person would wait for. */
const LONG = 1_000;
const TIMES_FASTER = 100;

/** Lets time pass faster for the timers of hurried attempts: what is meant to take a minute takes 600 ms. */
export function hurryTimers(): void {
  const { setTimeout: original } = globalThis;
  const hurried = (
    work: (...args: unknown[]) => void,
    delay?: number,
    ...args: unknown[]
  ): NodeJS.Timeout => {
    const fast = currentWire()?.hurried === true && delay !== undefined && delay >= LONG;
    return original(work, fast ? delay / TIMES_FASTER : delay, ...args);
  };
  globalThis.setTimeout = Object.assign(hurried, original);
}
