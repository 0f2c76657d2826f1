import type pg from 'pg';
import type { Column } from '../pipeline/column.ts';
import { schemaChanges, type ColumnDifference } from '../pipeline/schema-change.ts';

/** The columns of a dataset as they were from one run on, and how they differ from those before. */
export interface SchemaVersion {
  readonly version: number;
  readonly seenAt: Date;
  /** The run that saw them first. */
  readonly timelabel: string;
  readonly revision: number;
  readonly columns: readonly Column[];
  readonly changes: readonly ColumnDifference[];
}

/** The schema versions of a dataset, the newest first; empty when no run has seen its columns. */
export async function readSchemaHistory(
  db: pg.Pool | pg.PoolClient,
  dataset: string,
  limit: number,
): Promise<readonly SchemaVersion[]> {
  const found = await db.query<Omit<SchemaVersion, 'changes'> & { before: readonly Column[] | null }>({
    name: 'schema-history',
    text: `select version, seen_at as "seenAt", timelabel, revision, columns,
                  lag(columns) over (order by version) as before
             from reefline.dataset_schema where dataset = $1 order by version desc limit $2`,
    values: [dataset, limit],
  });
  return found.rows.map(({ before, ...version }) => ({
    ...version,
    changes: schemaChanges(before, version.columns),
  }));
}

/** The datasets of which a run has seen columns. */
export async function readDatasetsWithColumns(db: pg.Pool | pg.PoolClient): Promise<readonly string[]> {
  const found = await db.query<{ dataset: string }>({
    name: 'datasets-with-columns',
    text: 'select distinct dataset from reefline.dataset_schema order by dataset',
  });
  return found.rows.map(({ dataset }) => dataset);
}
