import { cpus, totalmem } from 'node:os';
import type pg from 'pg';
import type { EventQueue } from './event-queue.ts';
import type { Verified } from './verification.ts';

const DIFFERENCES_SHOWN = 20;

/** What was moved, per dataset: its labels and revisions, and the rows and bytes of every revision together. */
export async function movedLines(catalog: pg.Pool): Promise<readonly string[]> {
  const found = await catalog.query<{
    dataset: string;
    labels: number;
    revisions: number;
    rows: string;
    bytes: string | null;
  }>(
    `select dataset, count(distinct timelabel)::int as labels, count(*)::int as revisions,
            sum((body->>'rows')::bigint)::text as rows, sum((body->>'bytes')::bigint)::text as bytes
       from reefline.data_event where event_type = 'data' and status = 'SUCCESS' group by dataset
      order by array_position(array['lake', 'catalog', 'warehouse', 'serving'], split_part(dataset, '.', 1)), dataset`,
  );
  return table(
    ['dataset', 'labels', 'runs', 'rows', 'bytes'],
    found.rows.map((row) => [
      row.dataset,
      String(row.labels),
      String(row.revisions),
      number(row.rows),
      number(row.bytes),
    ]),
  );
}

/** From the moment an event is in the log to the first line of the stage that it started. */
export async function latencyLines(catalog: pg.Pool, burstEnd: Date): Promise<readonly string[]> {
  const found = await catalog.query<{ burst: boolean; runs: number; median: number; p99: number }>(
    `select r.started_at < $1 as burst, count(*)::int as runs,
            percentile_cont(0.5) within group (order by extract(epoch from r.started_at - e.received_at) * 1000) as median,
            percentile_cont(0.99) within group (order by extract(epoch from r.started_at - e.received_at) * 1000) as p99
       from reefline.verdict v
       join reefline.data_event e using (event_id)
       join reefline.stage_run r on r.stage = v.stage and r.timelabel = v.timelabel and v.event_id = any(r.caused_by)
      where v.verdict = 'started' and r.started_at is not null
      group by 1 order by 1`,
    [burstEnd],
  );
  const rows = found.rows.map((row) => [
    row.burst ? 'while all days ran at once, queueing included' : 'in the stories, one at a time',
    String(row.runs),
    `${row.median.toFixed(0)} ms`,
    `${row.p99.toFixed(0)} ms`,
  ]);
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    ...table(['event -> its dependent runs', 'runs', 'median', 'p99'], rows),
    `measured on ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}, ${memory} GB) that also run every server`,
  ];
}

export function queueLines(queue: EventQueue): readonly string[] {
  const counts = queue.counts().map(({ what, outcome, count }) => [what, outcome, String(count)]);
  return [
    ...table(['message', 'status', 'count'], counts),
    `${queue.size} events in the customers' queue, ${queue.duplicates} messages that repeat one of them`,
  ];
}

export function verificationLines(verified: Verified): readonly string[] {
  const { differences } = verified;
  const rest = differences.length - DIFFERENCES_SHOWN;
  return [
    ...differences.slice(0, DIFFERENCES_SHOWN).map((difference) => `  difference: ${difference}`),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
    `verified: ${verified.hours} hours, ${verified.days} days, ${number(String(verified.rows))} rows; ${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}`,
    `  ${verified.emptyHours} of the hours have no flight; ${verified.duplicates} rows are exact duplicates; ${number(String(verified.airports))} airports,`,
    `  ${number(String(verified.summaryRows))} rows of the daily summary in the warehouse and in the serving table, ${verified.hubRows} rows of hub delays`,
  ];
}

/** Columns of equal width; numbers to the right. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [heading, ...rows];
  const widths = heading.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) =>
        isNumber(rows[0]?.[at]) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [line(heading), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)];
}

function isNumber(cell: string | undefined): boolean {
  return cell !== undefined && /^[\d,]+( ms)?$/.test(cell);
}

function number(digits: string | null): string {
  return digits === null ? '' : digits.replace(/\B(?=(\d{3})+$)/g, ',');
}
