import type { Column } from '../../pipeline/column.ts';
import { readTarget } from './catalog.ts';
import type { Warehouse } from './client.ts';
import type { TableName } from './names.ts';
import type { Watch } from './progress.ts';
import { readRows } from './query.ts';
import { columnsAfter, planTarget } from './target-plan.ts';

/** Other runs may create the same schema, table or column meanwhile; each of them can make one plan fail. */
const MAX_PLANS = 5;

/**
 * Creates or widens the target so that the incoming columns fit, and returns its columns. It runs before the transaction of
 * the run, which DDL would commit. All of it may be repeated. Throws StageFailure `data_error` for a retyped column.
 */
export async function prepareTarget(
  warehouse: Warehouse,
  dataset: string,
  target: TableName,
  incoming: readonly Column[],
  watch: Watch,
): Promise<readonly Column[]> {
  for (let plans = 1; ; plans++) {
    const state = await readTarget(warehouse, target, watch);
    const statements = planTarget(dataset, target, state, incoming);
    try {
      for (const statement of statements)
        await readRows(warehouse, statement, `prepare table ${target.schema}.${target.table}`, watch);
      return columnsAfter(state, incoming);
    } catch (error) {
      // What another run made meanwhile shows in the catalog.
      const again = await readTarget(warehouse, target, watch);
      if (JSON.stringify(again) === JSON.stringify(state) || plans >= MAX_PLANS) throw error;
    }
  }
}
