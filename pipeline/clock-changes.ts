import type { CronFields, CronProblem } from './cron-fields.ts';
import { cronOf, ticksOnDay } from './cron-ticks.ts';
import { clock } from './cron-words.ts';
import { offsetAt, offsetSpans } from './time-zone.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
/** Changes of the clocks that are known or follow from rules in force; older ones concern nobody's next tick. */
const FROM = Date.UTC(2026, 0, 1);
const TO = Date.UTC(2046, 0, 1);

/** The local times that a change of the clocks skips or repeats: `from` (inclusive) to `to` (exclusive). */
interface ClockChange {
  readonly skipped: boolean;
  readonly from: number;
  readonly to: number;
}

/**
 * Why a schedule in a zone would leave a label without a tick, or undefined when every label gets one. A fixed period
 * needs a tick on each of its days, so its time must exist on all of them. An irregular one takes what ticks; but
 * where clocks go back, Temporal's server ticks one of two equal times and nobody can say which, so of two ticks within
 * that hour one would be lost.
 */
export function clockProblem(
  fields: CronFields,
  zone: string,
  kind: 'regular' | 'irregular',
): CronProblem | undefined {
  for (const change of changesOf(zone)) {
    const ticks = ticksWithin(fields, change);
    const [tick] = ticks;
    if (change.skipped && kind === 'regular' && tick !== undefined)
      return {
        problem: `${clock(tick.time)} does not exist on ${isoDay(tick.day)} in ${zone}, where clocks go forward, so a label would have no run`,
        cure: `choose a time from ${clock((change.to % DAY) / MINUTE)} on`,
      };
    if (change.skipped && losesDay(fields, change))
      return {
        problem: `Temporal does not tick on ${isoDay(midnightWithin(change) / DAY)} in ${zone}, whose midnight does not exist, so a label would have no run`,
        cure: 'choose other days of the week, or add the day before',
      };
    if (!change.skipped && kind === 'irregular' && tick !== undefined && ticks.length > 1)
      return {
        problem: `${clock(tick.time)} and the ticks after it come twice on ${isoDay(tick.day)} in ${zone}, where clocks go back`,
        cure: `leave at most one tick between ${clock((change.from % DAY) / MINUTE)} and ${clock((change.to % DAY) / MINUTE)}, or remove timezone`,
      };
  }
  return undefined;
}

/**
 * What a zone does to ticks in equal steps of so many minutes: `none` when they are the ticks of UTC, `delays` when each
 * comes later by one and the same part of the step, `matters` when they are others than those of UTC.
 */
export function zoneEffect(zone: string, minutes: number): 'none' | 'delays' | 'matters' {
  const step = minutes * MINUTE;
  const offsets = [...new Set(offsetSpans(zone, FROM, TO).map(({ offset }) => offset))];
  if (offsets.every((offset) => offset % step === 0)) return 'none';
  // Where clocks change, the server leaves out or repeats an hour of such a schedule, which UTC does not.
  return offsets.length === 1 && minutes <= 60 ? 'delays' : 'matters';
}

function* changesOf(zone: string): Generator<ClockChange> {
  for (const { start, offset } of offsetSpans(zone, FROM, TO)) {
    const before = offsetAt(zone, start - MINUTE);
    if (before === offset) continue;
    const [from, to] = [start + Math.min(before, offset), start + Math.max(before, offset)];
    yield { skipped: offset > before, from, to };
  }
}

function ticksWithin(
  fields: CronFields,
  { from, to }: ClockChange,
): readonly { day: number; time: number }[] {
  const cron = cronOf(fields, undefined);
  const found: { day: number; time: number }[] = [];
  for (let day = Math.floor(from / DAY); day * DAY < to; day += 1) {
    if (!ticksOnDay(cron, day)) continue;
    const times = cron.times.filter(
      (time) => day * DAY + time * MINUTE >= from && day * DAY + time * MINUTE < to,
    );
    found.push(...times.map((time) => ({ day, time })));
  }
  return found;
}

/**
 * Temporal's server asks for the weekday of a day at its midnight (service/worker/scheduler/calendar.go). Where that does not exist,
 * it is given the evening before, so it takes a Sunday in America/Santiago for a Saturday.
 */
function losesDay(fields: CronFields, change: ClockChange): boolean {
  const midnight = midnightWithin(change);
  if (midnight < change.from || midnight >= change.to || !ticksOnDay({ fields }, midnight / DAY))
    return false;
  return !fields.daysOfWeek.includes(new Date(midnight - DAY).getUTCDay());
}

function midnightWithin({ from }: ClockChange): number {
  return Math.ceil(from / DAY) * DAY;
}

function isoDay(day: number): string {
  return new Date(day * DAY).toISOString().slice(0, 10);
}
