import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds for a killed server to come back. */
const PATIENCE = 60_000;

/** Who disturbs and who looks must get through to servers that are being killed: repeats what may be repeated until it works. */
export async function persist<T>(work: () => Promise<T>): Promise<T> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(200);
    }
  }
}
