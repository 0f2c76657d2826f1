import type pg from 'pg';
import type { Column } from '../pipeline/column.ts';

/** The newest columns of every dataset of which a run saw some, in their order. */
export async function readDatasetColumns(
  db: pg.Pool | pg.PoolClient,
): Promise<ReadonlyMap<string, readonly Column[]>> {
  const found = await db.query<{ dataset: string; columns: readonly Column[] }>({
    name: 'dataset-columns',
    text: 'select distinct on (dataset) dataset, columns from reefline.dataset_schema order by dataset, version desc',
  });
  return new Map(found.rows.map(({ dataset, columns }) => [dataset, columns]));
}
