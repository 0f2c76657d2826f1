import { setTimeout as pause } from 'node:timers/promises';

/** Time and chance, so that waiting can be tested without waiting. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** From 0 to less than 1. */
  random(): number;
  /** Waits so many milliseconds, or until the signal aborts; never fails. */
  sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: async (milliseconds, signal) => {
    await pause(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};
