import type pg from 'pg';
import { readExtractedLabels, readRunLabels, readSchemaVersions } from '../catalog/sync-facts.ts';
import { StageFailure } from '../pipeline/failure.ts';
import type { Period } from '../pipeline/period.ts';
import { labelsWithout } from '../pipeline/sync-columns.ts';
import { ALL_TIME, labelOf, labelsBetween, sortedLabels, syncInterval } from '../pipeline/sync-labels.ts';
import type { ExtractStage } from '../pipeline/sync-loads.ts';
import { requireColumns, type SyncSource } from '../pipeline/sync-source.ts';
import { intervalOf, labelAt, type Interval, type Timelabel } from '../pipeline/timelabel.ts';
import { MAX_ITEMS } from './backfill-draft.ts';

/** What labels are found for, and where. */
export interface LabelSearch {
  readonly db: pg.Pool;
  readonly stage: ExtractStage;
  readonly source: SyncSource;
  /** Milliseconds since the Unix epoch: what is due is decided once, so that all parts of the search agree. */
  readonly now: number;
}

/** Every due label from the first to the last row of the source, and those that runs made before or after these. */
export async function labelsOfAll(search: LabelSearch): Promise<readonly Timelabel[]> {
  const { db, stage, source, now } = search;
  const due = syncInterval(stage, ALL_TIME, now);
  if (due === undefined) return [];
  // A snapshot holds the whole table, so its newest label does.
  if (stage.work.mode === 'snapshot') return [labelOf(stage.period, due.end - 1)];
  const extent = await source.extent(requireCursor(search), due);
  const ran = await readRunLabels(db, stage.id, labelAt(due.start), labelAt(due.end));
  const between = extent === undefined ? [] : labelsFrom(stage.period, source, extent);
  return sortedLabels([...between, ...ran]);
}

function labelsFrom(
  period: Period,
  { table }: SyncSource,
  { first, last }: { readonly first: number; readonly last: number },
): readonly Timelabel[] {
  const [oldest, newest] = [labelOf(period, first), labelOf(period, last)];
  const interval = { start: intervalOf(period, oldest).start, end: intervalOf(period, newest).end };
  const labels = labelsBetween(period, interval, MAX_ITEMS);
  if (labels !== undefined) return labels;
  throw new StageFailure(
    'invalid_config',
    `The rows of ${table} reach from ${oldest} to ${newest}, which is more than ${String(MAX_ITEMS)} labels of ${period} each. Look for rows with a wrong time, or sync one time window after the other.`,
    { facts: { table } },
  );
}

/** The due labels of a time that have rows at the source, or that a run made. */
export async function labelsOfWindow(
  search: LabelSearch,
  borders: { readonly from: string; readonly to: string },
): Promise<readonly Timelabel[]> {
  const { db, stage, now } = search;
  const interval = syncInterval(stage, borders, now);
  if (interval === undefined) return [];
  const counts = await countSourceRows(search, stage.period, interval);
  const ran = await readRunLabels(db, stage.id, labelAt(interval.start), labelAt(interval.end));
  return sortedLabels([...counts.keys(), ...ran]);
}

/** The labels of a period that have rows within a time at the source, with the number of all their rows. */
export async function countSourceRows(
  search: LabelSearch,
  period: Period,
  interval: Interval,
): Promise<ReadonlyMap<Timelabel, number>> {
  const { source } = search;
  const cursor = requireCursor(search);
  const extent = await source.extent(cursor, interval);
  if (extent === undefined) return new Map();
  const labels = labelsFrom(period, source, extent);
  const intervals = labels.map((label) => intervalOf(period, label));
  const counts = await source.countRows(
    cursor,
    intervals.map(({ start }) => start),
    intervals.at(-1)?.end ?? 0,
  );
  return new Map(labels.flatMap((label, at) => ((counts[at] ?? 0) > 0 ? [[label, counts[at] ?? 0]] : [])));
}

/** The labels whose newest extract ran before the source had the columns; each must be there now. */
export async function labelsOfColumns(
  search: LabelSearch,
  columns: readonly string[],
): Promise<readonly Timelabel[]> {
  const { db, stage, source, now } = search;
  const known = requireColumns(source, columns, 'the sync is to bring');
  const due = syncInterval(stage, ALL_TIME, now);
  if (due === undefined) return [];
  const extracted = await readExtractedLabels(db, stage.id);
  const lacking = labelsWithout(
    known.map(({ name }) => name),
    await readSchemaVersions(db, stage.output),
    extracted,
  );
  if (stage.work.mode !== 'snapshot') return sortedLabels(lacking);
  const newest = labelOf(stage.period, due.end - 1);
  const isThere = extracted.some(({ timelabel }) => timelabel === newest) && !lacking.includes(newest);
  return isThere ? [] : [newest];
}

export function requireCursor({ stage }: LabelSearch): string {
  const { cursor } = stage.work;
  if (cursor !== undefined) return cursor;
  throw new StageFailure('invalid_config', `${stage.id} has no cursor, so its rows have no time.`);
}
