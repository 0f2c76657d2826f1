import { type Cron, nextTick, ticksOnDay } from './cron-ticks.ts';
import { addOnGrid, floorOnGrid, type Grid } from './grid.ts';
import { offsetSpans, sameZone } from './time-zone.ts';

export type Relation = 'equal' | 'finer' | 'coarser' | 'unrelated';

const DAY = 86_400_000;

/*
 * Whether whole intervals of one grid fill those of another is looked at from 2026 to 2046: rules of clocks repeat each
 * year, and what a cron text leaves out (a month, a date, a weekday, an hour, a minute) it leaves out within these 20 years. Zones
 * that had other rules before are judged by those of today.
 */
const FROM = Date.UTC(2026, 0, 1);
const TO = Date.UTC(2046, 0, 1);
/** A cron text that ticks at so many hours or minutes in a row (more than a year of them) ticks at all of them. */
const MOST_BORDERS = 200_000;
/** The Gregorian calendar, with its weekdays, repeats after 400 years. */
const CALENDAR_DAYS = 146_097;
const FIRST_DAY = FROM / DAY;

/** How two grids relate, seen from `mine`; see `comparePeriods`. */
export function relate(mine: Grid, other: Grid): Relation {
  const finer = fills(other, mine);
  const coarser = fills(mine, other);
  if (finer && coarser) return 'equal';
  return finer ? 'finer' : coarser ? 'coarser' : 'unrelated';
}

function fills(small: Grid, large: Grid): boolean {
  // Clocks of two zones may agree for some years, and that makes no common grid of them.
  if (small.kind !== 'uniform' && large.kind !== 'uniform' && !sameZone(zoneOf(small), zoneOf(large)))
    return false;
  if (small.kind === 'cron' && large.kind === 'cron') return ticksAmong(small.cron, large.cron);
  return unmetBorder(small, large) === undefined;
}

/** A border of `large` at which no interval of `small` begins, as far as one is found. */
export function unmetBorder(small: Grid, large: Grid): number | undefined {
  const borders =
    small.kind === 'uniform' && large.kind === 'cron' ? typicalTicks(large.cron) : bordersOf(large);
  for (const border of borders) if (floorOnGrid(small, border) !== border) return border;
  return undefined;
}

function zoneOf(grid: Exclude<Grid, { kind: 'uniform' }>): string | undefined {
  return grid.kind === 'calendar' ? grid.zone : grid.cron.zone;
}

function* bordersOf(grid: Grid): Generator<number> {
  let border = addOnGrid(grid, floorOnGrid(grid, FROM), 1);
  for (let count = 0; border < TO && count < MOST_BORDERS; count += 1) {
    yield border;
    border = addOnGrid(grid, border, 1);
  }
}

/**
 * For a grid of minutes or hours only the time of day and the offset of the clock matter, so the ticks of one day
 * under each offset stand for all.
 */
function* typicalTicks(cron: Cron): Generator<number> {
  for (const { start, end } of offsetSpans(cron.zone, FROM, TO)) {
    const first = nextTick(cron, Math.max(start, FROM) - 1);
    for (let tick = first; tick !== undefined && first !== undefined; tick = nextTick(cron, tick)) {
      if (tick >= end || tick >= first + DAY) break;
      yield tick;
    }
  }
}

/** In one zone the ticks of `large` are among those of `small` when its times and its days are. */
function ticksAmong(small: Cron, large: Cron): boolean {
  const times = new Set(small.times);
  if (!large.times.every((time) => times.has(time))) return false;
  for (let day = FIRST_DAY; day < FIRST_DAY + CALENDAR_DAYS; day += 1)
    if (ticksOnDay(large, day) && !ticksOnDay(small, day)) return false;
  return true;
}
