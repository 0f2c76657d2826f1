import { cronOf, newestTick } from './cron-ticks.ts';
import { parseCron } from './cron-fields.ts';
import type { StageDefinition } from './stage.ts';
import { instantOf, labelForTick, shiftLabel, type Timelabel } from './timelabel.ts';
import { withoutUtc } from './time-zone.ts';

/** Which labels are looked for. Instants are milliseconds since the Unix epoch. */
export interface LabelBounds {
  /** Nothing is expected of an interval or a tick before this instant. */
  readonly since: number;
  /** What became due later than this is not expected yet. */
  readonly until: number;
  /** The newest so many. */
  readonly most: number;
}

const MINUTE = 60_000;

/** The labels whose deadline lies within the bounds, newest first; none of a stage that sets no deadline. */
export function overdueLabels(
  stage: StageDefinition,
  { since, until, most }: LabelBounds,
): readonly Timelabel[] {
  if (stage.deadline === undefined) return [];
  const labels: Timelabel[] = [];
  let label = labelForTick(stage.period, until - stage.deadline.seconds * 1000);
  while (labels.length < most && instantOf(label) >= since) {
    labels.push(label);
    label = shiftLabel(stage.period, label, -1);
  }
  return labels;
}

/** The labels for which the schedule of a stage has ticked within the bounds, newest first; none without a schedule. */
export function tickedLabels(
  stage: StageDefinition,
  { since, until, most }: LabelBounds,
): readonly Timelabel[] {
  const { schedule } = stage;
  if (schedule === undefined) return [];
  const fields = parseCron(schedule.cron);
  if ('problem' in fields) return [];
  const cron = cronOf(fields, withoutUtc(schedule.zone));
  const first = Math.max(since, schedule.from === undefined ? since : Date.parse(schedule.from));
  const last = Math.min(until, schedule.until === undefined ? until : Date.parse(schedule.until));
  const labels = new Set<Timelabel>();
  let tick = last < first ? undefined : newestTick(cron, last);
  while (tick !== undefined && tick >= first && labels.size < most) {
    labels.add(labelForTick(stage.period, tick));
    tick = newestTick(cron, tick - MINUTE);
  }
  return [...labels];
}
