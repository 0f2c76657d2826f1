import type { Trigger } from './opening.ts';
import type { StageDefinition } from './stage.ts';
import { intervalOf, type Timelabel } from './timelabel.ts';

/**
 * When a label that begins to wait at `now` must be complete, or null when its stage sets no deadline. Counted from the
 * end of the interval; for a label of the past that a restatement or a backfill opens, from now, or each would
 * be late at once. A clock that opens a label means the interval that has just closed. Milliseconds since the Unix epoch.
 */
export function deadlineOf(
  stage: StageDefinition,
  timelabel: Timelabel,
  trigger: Trigger,
  now: number,
): number | null {
  if (stage.deadline === undefined) return null;
  const allowed = stage.deadline.seconds * 1000;
  const closing = intervalOf(stage.period, timelabel).end + allowed;
  return closing > now || trigger === 'schedule' ? closing : now + allowed;
}

/** `1h, then fail` */
export function deadlineText({ seconds, then }: NonNullable<StageDefinition['deadline']>): string {
  return `${durationText(seconds)}, then ${then}`;
}

/** `2h`, `1d`, `90m`: the largest unit that needs no fraction. */
export function durationText(seconds: number): string {
  const [unit, length] = UNITS.find(([, each]) => seconds % each === 0) ?? ['s', 1];
  return `${String(seconds / length)}${unit}`;
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
];
