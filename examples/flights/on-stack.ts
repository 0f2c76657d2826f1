import type { Steps } from './steps.ts';
import type { View } from './view.ts';
import type { WorkerProcess } from './worker-process.ts';

/**
 * Lets `work` run on a stack that was started, and stops it, whatever happens. Where it is to be kept, `keepLines` says how to look at it
 * until Ctrl-C.
 */
export async function onStack(
  stack: { readonly worker: WorkerProcess; stop(): Promise<void> },
  { steps, view, keepLines }: { steps: Steps; view: View; keepLines: (() => readonly string[]) | undefined },
  work: () => Promise<boolean>,
): Promise<boolean> {
  try {
    const held = await work();
    if (keepLines !== undefined) {
      for (const line of keepLines()) view.say(line);
      await Promise.race([steps.interrupted, stack.worker.died]);
    }
    return held;
  } finally {
    view.close();
    if (steps.wasInterrupted) view.say('Stopping everything.');
    await stack.stop();
  }
}

/** `3.2 s` since a reading of `performance.now()`. */
export function secondsSince(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}
