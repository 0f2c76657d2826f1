import { setTimeout as pause } from 'node:timers/promises';

export type Say = (line: string) => void;

/** Pauses between attempts, in milliseconds; the last one repeats. */
const PAUSES = [500, 1_000, 2_000, 5_000, 10_000] as const;

/** Connects, and keeps trying with growing pauses while the other side cannot be reached, saying which and why. */
export async function untilReachable<T>(
  what: string,
  connect: () => Promise<T>,
  say: Say,
  signal?: AbortSignal,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const connected = await connect();
      if (attempt > 0) say(`${what} answers.`);
      return connected;
    } catch (error) {
      if (signal?.aborted === true) throw new Error(`${what} cannot be reached: ${reasonOf(error)}.`);
      const wait = PAUSES[Math.min(attempt, PAUSES.length - 1)] ?? 10_000;
      say(
        `${what} cannot be reached: ${reasonOf(error)}. Start it or correct its address; trying again in ${String(wait / 1000)} s.`,
      );
      await pause(wait, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
}
