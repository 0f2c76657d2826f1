import type pg from 'pg';
import type { ExtractedLabel, SchemaVersion } from '../pipeline/sync-columns.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';

/** The labels from `first` until before `end` that a run of the stage has made or failed to make, sorted. */
export async function readRunLabels(
  db: pg.Pool,
  stage: string,
  first: Timelabel,
  end: Timelabel,
): Promise<readonly Timelabel[]> {
  const found = await db.query<{ timelabel: Timelabel }>({
    name: 'sync-run-labels',
    text: `select distinct timelabel from reefline.stage_run
            where stage = $1 and timelabel >= $2 and timelabel < $3 and status in ('SUCCESS', 'FAILURE')
            order by timelabel`,
    values: [stage, first, end],
  });
  return found.rows.map(({ timelabel }) => timelabel);
}

/** The newest successful run of each label of a stage, and when it began. */
export async function readExtractedLabels(db: pg.Pool, stage: string): Promise<readonly ExtractedLabel[]> {
  const found = await db.query<{ timelabel: Timelabel; revision: number; began: Date }>({
    name: 'sync-extracted-labels',
    text: `select distinct on (timelabel) timelabel, revision, coalesce(started_at, opened_at) as began
             from reefline.stage_run where stage = $1 and status = 'SUCCESS' order by timelabel, revision desc`,
    values: [stage],
  });
  return found.rows.map(({ began, ...run }) => ({ ...run, began: began.getTime() }));
}

/** The columns of a dataset as they changed, oldest first. */
export async function readSchemaVersions(db: pg.Pool, dataset: string): Promise<readonly SchemaVersion[]> {
  const found = await db.query<{ names: string[]; timelabel: string; revision: number; seen: Date }>({
    name: 'sync-schema-versions',
    text: `select array(select c->>'name' from jsonb_array_elements(columns) c) as names, timelabel, revision, seen_at as seen
             from reefline.dataset_schema where dataset = $1 order by version`,
    values: [dataset],
  });
  return found.rows.map(({ names, seen, ...version }) => ({
    ...version,
    columns: names,
    seenAt: seen.getTime(),
  }));
}
