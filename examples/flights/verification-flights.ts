import type pg from 'pg';
import { checksum } from './checksum.ts';
import { compareRows, type Row } from './row-differences.ts';

const FLIGHT = ['departure', 'delay', 'distance', 'origin', 'destination'];

interface HourRow {
  readonly hour: string;
  readonly count: string;
  readonly sum: string;
  readonly duplicates: string;
}

export interface HoursCompared {
  readonly hours: number;
  readonly emptyHours: number;
  readonly rows: number;
  readonly duplicates: number;
  readonly differences: readonly string[];
}

/** Counts and checksums of each hour and each day, and that no row lies under the label of another hour. */
export async function compareHours(
  source: pg.Client,
  warehouse: pg.Client,
  days: readonly string[],
): Promise<HoursCompared> {
  const differences: string[] = [];
  const calendar = await source.query<{ hour: string }>(
    `select to_char(day + make_interval(hours => hour), 'YYYY-MM-DD HH24:00') as hour
       from unnest($1::timestamp[]) day, generate_series(0, 23) hour order by 1`,
    [days],
  );
  const expected = await hoursIn(source, 'public.flights', days);
  const held = await hoursIn(warehouse, 'analytics.flights', null);
  const none: HourRow = { hour: '', count: '0', sum: '0', duplicates: '0' };
  const hours = new Set([...calendar.rows.map((row) => row.hour), ...held.keys()]);
  for (const hour of [...hours].sort()) {
    const [wanted, found] = [expected.get(hour) ?? none, held.get(hour) ?? none];
    if (wanted.count !== found.count || wanted.sum !== found.sum) {
      differences.push(
        `flights of ${hour}: the source has ${wanted.count} rows with checksum ${wanted.sum}, the warehouse ${found.count} with ${found.sum}`,
      );
    }
  }
  differences.push(...(await compareDays(source, warehouse, days)));
  const misplaced = await warehouse.query<{ count: string }>(
    `select count(*)::text as count from analytics.flights where to_char(departure, 'YYYYMMDDHH24') || '0000' is distinct from reefline_timelabel::text`,
  );
  if (misplaced.rows[0]?.count !== '0')
    differences.push(
      `${misplaced.rows[0]?.count ?? 'unknown'} flights lie in the warehouse under the label of another hour`,
    );
  const counts = [...expected.values()];
  return {
    hours: calendar.rows.length,
    emptyHours: calendar.rows.length - expected.size,
    rows: counts.reduce((sum, row) => sum + Number(row.count), 0),
    duplicates: counts.reduce((sum, row) => sum + Number(row.duplicates), 0),
    differences,
  };
}

/** `days` null: whatever hours the table holds, so that rows of other days are found as well. */
async function hoursIn(
  client: pg.Client,
  table: string,
  days: readonly string[] | null,
): Promise<ReadonlyMap<string, HourRow>> {
  const filter = days === null ? '' : 'where departure::date = any($1::date[])';
  const found = await client.query<HourRow>(
    `select to_char(departure, 'YYYY-MM-DD HH24:00') as hour, count(*)::text as count, ${checksum(FLIGHT)} as sum,
            (count(*) - count(distinct (${FLIGHT.join(', ')})))::text as duplicates
       from ${table} ${filter} group by 1`,
    days === null ? [] : [days],
  );
  return new Map(found.rows.map((row) => [row.hour, row]));
}

async function compareDays(
  source: pg.Client,
  warehouse: pg.Client,
  days: readonly string[],
): Promise<readonly string[]> {
  const query = (table: string): string =>
    `select departure::date::text as day, count(*)::text as count, ${checksum(FLIGHT)} as sum from ${table}
      where departure::date = any($1::date[]) group by 1`;
  const [expected, held] = await Promise.all([
    source.query<Row>(query('public.flights'), [days]),
    warehouse.query<Row>(query('analytics.flights'), [days]),
  ]);
  return compareRows('warehouse table analytics.flights by day', ['day'], expected.rows, held.rows);
}
