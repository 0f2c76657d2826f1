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
    const wire = currentWire();
    const fast = wire?.hurried === true && delay !== undefined && delay >= LONG;
    const least = Math.min(delay ?? 0, wire?.shortestTimer ?? 0);
    return original(work, fast ? Math.max(delay / TIMES_FASTER, least) : delay, ...args);
  };
  globalThis.setTimeout = Object.assign(hurried, original);
  hurryAborts();
}

function hurryAborts(): void {
  const original = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (delay) =>
    original(currentWire()?.hurried === true && delay >= LONG ? delay / TIMES_FASTER : delay);
}
