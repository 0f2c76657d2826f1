import { addOnGrid, floorOnGrid, type Grid, parseGrid, uniformPeriod } from './grid.ts';
import { relate, type Relation, unmetBorder } from './grid-relation.ts';
import { withoutUtc } from './time-zone.ts';

/**
 * What one timelabel covers, as one text:
 * - minutes or hours that divide a day (`5m`, `20m`, `1h`, `6h`), one day, one ISO week (Monday), one month, in UTC;
 * - `1d@Europe/Berlin`, `1w@…`, `1mo@…`: a day, week or month of the local calendar, so a day may have 23 or 25 hours;
 * - `cron(0 9 * * 1-5)`, `cron(0 9 * * 1-5)@Europe/Berlin`: from each tick of an irregular schedule to the next.
 */
export type Period =
  | `${number}m`
  | `${number}h`
  | CalendarPeriod
  | `${CalendarPeriod}@${string}`
  | `cron(${string})`
  | `cron(${string})@${string}`;
type CalendarPeriod = '1d' | '1w' | '1mo';

/** Periods come from the configuration, so there are as many as it has. */
const grids = new Map<string, Grid>();
const relations = new Map<string, Relation>();

/** Reads a period and returns the one way in which it is written (`60m` is `1h`), or undefined when it is no period. */
export function parsePeriod(text: string): Period | undefined {
  return parseGrid(text)?.text as Period | undefined;
}

/** The period of so many minutes, or undefined when they do not divide a day evenly. */
export function periodOfMinutes(minutes: number): Period | undefined {
  return uniformPeriod(minutes)?.text as Period | undefined;
}

/**
 * The period cut in a zone; undefined when it is cut in another one already, or is less than a day, which is always cut
 * in UTC.
 */
export function inZone(period: Period, zone: string): Period | undefined {
  const wanted = withoutUtc(zone);
  const own = zoneOf(period);
  if (own !== undefined) return own === wanted ? period : undefined;
  return wanted === undefined ? period : parsePeriod(`${period}@${wanted}`);
}

/** The time zone in which a period is cut; undefined is UTC. */
export function zoneOf(period: Period): string | undefined {
  const at = period.indexOf('@');
  return at < 0 ? undefined : period.slice(at + 1);
}

/** Start of the interval that holds the instant. Instants are milliseconds since the Unix epoch, UTC. */
export function floorToPeriod(period: Period, instant: number): number {
  return floorOnGrid(gridOf(period), instant);
}

/** The start of the interval `count` periods after (or, negative, before) the interval that starts at `start`. */
export function addPeriods(period: Period, start: number, count: number): number {
  return addOnGrid(gridOf(period), start, count);
}

/**
 * How two periods relate, seen from `mine`. `finer` means that whole intervals of `other` fill each interval of
 * `mine` exactly; `unrelated` means that some interval of the one straddles a border of the other.
 */
export function comparePeriods(mine: Period, other: Period): Relation {
  if (mine === other) return 'equal';
  const key = `${mine} ${other}`;
  const known = relations.get(key);
  if (known !== undefined) return known;
  const relation = relate(gridOf(mine), gridOf(other));
  relations.set(key, relation);
  return relation;
}

/** Why two periods are unrelated: an instant at which an interval of the longer begins and none of the shorter. */
export function strayBorder(
  a: Period,
  b: Period,
): { readonly instant: number; readonly begins: Period; readonly straddles: Period } | undefined {
  const [long, short] = meanLength(a) >= meanLength(b) ? [a, b] : [b, a];
  const instant = unmetBorder(gridOf(short), gridOf(long));
  return instant === undefined ? undefined : { instant, begins: long, straddles: short };
}

function meanLength(period: Period): number {
  const start = floorToPeriod(period, Date.UTC(2026, 0, 1));
  return addPeriods(period, start, 3) - start;
}

function gridOf(period: Period): Grid {
  const known = grids.get(period);
  if (known !== undefined) return known;
  const grid = parseGrid(period)?.grid;
  if (grid === undefined) throw new RangeError(`"${period}" is no period.`);
  grids.set(period, grid);
  return grid;
}
