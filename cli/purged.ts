import type { Project } from '../pipeline/project.ts';
import { isoMinutes } from './moments.ts';

/**
 * The moment before which events are removed from the log, when what `instant` is about may be concerned by that; undefined when nothing of
 * it can have been removed. Both in milliseconds since the Unix epoch.
 */
export function purgedBefore({ retention }: Project, instant: number, now: number): Date | undefined {
  if (retention === undefined) return undefined;
  const cutoff = now - retention.eventSeconds * 1_000;
  return instant < cutoff ? new Date(cutoff) : undefined;
}

/** What that means, as a sentence or two. */
export function purgedText(cutoff: Date): string {
  return `The event log keeps what came since ${isoMinutes(cutoff)} (retention in reefline.yaml): verdicts, deliveries and events of before may have been removed. What ran is kept.`;
}
