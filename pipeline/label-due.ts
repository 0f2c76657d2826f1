import { cronPeriod } from './cron.ts';
import { parseCron } from './cron-fields.ts';
import { cronOf, nextTick } from './cron-ticks.ts';
import type { StageDefinition } from './stage.ts';
import { intervalOf, labelForTick, type Timelabel } from './timelabel.ts';
import { withoutUtc } from './time-zone.ts';

/** When a label of a stage is to be made. Instants are milliseconds since the Unix epoch. */
export interface LabelDue {
  /** End of the interval that the label covers. */
  readonly closes: number;
  /** The tick that asks for the label; null when the stage has no schedule, or none that ticks for this label. */
  readonly tick: number | null;
  /** The schedule in words, such as `every hour at minute 10`; null when the stage has none. */
  readonly schedule: string | null;
}

/** When the clock asks for a label: at the first tick after its interval closed. */
export function labelDue(stage: StageDefinition, timelabel: Timelabel): LabelDue {
  const closes = intervalOf(stage.period, timelabel).end;
  const { schedule } = stage;
  if (schedule === undefined) return { closes, tick: null, schedule: null };
  const fields = parseCron(schedule.cron);
  if ('problem' in fields) return { closes, tick: null, schedule: schedule.cron };
  const tick = nextTick(cronOf(fields, withoutUtc(schedule.zone)), closes - 1);
  const ticks =
    tick !== undefined &&
    labelForTick(stage.period, tick) === timelabel &&
    (schedule.from === undefined || tick >= Date.parse(schedule.from)) &&
    (schedule.until === undefined || tick <= Date.parse(schedule.until));
  return { closes, tick: ticks ? tick : null, schedule: scheduleWords(schedule.cron, schedule.zone) };
}

/** `every hour at minute 10`; the cron itself when it cannot be read. */
export function scheduleWords(cron: string, zone: string | undefined): string {
  const read = cronPeriod(cron, zone);
  return 'problem' in read ? cron : (read.sentence.split(/: period |; a label /)[0] ?? cron);
}
