import { formatCron, parseCron } from './cron-fields.ts';
import { shapeOf } from './cron-shape.ts';
import { addTicks, type Cron, cronOf, newestTick, nextTick } from './cron-ticks.ts';
import { addLocal, type CalendarUnit, floorLocal } from './local-calendar.ts';
import { isTimeZone, withoutUtc } from './time-zone.ts';

/** The borders of the intervals of a period, in a form that can be computed with. */
export type Grid =
  /** Intervals of one length in milliseconds, one of which begins at `origin`. */
  | { readonly kind: 'uniform'; readonly length: number; readonly origin: number }
  /** Days, weeks or months of a calendar; without a zone that of UTC. */
  | { readonly kind: 'calendar'; readonly unit: CalendarUnit; readonly zone: string | undefined }
  /** From tick to tick of a cron text. */
  | { readonly kind: 'cron'; readonly cron: Cron };

const MINUTE = 60_000;
const DAY_MINUTES = 1440;
/** 1970-01-05 was the first Monday of the Unix epoch. */
const FIRST_MONDAY = 4 * DAY_MINUTES * MINUTE;
/** Whether a cron text ticks at all is tried from here on: before, clocks may have jumped over other times than today. */
const TODAY = Date.UTC(2026, 0, 1);

/** A period as it is written in one way only, with its grid. */
export interface ParsedPeriod {
  readonly text: string;
  readonly grid: Grid;
}

/**
 * Reads the text of a period: `20m`, `1h`, `1d`, `1w`, `1mo`, `1d@Europe/Berlin`, `cron(0 9 * * 1-5)@Europe/Berlin`.
 * Undefined for what is none: also a zone on less than a day, a cron text that never ticks, and one with equal steps,
 * which is the fixed period of that length.
 */
export function parseGrid(text: string): ParsedPeriod | undefined {
  const [, base = '', written] = /^([^@]*)(?:@([^@]+))?$/.exec(text) ?? [];
  if (written !== undefined && !isTimeZone(written)) return undefined;
  const zone = withoutUtc(written);
  const suffix = zone === undefined ? '' : `@${zone}`;
  const cronText = /^cron\((.*)\)$/.exec(base)?.[1];
  if (cronText !== undefined) {
    const fields = parseCron(cronText);
    if ('problem' in fields || shapeOf(fields) !== undefined) return undefined;
    const cron = cronOf(fields, zone);
    if (nextTick(cron, TODAY) === undefined) return undefined;
    return { text: `cron(${formatCron(fields)})${suffix}`, grid: { kind: 'cron', cron } };
  }
  const match = /^(\d{1,4})(m|h|d|w|mo)$/.exec(base);
  if (match === null) return undefined;
  const [count, unit] = [Number(match[1]), match[2]];
  if (unit === 'm' || unit === 'h') {
    const uniform = uniformPeriod(unit === 'h' ? count * 60 : count);
    if (uniform === undefined || zone === undefined) return uniform;
    return uniform.text === '1d' ? calendarPeriod('1d', zone) : undefined;
  }
  if (count !== 1) return undefined;
  return calendarPeriod(unit === 'd' ? '1d' : unit === 'w' ? '1w' : '1mo', zone);
}

function calendarPeriod(unit: CalendarUnit, zone: string | undefined): ParsedPeriod {
  const text = zone === undefined ? unit : `${unit}@${zone}`;
  if (zone === undefined && unit === '1d')
    return { text, grid: { kind: 'uniform', length: DAY_MINUTES * MINUTE, origin: 0 } };
  if (zone === undefined && unit === '1w')
    return { text, grid: { kind: 'uniform', length: 7 * DAY_MINUTES * MINUTE, origin: FIRST_MONDAY } };
  return { text, grid: { kind: 'calendar', unit, zone } };
}

/** The period of so many minutes, or undefined when they do not divide a day evenly. */
export function uniformPeriod(minutes: number): ParsedPeriod | undefined {
  if (minutes < 1 || minutes > DAY_MINUTES || DAY_MINUTES % minutes !== 0) return undefined;
  const text = minutes === DAY_MINUTES ? '1d' : minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`;
  return { text, grid: { kind: 'uniform', length: minutes * MINUTE, origin: 0 } };
}

/** Start of the interval that holds the instant. Throws RangeError when a cron text has not ticked for a century. */
export function floorOnGrid(grid: Grid, instant: number): number {
  switch (grid.kind) {
    case 'uniform':
      return grid.origin + Math.floor((instant - grid.origin) / grid.length) * grid.length;
    case 'calendar':
      return floorLocal(grid.unit, grid.zone, instant);
    case 'cron': {
      const tick = newestTick(grid.cron, instant);
      if (tick === undefined) throw new RangeError('This cron text has not ticked for a century.');
      return tick;
    }
  }
}

/** The start of the interval `count` after (negative: before) the one that starts at `start`. */
export function addOnGrid(grid: Grid, start: number, count: number): number {
  switch (grid.kind) {
    case 'uniform':
      return start + count * grid.length;
    case 'calendar':
      return addLocal(grid.unit, grid.zone, start, count);
    case 'cron':
      return addTicks(grid.cron, start, count);
  }
}
