import { type Client, ScheduleOverlapPolicy } from '@temporalio/client';
import { scheduleId } from '../../pipeline/ids.ts';
import { DAY, HOUR } from './calendar.ts';

export const MINUTE = 60_000;

/** When the schedules of the project tick: ten past each hour, and five past midnight. */
const HOURLY = { length: HOUR, offset: 10 * MINUTE };
const DAILY = { length: DAY, offset: 5 * MINUTE };

/** Lets the Temporal Schedule of a stage tick for the given hours, in ranges as a person would ask for them. */
export async function tickHours(client: Client, stage: string, hours: readonly number[]): Promise<void> {
  await backfill(client, stage, hours, HOURLY);
}

/** The same for days. */
export async function tickDays(client: Client, stage: string, days: readonly number[]): Promise<void> {
  await backfill(client, stage, days, DAILY);
}

async function backfill(
  client: Client,
  stage: string,
  starts: readonly number[],
  rhythm: { length: number; offset: number },
): Promise<void> {
  const ranges = neighbours(starts, rhythm.length).map(([first, last]) => ({
    // The interval that begins at `first` is fetched by the tick that follows its end.
    start: new Date(first + rhythm.length + rhythm.offset - MINUTE),
    end: new Date(last + rhythm.length + rhythm.offset + MINUTE),
    overlap: ScheduleOverlapPolicy.ALLOW_ALL,
  }));
  await client.schedule.getHandle(scheduleId(stage)).backfill(ranges);
}

/** First and last of each run of starts that follow each other without a gap. */
function neighbours(starts: readonly number[], length: number): readonly [number, number][] {
  const ranges: [number, number][] = [];
  for (const start of starts) {
    const last = ranges.at(-1);
    if (last?.[1] === start - length) last[1] = start;
    else ranges.push([start, start]);
  }
  return ranges;
}
